import { describe, expect, it } from 'vitest';
import type { CommitStep } from '../../../functions/core/delivery/commit.ts';
import type { Delivery } from '../../../functions/core/delivery/delivery.ts';
import { deliverMessage } from '../../../functions/core/delivery/queue-message.ts';
import { type Health, healthOf } from '../../../functions/core/subscription/health.ts';
import type { Subscription } from '../../../functions/core/subscription/subscription.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  answered,
  HOUR,
  MINUTE,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
  subscriptionId,
} from '../../support/domain.ts';

const DAY = 24 * HOUR;

/** A subscription with so many events on their way to it. */
function setup(count: number, rest: Partial<Subscription> = {}) {
  const parts = deliverSetup();
  // The lane of receivers that are failing.
  parts.fromRetries = true;
  const { journal } = parts;
  journal.add(makeSubscription(rest));
  const messages = Array.from({ length: count }, (_, index) => {
    journal.add(makeEvent({ id: `e${index}` }));
    return makeMessage({ eventId: `e${index}` });
  });
  const health = () => journal.subscriptions.get(`acme ${subscriptionId()}`)?.health ?? null;
  const writes = () => journal.calls.filter((call) => call === 'saveHealth').length;
  const delivery = (index = 0): Delivery | undefined => journal.delivery(makeDelivery({ eventId: `e${index}` }));
  return { ...parts, parts, messages, health, writes, delivery };
}

const sick = (breaker: Health['breaker'], failing: Health['failing'] = null): Partial<Subscription> => ({
  health: { ...healthOf(makeSubscription()), revision: 7, breaker, failing },
});
const open = (nextProbeAt: number) =>
  ({ state: 'open', openedAt: NOW - MINUTE, pauseMs: MINUTE, nextProbeAt, probe: null }) as const;
const failingSince = (since: number, warnings: number, warnedAt: number | null = null) => ({
  since,
  failures: 20,
  lastFailure: { outcome: 'timeout', status: null, message: 'No answer.', at: NOW - MINUTE } as const,
  warnings,
  warnedAt,
});
const CLOSED = { state: 'closed', unavailable: 0, recovery: null } as const;

