import { describe, expect, it } from 'vitest';
import type { CommitStep } from '../../../functions/core/delivery/commit.ts';
import { sweepDue, wakeDeliveries } from '../../../functions/core/delivery/sweep.ts';
import { SWEEP_LOOK_AHEAD_MS } from '../../../functions/core/delivery/wake.ts';
import { deliveryId } from '../../../functions/core/ids.ts';
import { PartialFailure } from '../../../functions/core/partial-failure.ts';
import { tellCounted } from '../../../functions/core/system-event/counted.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  answered,
  HOUR,
  MINUTE,
  makeAttempt,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  subscriptionId,
} from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

const ACK = { kind: 'ack' };
const pending = makeDelivery({ revision: 1, nextAttemptAt: NOW, dueAt: NOW + HOUR, attempts: [makeAttempt()] });
const own = (setup: ReturnType<typeof deliverSetup>) => setup.journal.subscriptions.get(`acme ${subscriptionId()}`);
const stored = (setup: ReturnType<typeof deliverSetup>) => setup.journal.delivery(pending);

/** The system events on record, of those whose message was sent. */
function told({ journal, published }: ReturnType<typeof deliverSetup>) {
  const ids = new Set(published.map((body) => String(JSON.parse(body).id)));
  return [...ids].flatMap((id) => {
    const { type, data } = journal.events.get(`posthorn ${id}`) ?? {};
    return [{ type, data: JSON.parse(data ?? 'null') }];
  });
}
const DISABLED = {
  type: 'posthorn.subscription.disabled',
  data: {
    tenantId: 'acme',
    subscriptionId: subscriptionId(),
    url: 'https://receiver.example/hooks',
    reason: { code: 'receiver_gone', message: expect.stringContaining('410') },
    since: new Date(NOW + 100).toISOString(),
  },
};

/** Time passes until the delivery is due, and `sweep`'s message arrives. */
async function wake(setup: ReturnType<typeof deliverSetup>): Promise<void> {
  setup.now = Math.max(setup.now, stored(setup)?.dueAt ?? 0);
  await setup.deliver({ fromRetries: true });
}

describe('410 deactivates the subscription', () => {
  it.each(['disableSubscription', 'createEvent', 'saveDelivery'] as const)(
    'though %s fails at first',
    async (faulty) => {
      const setup = deliverSetup();
      setup.receive = () => answered(410);
      let calls = 0;
      setup.journal.before = (operation) => {
        // The journal has the attempt; what follows it fails.
        if (operation === faulty && calls++ === (faulty === 'saveDelivery' ? 1 : 0)) throw new Error('throttled');
      };
      expect(await setup.deliver(makeMessage())).toEqual([ACK]);
      expect(stored(setup)?.effects).toHaveLength(1);
      expect(stored(setup)?.dueAt).toBeLessThanOrEqual(NOW + 2 * MINUTE);
      await wake(setup);
      expect(own(setup)?.status).toBe('disabled');
      expect(stored(setup)).toMatchObject({ status: 'failed', effects: [], dueAt: null });
      expect(setup.requests).toHaveLength(1);
      expect(told(setup)).toEqual([DISABLED]);
    },
  );

  it('though it answers a success that is sent once more', async () => {
    const setup = deliverSetup();
    setup.journal.store({ ...pending, status: 'succeeded', completedAt: NOW, requested: 'manual' });
    setup.receive = () => answered(410);
    await setup.deliver({ fromRetries: true });
    expect(own(setup)?.status).toBe('disabled');
    expect(stored(setup)).toMatchObject({ status: 'succeeded', effects: [], dueAt: null });
  });

  it.each([
    ['moved', { url: 'https://other.example/', generation: 1 }],
    ['resumed', { generation: 1 }],
  ])('but not one that was %s while the attempt was under way', async (_, change) => {
    for (const deactivation of ['disable', 'remove']) {
      const setup = deliverSetup();
      setup.profiles.set('standard', makeProfile({ responses: { deactivate: ['410'], deactivation } }));
      setup.receive = () => {
        setup.journal.add(makeSubscription(change));
        return answered(410);
      };
      await setup.deliver(makeMessage());
      expect(own(setup)?.status).toBe('active');
      expect(stored(setup)).toMatchObject({ status: 'failed', effects: [], dueAt: null });
      expect(setup.reports.map(({ kind }) => kind)).toEqual(['recorded']);
      expect(setup.published).toEqual([]);
    }
  });

  it('and one that is removed has its waiting deliveries settled, or they wake when they are due', async () => {
    const setup = deliverSetup();
    setup.profiles.set('standard', makeProfile({ responses: { deactivate: ['410'], deactivation: 'remove' } }));
    setup.receive = () => answered(410);
    setup.send = async () => {
      throw new Error('the queue is away');
    };
    await setup.deliver(makeMessage());
    expect(own(setup)).toBeUndefined();
    expect(stored(setup)?.effects).toHaveLength(1);
    setup.send = async (messages) => void setup.queued.push(...messages);
    await wake(setup);
    expect(setup.queued).toMatchObject([{ message: { kind: 'settle_parked' } }]);
    expect(stored(setup)).toMatchObject({ effects: [], dueAt: null });
    expect(told(setup)).toEqual([DISABLED]);
  });

  it.each(['is refused', 'has its effect, and its answer is lost'])(
    'and the company is told once, though the message %s',
    async (fault) => {
      const setup = deliverSetup();
      setup.receive = () => answered(410);
      const { publish } = setup;
      setup.publish = async (messages) => {
        if (fault !== 'is refused') await publish(messages);
        throw new Error('the queue is away');
      };
      await setup.deliver(makeMessage());
      expect(stored(setup)?.effects).toHaveLength(1);
      setup.publish = publish;
      await wake(setup);
      expect(stored(setup)).toMatchObject({ effects: [], dueAt: null });
      expect(told(setup)).toEqual([DISABLED]);
    },
  );

  it('and the company is told once of several that answer so', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeEvent({ id: 'evt_2' }));
    setup.receive = () => answered(410);
    await setup.deliver(makeMessage(), makeMessage({ eventId: 'evt_2' }));
    expect(own(setup)?.status).toBe('disabled');
    expect(told(setup)).toEqual([DISABLED]);
  });

  it('and of a pause that came first the company is told nothing', async () => {
    const setup = deliverSetup();
    setup.receive = () => {
      setup.journal.add(makeSubscription({ status: 'paused' }));
      return answered(410);
    };
    await setup.deliver(makeMessage());
    expect(own(setup)?.status).toBe('paused');
    expect(setup.published).toEqual([]);
  });

  it('and of a subscription to system events the company is told nothing', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ tenantId: 'posthorn' }), makeEvent({ tenantId: 'posthorn' }));
    setup.receive = () => answered(410);
    await setup.deliver(makeMessage({ tenantId: 'posthorn' }));
    expect(setup.journal.subscriptions.get(`posthorn ${subscriptionId()}`)?.status).toBe('disabled');
    expect(stored(setup)).toMatchObject({ status: 'failed', effects: [] });
    expect(setup.published).toEqual([]);
  });
});