describe('the health of a subscription', () => {
  it('costs a healthy one nothing', async () => {
    const { parts, messages, journal, health } = setup(10);
    await parts.deliver(...messages);
    expect(journal.calls).toEqual(['loadForMessages', 'putSucceededDeliveries']);
    expect(health()).toBeNull();
  });

  it('is written once for a batch of failures, after the journal', async () => {
    const { parts, messages, health, journal } = setup(9);
    parts.receive = () => answered(500);
    await parts.deliver(...messages);
    expect(journal.calls.slice(1)).toEqual([...Array(9).fill('saveDelivery'), 'saveHealth']);
    expect(health()).toMatchObject({
      revision: 1,
      failing: { failures: 9, since: NOW + 100, lastFailure: { status: 500, message: 'The receiver answered 500.' } },
      breaker: { state: 'closed', unavailable: 9 },
    });
  });

  it('is not written where a batch ends as it began', async () => {
    const { parts, messages, writes } = setup(2);
    let calls = 0;
    parts.receive = () => {
      calls += 1;
      return { ...answered(calls === 1 ? 500 : 200), durationMs: calls };
    };
    await parts.deliver(...messages);
    expect(writes()).toBe(0);
  });

  it('is written when it recovers, and then no more', async () => {
    const { parts, messages, writes, health } = setup(3, sick(CLOSED, failingSince(NOW - HOUR, 0)));
    await parts.deliver(messages[0] ?? makeMessage());
    expect(health()).toMatchObject({ failing: null, revision: 8 });
    await parts.deliver(messages[1] ?? makeMessage(), messages[2] ?? makeMessage());
    expect(writes()).toBe(1);
  });

  it('takes into account what another worker wrote meanwhile', async () => {
    const { parts, messages, health, journal } = setup(1, sick(CLOSED, failingSince(NOW - HOUR, 0)));
    parts.receive = () => answered(500);
    let isFirst = true;
    journal.before = (operation) => {
      if (operation !== 'saveHealth' || !isFirst) return;
      isFirst = false;
      journal.add(makeSubscription(sick({ ...CLOSED, unavailable: 5 }, failingSince(NOW - HOUR, 0))));
      const [subscription = makeSubscription()] = journal.subscriptions.values();
      if (subscription.health !== null)
        journal.add({ ...subscription, health: { ...subscription.health, revision: 8 } });
    };
    await parts.deliver(...messages);
    expect(health()).toMatchObject({ revision: 9, failing: { failures: 21 }, breaker: { unavailable: 6 } });
  });

  it('is not written of a subscription that was moved or resumed meanwhile, nor of one that refused', async () => {
    const { parts, messages, health, journal } = setup(2);
    parts.receive = () => {
      journal.add(makeSubscription({ generation: 1 }));
      return answered(500);
    };
    await parts.deliver(messages[0] ?? makeMessage());
    expect(health()).toBeNull();
    parts.receive = () => answered(410);
    await parts.deliver(messages[1] ?? makeMessage());
    expect(health()).toBeNull();
  });

  it('that cannot be written holds up nothing', async () => {
    const { parts, messages, journal, queued, reports } = setup(1);
    parts.receive = () => answered(500);
    journal.before = (operation) => {
      if (operation === 'saveHealth') throw new Error('throttled');
    };
    expect(await parts.deliver(...messages)).toEqual([{ kind: 'ack' }]);
    expect(queued).toHaveLength(1);
    expect(reports.map(({ kind }) => kind)).toEqual(['recorded', 'error']);
  });

  it('comes between the journal and the effects', async () => {
    const { parts, messages } = setup(1, sick(CLOSED, failingSince(NOW - 6 * DAY, 2, NOW - 3 * DAY)));
    parts.receive = () => answered(500);
    const steps: CommitStep[] = [];
    parts.reached = (step) => {
      steps.push(step);
    };
    await parts.deliver(...messages);
    expect(steps.slice(0, 5)).toEqual(['recorded', 'health_written', 'effects_done', 'effects_cleared', 'queued']);
  });
});