describe('a delivery that fails for good', () => {
  const profile = makeProfile({ name: 'standard', retry: { gapsSeconds: [], jitter: 0 } });
  const fails = (setup: ReturnType<typeof deliverSetup>) => {
    setup.profiles.set('standard', profile);
    setup.receive = () => answered(500);
    setup.fromRetries = true;
    return setup;
  };
  /** Time passes until the window is over, and the messages that tell of it arrive. */
  async function tell(setup: ReturnType<typeof deliverSetup>): Promise<void> {
    for (const { message, delaySeconds } of setup.queued.splice(0)) {
      setup.now += delaySeconds * 1_000;
      if (message.kind === 'tell_counted') await tellCounted(setup.systemEvents, message);
    }
  }
  const exhausted = (count: number) => ({
    type: 'posthorn.delivery.exhausted',
    data: {
      tenantId: 'acme',
      subscriptionId: subscriptionId(),
      url: 'https://receiver.example/hooks',
      deliveryId: deliveryId(makeDelivery()),
      eventId: 'evt_1',
      eventType: 'employee.created',
      attempts: 1,
      lastFailure: {
        outcome: 'http_error',
        status: 500,
        message: expect.stringContaining('500'),
        at: new Date(NOW + 100).toISOString(),
      },
      count,
    },
  });

  it('is told of', async () => {
    const setup = fails(deliverSetup());
    await setup.deliver(makeMessage());
    expect(stored(setup)).toMatchObject({ status: 'failed', effects: [], dueAt: null });
    expect(told(setup)).toEqual([]);
    await tell(setup);
    expect(told(setup)).toEqual([exhausted(1)]);
  });

  it('is told of with the others of its minute and subscription, as one event', async () => {
    const setup = fails(deliverSetup());
    const ids = Array.from({ length: 30 }, (_, index) => `evt_${index + 1}`);
    setup.journal.add(...ids.map((id) => makeEvent({ id })));
    for (const eventId of ids) await setup.deliver(makeMessage({ eventId }));
    expect(setup.queued).toHaveLength(1);
    await tell(setup);
    expect(told(setup)).toEqual([exhausted(30)]);
    // What comes in the next minute is another event.
    setup.journal.add(makeEvent({ id: 'evt_31' }));
    await setup.deliver(makeMessage({ eventId: 'evt_31' }));
    await tell(setup);
    expect(told(setup)).toMatchObject([exhausted(30), { data: { eventId: 'evt_31', count: 1 } }]);
  });

  it('is counted once, though a sweep that looks ahead comes between the journal and the count', async () => {
    const setup = fails(deliverSetup());
    setup.reached = async (step) => {
      if (step !== 'recorded') return;
      await sweepDue({
        store: setup.journal,
        wake: wakeDeliveries(setup),
        now: () => setup.now + 100,
        hasTime: () => true,
      });
    };
    await setup.deliver(makeMessage());
    const woken = setup.queued.flatMap(({ message }) => (message.kind === 'deliver' ? [message] : []));
    setup.reached = () => {};
    await setup.deliver(...woken);
    await tell(setup);
    expect(told(setup)).toEqual([exhausted(1)]);
    expect(stored(setup)).toMatchObject({ effects: [], dueAt: null });
  });

  it.each<[string, string]>([
    ['the count', 'addToWindow'],
    ['the message', 'send'],
  ])('is told of once, though %s fails at first, with and without its effect', async (_, faulty) => {
    for (const hasEffect of [true, false]) {
      const setup = fails(deliverSetup());
      const [add, send] = [setup.counts.addToWindow.bind(setup.counts), setup.send];
      const fail = async <T>(act: () => Promise<T>): Promise<T> => {
        if (hasEffect) await act();
        throw new Error('away');
      };
      if (faulty === 'send') setup.send = (messages) => fail(() => send(messages));
      else setup.counts.addToWindow = (...args) => fail(() => add(...args));
      await setup.deliver(makeMessage());
      expect(stored(setup)).toMatchObject({ status: 'failed', effects: [{ kind: 'emit_system_event' }] });
      setup.send = send;
      setup.counts.addToWindow = add;
      await wake(setup);
      await tell(setup);
      expect(stored(setup)).toMatchObject({ effects: [], dueAt: null });
      const [one, ...others] = told(setup);
      expect(others).toEqual([]);
      // What was counted, and could not be known to be, is counted again.
      expect(one).toEqual(exhausted(one?.data.count));
      expect(one?.data.count).toBe(hasEffect || faulty === 'send' ? 2 : 1);
    }
  });

  it('is told of once, though the message that tells of it comes twice or is interrupted', async () => {
    const setup = fails(deliverSetup());
    await setup.deliver(makeMessage());
    const [message] = setup.queued;
    const { publish } = setup;
    setup.publish = async () => {
      throw new Error('away');
    };
    await expect(tell(setup)).rejects.toThrow('away');
    setup.publish = publish;
    setup.queued.push(...(message === undefined ? [] : [message, message]));
    await tell(setup);
    expect(told(setup)).toEqual([exhausted(1)]);
  });

  it('by the clock of an invocation that is late belongs to the next window, if its own has been told', async () => {
    const setup = fails(deliverSetup());
    setup.journal.add(makeEvent({ id: 'evt_2' }));
    await setup.deliver(makeMessage());
    await tell(setup);
    setup.now = NOW;
    await setup.deliver(makeMessage({ eventId: 'evt_2' }));
    expect(setup.queued).toMatchObject([{ delaySeconds: 120 }]);
    await tell(setup);
    expect(told(setup)).toMatchObject([exhausted(1), { data: { eventId: 'evt_2', count: 1 } }]);
  });

  it.each<[string, Partial<Parameters<typeof makeDelivery>[0]>]>([
    ['after its deadline', { attempts: [makeAttempt({ startedAt: NOW - 100 * HOUR })] }],
    [
      'because its attempts were interrupted',
      { attempts: Array.from({ length: 10 }, (_, at) => makeAttempt({ number: at + 1, outcome: 'interrupted' })) },
    ],
  ])('%s, without another attempt, is told of', async (_, rest) => {
    const setup = fails(deliverSetup());
    setup.profiles.set('standard', makeProfile({ retry: { gapsSeconds: [1], deadlineSeconds: 60, jitter: 0 } }));
    setup.journal.store({ ...pending, ...rest });
    await setup.deliver({ fromRetries: true });
    expect(setup.requests).toEqual([]);
    await tell(setup);
    expect(told(setup)).toMatchObject([{ type: 'posthorn.delivery.exhausted', data: { count: 1 } }]);
  });

  it('because its receiver is gone, or as a test, is not told of as exhausted', async () => {
    for (const [status, trigger] of [
      [410, 'automatic'],
      [500, 'test'],
    ] as const) {
      const setup = deliverSetup();
      setup.receive = () => answered(status);
      await setup.deliver(makeMessage({ trigger }));
      expect(stored(setup)).toMatchObject({ status: 'failed', effects: [] });
      expect(setup.queued).toEqual([]);
      expect(told(setup)).toEqual(status === 410 ? [DISABLED] : []);
    }
  });
});

describe('a crash', () => {
  const profile = makeProfile({
    name: 'standard',
    retry: { gapsSeconds: [5, 5, 5], jitter: 0 },
    responses: { deactivate: ['410'], deactivation: 'disable' },
  });

  it.each<[CommitStep, number]>([
    ['recorded', 500],
    ['recorded', 410],
    ['effects_done', 410],
    ['effects_cleared', 410],
    ['queued', 500],
  ])('after %s loses nothing and repeats no attempt (%i)', async (step, status) => {
    for (const first of [true, false]) {
      const setup = deliverSetup();
      setup.profiles.set('standard', profile);
      if (!first) setup.journal.store(pending);
      setup.receive = () => answered(status);
      setup.reached = (reached) => {
        if (reached === step) throw new Error('crashed');
      };
      await setup.deliver({ fromRetries: !first }).catch(() => {});
      expect(setup.requests).toHaveLength(1);
      setup.reached = () => {};
      setup.receive = () => answered(200);
      for (let rounds = 0; rounds < 3 && stored(setup)?.dueAt !== null; rounds += 1) await wake(setup);
      expect(stored(setup)).toMatchObject({ dueAt: null, effects: [], claim: null });
      expect(stored(setup)?.status).toBe(status === 410 ? 'failed' : 'succeeded');
      expect(setup.requests).toHaveLength(status === 410 ? 1 : 2);
      expect(own(setup)?.status).toBe(status === 410 ? 'disabled' : 'active');
      expect(told(setup)).toEqual(status === 410 ? [DISABLED] : []);
    }
  });
});

describe('an attempt that could not be sent for a fault of ours', () => {
  it('is not on record as interrupted, however often, and is made once the fault is over', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    setup.journal.add(makeSubscription({ profile: 'standard', credentials: 'sealed' }));
    setup.open = () => Promise.reject(new Error('KMS is away'));
    for (let times = 0; times < 12; times += 1) {
      expect(await setup.deliver({ fromRetries: true })).toEqual([{ kind: 'fail' }]);
      expect(stored(setup)).toMatchObject({ status: 'pending', claim: null, attempts: pending.attempts });
      expect(stored(setup)?.dueAt).toBeGreaterThan(setup.now);
      setup.now += 3 * MINUTE;
    }
    expect(setup.requests).toEqual([]);
    setup.open = async (sealed) => sealed;
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(stored(setup)).toMatchObject({ status: 'succeeded', attempts: [{ number: 1 }, { number: 2 }] });
  });
});