describe('an open breaker', () => {
  it('holds what comes: on record, without an attempt, and not in a queue', async () => {
    const { parts, messages, requests, queued, delivery, writes } = setup(3, sick(open(NOW + MINUTE)));
    const ack = { kind: 'ack' };
    expect(await parts.deliver(...messages)).toEqual([ack, ack, ack]);
    expect(requests).toEqual([]);
    expect(queued).toEqual([]);
    expect(writes()).toBe(0);
    expect(delivery()).toMatchObject({
      status: 'pending',
      statusReason: { code: 'breaker_open' },
      nextAttemptAt: null,
      attempts: [],
    });
    expect(delivery()?.dueAt).toBeGreaterThan(NOW + MINUTE);
  });

  it('lets one of a batch through when its pause is over', async () => {
    const { parts, messages, requests, health, delivery, reports, writes } = setup(10, sick(open(NOW)));
    parts.receive = () => answered(503);
    await parts.deliver(...messages);
    expect(requests).toHaveLength(1);
    // The lease and the verdict.
    expect(writes()).toBe(2);
    expect(health()?.breaker).toMatchObject({
      state: 'open',
      pauseMs: 2 * MINUTE,
      nextProbeAt: NOW + 100 + 2 * MINUTE,
    });
    // The probe is an attempt like any other.
    expect(delivery(0)).toMatchObject({ attempts: [{ number: 1 }], nextAttemptAt: NOW + 100 + 5 * SECOND });
    expect(delivery(9)).toMatchObject({ attempts: [], nextAttemptAt: null });
    expect(reports.filter(({ kind }) => kind === 'breaker')).toEqual([]);
  });

  it('lets one of several workers through', async () => {
    const { parts, messages, requests, delivery } = setup(2, sick(open(NOW)));
    parts.receive = async () => {
      await Promise.resolve();
      return answered(503);
    };
    await Promise.all(messages.map((message) => parts.deliver(message)));
    expect(requests).toHaveLength(1);
    expect([delivery(0)?.attempts.length, delivery(1)?.attempts.length].toSorted()).toEqual([0, 1]);
  });

  it('lets another through when the probe was never recorded', async () => {
    const { parts, messages, requests } = setup(2, sick(open(NOW)));
    parts.receive = () => new Promise(() => {});
    void parts.deliver(messages[0] ?? makeMessage());
    await expect.poll(() => requests.length).toBe(1);
    parts.receive = () => answered(200);
    await parts.deliver(messages[1] ?? makeMessage());
    expect(requests).toHaveLength(1);
    parts.now = NOW + 46 * SECOND;
    await parts.deliver(messages[1] ?? makeMessage());
    expect(requests).toHaveLength(2);
  });

  it('closes when the probe succeeds, and wakes what waits', async () => {
    const { parts, messages, health, queued, reports, journal } = setup(
      3,
      sick(open(NOW), failingSince(NOW - HOUR, 0)),
    );
    await parts.deliver(...messages);
    expect(health()).toMatchObject({ failing: null, breaker: { state: 'closed', recovery: { since: NOW + 100 } } });
    expect(queued).toMatchObject([{ message: { kind: 'settle_parked', subscriptionId: subscriptionId() } }]);
    expect(reports.filter(({ kind }) => kind === 'breaker')).toMatchObject([{ state: 'closed' }]);
    const rest = [...journal.deliveries.values()].filter(({ status }) => status === 'pending');
    expect(rest).toHaveLength(2);
    await parts.deliver(...rest.map((one) => ({ message: deliverMessage(one), fromRetries: true })));
    expect([...journal.deliveries.values()].map(({ status }) => status)).toEqual(Array(3).fill('succeeded'));
  });

  it('is not there for a vendor’s profile', async () => {
    const { parts, messages, requests, health } = setup(25, { profile: 'keypay' });
    journalKey(parts);
    parts.receive = () => answered(500);
    for (const message of messages) await parts.deliver(message);
    expect(requests).toHaveLength(25);
    expect(health()).toMatchObject({ failing: { failures: 25 }, breaker: CLOSED });
  });
});

function journalKey({ journal }: ReturnType<typeof deliverSetup>): void {
  journal.tenantKeys.set('acme', 'sealed');
}