describe('an attempt that was made', () => {
  it('goes on record, though request after request by hand is written in between', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    let requests = 0;
    setup.journal.before = (operation) => {
      const current = stored(setup);
      if (operation !== 'saveDelivery' || !current?.claim || requests === 20) return;
      requests += 1;
      const { ticket, revision } = current;
      setup.journal.store({ ...current, requested: 'manual', ticket: ticket + 1, revision: revision + 1 });
    };
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(requests).toBe(20);
    expect(setup.requests).toHaveLength(1);
    expect(stored(setup)).toMatchObject({ status: 'succeeded', claim: null, requested: null });
    expect(stored(setup)?.attempts.at(-1)?.outcome).toBe('success');
  });
});

describe('two messages for one delivery', () => {
  it('make one attempt: the second meets the claim', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    const answer = Promise.withResolvers<ReturnType<typeof answered>>();
    setup.receive = () => answer.promise;
    const first = setup.deliver({ fromRetries: true });
    await expect.poll(() => setup.requests.length).toBe(1);
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    answer.resolve(answered(500));
    await first;
    expect(setup.requests).toHaveLength(1);
    expect(stored(setup)?.attempts).toHaveLength(2);
  });

  it('that claim at the same moment make one attempt', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    await Promise.all([setup.deliver({ fromRetries: true }), setup.deliver({ fromRetries: true })]);
    expect(setup.requests).toHaveLength(1);
  });

  it('of which the first was interrupted: the second attempt is made when the claim has ended', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    setup.receive = () => new Promise(() => {});
    setup.deliver({ fromRetries: true });
    await expect.poll(() => setup.requests.length).toBe(1);
    const { claim, dueAt } = stored(setup) ?? pending;
    expect(claim?.endsAt).toBe(NOW + 45_000);
    // A sweep that looks ahead does not see it before.
    expect(dueAt).toBe((claim?.endsAt ?? 0) + SWEEP_LOOK_AHEAD_MS);
    setup.receive = () => answered(200);
    await wake(setup);
    expect(stored(setup)).toMatchObject({
      status: 'succeeded',
      attempts: [{ number: 1 }, { number: 2, outcome: 'interrupted' }, { number: 3, outcome: 'success' }],
    });
  });
});

describe('a first success', () => {
  it.each([
    ['was received before', { receivedBefore: true }],
    ['was published again', { message: makeMessage({ repeated: true }) }],
  ])('whose message %s does not write over what its twin wrote', async (_, received) => {
    const setup = deliverSetup();
    const failed = makeAttempt({ id: 'the twin’s' });
    setup.receive = () => {
      setup.journal.store(makeDelivery({ revision: 1, attempts: [failed], nextAttemptAt: NOW, dueAt: NOW + HOUR }));
      return answered(200);
    };
    await setup.deliver(received);
    expect(stored(setup)).toMatchObject({ status: 'succeeded', attempts: [failed, { outcome: 'success' }] });
  });
});

describe('one failure stops one', () => {
  const messages = [1, 2, 3].map((number) => makeMessage({ eventId: `evt_${number}` }));
  function threeEvents() {
    const setup = deliverSetup();
    setup.journal.add(...messages.map(({ eventId }) => makeEvent({ id: eventId })));
    return setup;
  }

  it('a first success that could not be written does not bring back those that were', async () => {
    const setup = threeEvents();
    const put = setup.journal.putSucceededDeliveries.bind(setup.journal);
    setup.journal.putSucceededDeliveries = async (deliveries) => {
      await put(deliveries.filter(({ eventId }) => eventId !== 'evt_2'));
      const undone = deliveries.filter(({ eventId }) => eventId === 'evt_2');
      throw new PartialFailure(undone, deliveries.length, new Error('throttled'));
    };
    expect(await setup.deliver(...messages)).toEqual([ACK, { kind: 'fail' }, ACK]);
    expect(setup.reports.filter(({ kind }) => kind === 'recorded')).toHaveLength(2);
    expect(setup.reports).toContainEqual({
      kind: 'error',
      about: expect.objectContaining({ eventId: 'evt_2' }),
      error: expect.any(PartialFailure),
    });
  });

  it('a retry whose message could not be sent does not bring back those whose message was', async () => {
    const setup = threeEvents();
    setup.receive = () => answered(500);
    setup.send = async (outgoing) => {
      const undone = outgoing.filter(({ message }) => message.kind === 'deliver' && message.eventId === 'evt_3');
      throw new PartialFailure(undone, outgoing.length, new Error('refused'));
    };
    expect(await setup.deliver(...messages)).toEqual([ACK, ACK, { kind: 'fail' }]);
  });
});