describe('a subscription that has failed for long', () => {
  it('is disabled, with the reason in words', async () => {
    const { parts, messages, journal } = setup(2, sick(CLOSED, failingSince(NOW - 6 * DAY, 2, NOW - 3 * DAY)));
    parts.receive = () => answered(404);
    await parts.deliver(...messages);
    expect([...journal.subscriptions.values()]).toMatchObject([
      {
        status: 'disabled',
        statusReason: {
          code: 'receiver_failing',
          message: `No delivery has succeeded since ${new Date(NOW - 6 * DAY).toISOString()}; 21 attempts in a row failed. The last one: The receiver answered 404.`,
        },
      },
    ]);
    expect(journal.calls.filter((call) => call === 'disableSubscription')).toHaveLength(1);
  });

  it.each([
    ['it was not warned', failingSince(NOW - 6 * DAY, 1, NOW - HOUR)],
    ['the second warning is too fresh', failingSince(NOW - 6 * DAY, 2, NOW - DAY)],
  ])('is not disabled while %s', async (_, failing) => {
    const { parts, messages, journal } = setup(1, sick(CLOSED, failing));
    parts.receive = () => answered(500);
    await parts.deliver(...messages);
    expect([...journal.subscriptions.values()]).toMatchObject([{ status: 'active' }]);
  });

  it('is disabled though the crash comes after the journal', async () => {
    const { parts, messages, journal, delivery } = setup(
      1,
      sick(CLOSED, failingSince(NOW - 6 * DAY, 2, NOW - 3 * DAY)),
    );
    parts.receive = () => answered(500);
    parts.reached = (step) => {
      if (step === 'recorded') throw new Error('crashed');
    };
    await expect(parts.deliver(...messages)).rejects.toThrow('crashed');
    expect([...journal.subscriptions.values()]).toMatchObject([{ status: 'active' }]);
    parts.reached = () => {};
    const owing = delivery() ?? makeDelivery();
    await parts.deliver({ message: deliverMessage(owing), fromRetries: true });
    expect([...journal.subscriptions.values()]).toMatchObject([{ status: 'disabled' }]);
    expect(delivery()).toMatchObject({ effects: [] });
  });

  it('stays active, and is not told of, when a delivery succeeds before it could be disabled', async () => {
    const { parts, messages, journal, delivery, health } = setup(
      2,
      sick(CLOSED, failingSince(NOW - 6 * DAY, 2, NOW - 3 * DAY)),
    );
    const [first = makeMessage(), second = makeMessage()] = messages;
    parts.receive = () => answered(500);
    parts.reached = (step) => {
      if (step === 'health_written') throw new Error('crashed');
    };
    await expect(parts.deliver(first)).rejects.toThrow('crashed');
    parts.reached = () => {};
    parts.receive = () => answered(200);
    await parts.deliver(second);
    expect(health()?.failing).toBeNull();
    await parts.deliver({ message: deliverMessage(delivery() ?? makeDelivery()), fromRetries: true });
    expect([...journal.subscriptions.values()]).toMatchObject([{ status: 'active' }]);
    expect(delivery()).toMatchObject({ effects: [] });
    const told = [...journal.events.values()].filter(({ tenantId }) => tenantId === 'posthorn');
    expect(told.map(({ type }) => type)).toEqual(['posthorn.subscription.recovered']);
  });
});

describe('what is told of the health of a subscription', () => {
  const events = ({ journal }: ReturnType<typeof setup>) =>
    [...journal.events.values()]
      .filter(({ tenantId }) => tenantId === 'posthorn')
      .map(({ type, data }) => ({ type, data: JSON.parse(data ?? '') }));
  const about = { tenantId: 'acme', subscriptionId: subscriptionId(), url: 'https://receiver.example/hooks' };
  const iso = (at: number) => new Date(at).toISOString();

  it('is that it has failed for a day, once for all workers', async () => {
    const whole = setup(3, sick(CLOSED, failingSince(NOW - DAY, 0)));
    whole.parts.receive = () => answered(500);
    const [first = makeMessage(), ...others] = whole.messages;
    await Promise.all([whole.parts.deliver(first), whole.parts.deliver(...others)]);
    expect(events(whole)).toEqual([
      {
        type: 'posthorn.subscription.failing',
        data: {
          ...about,
          since: iso(NOW - DAY),
          failures: 21,
          lastFailure: {
            outcome: 'http_error',
            status: 500,
            message: 'The receiver answered 500.',
            at: iso(NOW + 100),
          },
          disablesAt: iso(NOW + 4 * DAY + 100),
        },
      },
    ]);
    expect(whole.health()?.failing).toMatchObject({ failures: 23, warnings: 1 });
  });

  it('is that it has recovered, if it was warned of', async () => {
    const whole = setup(1, sick(CLOSED, failingSince(NOW - 2 * DAY, 1, NOW - DAY)));
    await whole.parts.deliver(...whole.messages);
    expect(events(whole)).toEqual([
      { type: 'posthorn.subscription.recovered', data: { ...about, failedSince: iso(NOW - 2 * DAY) } },
    ]);
    expect(whole.delivery()).toMatchObject({ status: 'succeeded', effects: [], dueAt: null });
    const quiet = setup(1, sick(CLOSED, failingSince(NOW - HOUR, 0)));
    await quiet.parts.deliver(...quiet.messages);
    expect(events(quiet)).toEqual([]);
  });

  it('is that it was disabled', async () => {
    const whole = setup(1, sick(CLOSED, failingSince(NOW - 6 * DAY, 2, NOW - 3 * DAY)));
    whole.parts.receive = () => answered(500);
    await whole.parts.deliver(...whole.messages);
    expect(events(whole)).toMatchObject([
      { type: 'posthorn.subscription.disabled', data: { ...about, reason: { code: 'receiver_failing' } } },
    ]);
  });

  it('is left to the next attempt where another worker’s write shows only now that it is due', async () => {
    const whole = setup(2, sick(CLOSED, failingSince(NOW - HOUR, 0)));
    const { journal, parts, messages } = whole;
    parts.receive = () => answered(500);
    const late = sick(CLOSED, failingSince(NOW - DAY, 0)).health ?? null;
    journal.before = (operation) => {
      if (operation === 'saveHealth' && late !== null)
        journal.add(makeSubscription({ health: { ...late, revision: 8 } }));
    };
    await parts.deliver(messages[0] ?? makeMessage());
    expect(events(whole)).toEqual([]);
    expect(whole.health()).toMatchObject({ revision: 8, failing: { warnings: 0 } });
    journal.before = () => {};
    await parts.deliver(messages[1] ?? makeMessage());
    expect(events(whole)).toHaveLength(1);
    expect(whole.health()).toMatchObject({ revision: 9, failing: { warnings: 1 } });
  });

  it('is not lost when the health could not be written, nor told before it is on record', async () => {
    const whole = setup(2, sick(CLOSED, failingSince(NOW - DAY, 0)));
    whole.parts.receive = () => answered(500);
    whole.journal.before = (operation) => {
      if (operation === 'saveDelivery' || operation === 'saveHealth') throw new Error('throttled');
    };
    await whole.parts.deliver(whole.messages[0] ?? makeMessage());
    expect(events(whole)).toEqual([]);
    expect(whole.health()?.failing).toMatchObject({ warnings: 0 });
    whole.journal.before = (operation) => {
      if (operation === 'saveHealth') throw new Error('throttled');
    };
    await whole.parts.deliver(whole.messages[0] ?? makeMessage());
    whole.journal.before = () => {};
    await whole.parts.deliver(whole.messages[1] ?? makeMessage());
    // Told twice, it is one event.
    expect(events(whole)).toHaveLength(1);
    expect(whole.health()?.failing).toMatchObject({ warnings: 1 });
  });
});

describe('a slow receiver', () => {
  function slowly(rest: Partial<Subscription> = {}) {
    const whole = setup(3, rest);
    let answer = (): void => {};
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    whole.parts.receive = async () => {
      await answering;
      return answered(200);
    };
    let lose = (): void => {};
    whole.parts.patience = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const work = whole.parts.deliver(...whole.messages);
    const wait = async (ms: number) => {
      await expect.poll(() => whole.requests.length).toBe(3);
      whole.parts.now += ms;
      lose();
      await new Promise((resolve) => setImmediate(resolve));
      const before = whole.health();
      answer();
      await work;
      return before;
    };
    return { ...whole, wait };
  }

  it('is marked once a batch, long before it times out', async () => {
    const { wait, writes, health } = slowly();
    expect(await wait(SECOND)).toMatchObject({ slowUntil: NOW + SECOND + 10 * MINUTE, failing: null });
    expect(writes()).toBe(1);
    expect(health()).toMatchObject({ revision: 1 });
  });

  it('is not marked before it is slow, nor again soon after', async () => {
    const quick = slowly();
    expect(await quick.wait(100)).toBeNull();
    const slowUntil = NOW + 9 * MINUTE;
    const marked = slowly({ health: { ...healthOf(makeSubscription()), revision: 7, slowUntil } });
    expect(await marked.wait(SECOND)).toMatchObject({ slowUntil, revision: 7 });
    expect(marked.writes()).toBe(0);
  });

  it('is not told from one whose answer a busy process has not read', async () => {
    const { parts, wait, writes } = slowly();
    parts.hasCaughtUp = false;
    expect(await wait(SECOND)).toBeNull();
    expect(writes()).toBe(0);
  });
});
