import { describe, expect, it } from 'vitest';
import { cancelDelivery, parkDelivery, requestAttempt } from '../../../functions/core/delivery/delivery.ts';
import { settleParked } from '../../../functions/core/delivery/settle-parked.ts';
import { discardParked } from '../../../functions/core/subscription/subscription.ts';
import { deliverSetup, WAITS } from '../../support/deliver-setup.ts';
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
} from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

const ACK = { kind: 'ack' };
const pending = makeDelivery({ revision: 1, nextAttemptAt: NOW, dueAt: NOW + HOUR });

describe('what another writer does while an attempt is under way', () => {
  it('the attempt is added to what stands now', async () => {
    const setup = deliverSetup();
    setup.receive = () => {
      if (setup.requests.length === 1) setup.journal.store({ ...makeDelivery(), revision: 7, ticket: 3 });
      return answered(500);
    };
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.journal.delivery(pending)).toMatchObject({ revision: 8, ticket: 4, attempts: [{ number: 1 }] });
    // The older message becomes stale: one message at a time carries a delivery.
    expect(setup.queued).toMatchObject([{ message: { ticket: 4 } }]);
  });

  it('a success of a twin stands, though this attempt failed', async () => {
    const setup = deliverSetup();
    setup.receive = async () => {
      if (setup.requests.length > 1) return answered(200);
      await setup.deliver(makeMessage());
      return answered(500);
    };
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.journal.delivery(pending)).toMatchObject({
      status: 'succeeded',
      nextAttemptAt: null,
      dueAt: null,
      attempts: [{ outcome: 'success' }, { outcome: 'http_error' }],
    });
    expect(setup.queued).toEqual([]);
  });

  it('a success of a twin stands, though a retry that began before it fails after it', async () => {
    const setup = deliverSetup();
    // The twins' messages were handed out together. The first fails and has its retry made while the second still waits
    // for its answer; that comes, good, while the retry is under way.
    const second = Promise.withResolvers<ReturnType<typeof answered>>();
    const third = Promise.withResolvers<ReturnType<typeof answered>>();
    const answers = [second.promise, answered(500), third.promise];
    setup.receive = () => answers[setup.requests.length - 1] ?? answered(500);
    const twin = setup.deliver(makeMessage());
    await setup.deliver(makeMessage());
    setup.now += 10_000;
    const retry = setup.deliver({ fromRetries: true });
    second.resolve(answered(200));
    await twin;
    expect(setup.journal.delivery(pending)?.status).toBe('succeeded');
    third.resolve(answered(500));
    await retry;
    expect(setup.journal.delivery(pending)?.status).toBe('succeeded');
  });

  it('a cancellation stands, though the attempt failed', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    setup.receive = () => {
      const claimed = setup.journal.delivery(pending) ?? pending;
      setup.journal.store({
        ...cancelDelivery(claimed, NOW, 'cancelled', 'It was cancelled by request.'),
        revision: 3,
      });
      return answered(500);
    };
    await setup.deliver({ fromRetries: true });
    expect(setup.journal.delivery(pending)).toMatchObject({ status: 'cancelled', nextAttemptAt: null, dueAt: null });
    expect(setup.queued).toEqual([]);
  });

  it('an attempt asked for by hand is still made, though the one under way failed', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    setup.receive = () => {
      const claimed = setup.journal.delivery(pending) ?? pending;
      if (setup.requests.length === 1)
        setup.journal.store({ ...requestAttempt(claimed, 'manual', NOW, WAITS), revision: 3 });
      return answered(500);
    };
    await setup.deliver({ fromRetries: true });
    await setup.deliver({ message: makeMessage({ ticket: 1 }), fromRetries: true });
    expect(setup.journal.delivery(pending)?.attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'manual']);
  });

  it('that never ends counts as a fault of ours, and loses nothing', async () => {
    const setup = deliverSetup();
    setup.journal.store(pending);
    setup.journal.before = (operation) => {
      const current = setup.journal.delivery(pending);
      if (operation === 'saveDelivery' && current !== undefined && setup.requests.length > 0)
        setup.journal.store({ ...current, revision: current.revision + 1 });
    };
    expect(await setup.deliver({ fromRetries: true })).toEqual([{ kind: 'fail' }]);
    expect(setup.reports).toMatchObject([
      { kind: 'error', error: { message: expect.stringMatching(/changed 30 times/) } },
    ]);
    expect(setup.journal.delivery(pending)?.status).toBe('pending');
  });
});

describe('an inactive subscription', () => {
  it.each(['paused', 'disabled', 'unverified'] as const)('that is %s parks what comes', async (status) => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status }));
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.requests).toEqual([]);
    expect(setup.journal.delivery(pending)).toMatchObject({
      status: 'parked',
      statusReason: { code: 'subscription_inactive', message: expect.stringContaining(status) },
      parkedAt: NOW,
      dueAt: NOW + 15 * MINUTE,
      revision: 1,
    });
  });

  it('is looked at again and again, less and less often, until it is active', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status: 'paused' }));
    await setup.deliver(makeMessage());
    const looks: number[] = [];
    while (setup.now < NOW + 7 * 24 * HOUR) {
      const dueAt = setup.journal.delivery(pending)?.dueAt ?? 0;
      looks.push(dueAt - setup.now);
      setup.now = dueAt;
      await setup.deliver({ fromRetries: true });
    }
    expect(looks.slice(0, 5).map((ms) => ms / MINUTE)).toEqual([15, 15, 30, 60, 120]);
    expect(looks.at(-1)).toBe(24 * HOUR);
    expect(setup.requests).toEqual([]);
    setup.journal.add(makeSubscription());
    await setup.deliver({ fromRetries: true });
    expect(setup.journal.delivery(pending)?.status).toBe('succeeded');
  });

  it('still gets its test event', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status: 'paused' }));
    await setup.deliver(makeMessage({ trigger: 'test' }));
    expect(setup.requests).toHaveLength(1);
  });

  it('that is resumed at the very moment of parking gets it all the same', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status: 'paused' }));
    setup.journal.after = (operation) => {
      if (operation === 'saveDelivery') setup.journal.add(makeSubscription());
    };
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    // The resume did not find it. It wakes when it is due.
    setup.now = setup.journal.delivery(pending)?.dueAt ?? 0;
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(setup.journal.delivery(pending)?.status).toBe('succeeded');
  });

  it('leaves alone what another message has written meanwhile', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status: 'paused' }));
    setup.journal.before = (operation) => {
      if (operation === 'saveDelivery')
        setup.journal.store({ ...parkDelivery(pending, NOW, 'parked by a twin'), revision: 2 });
    };
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.journal.delivery(pending)?.statusReason?.message).toBe('parked by a twin');
  });
});

describe('an attempt that was asked for', () => {
  it('is made as what it was asked for once its paused subscription is resumed, also past the deadline of its schedule', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(500);
    setup.profiles.set('standard', makeProfile({ retry: { gapsSeconds: [5], deadlineSeconds: 60 } }));
    const attempts = [makeAttempt({ startedAt: NOW - HOUR })];
    const failed = makeDelivery({ status: 'failed', completedAt: NOW - HOUR, attempts, revision: 1 });
    setup.journal.store({ ...requestAttempt(failed, 'replay', NOW, WAITS), revision: 2 });
    setup.journal.add(makeSubscription({ status: 'paused' }));
    const message = makeMessage({ ticket: 1 });
    await setup.deliver({ message, fromRetries: true });
    expect(setup.journal.delivery(failed)).toMatchObject({ status: 'parked' });
    setup.journal.add(makeSubscription());
    await setup.deliver({ message, fromRetries: true });
    expect(setup.requests).toHaveLength(1);
    expect(setup.journal.delivery(failed)?.attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'replay']);
  });
});

describe('a success that is to be sent once more', () => {
  const done = makeDelivery({ status: 'succeeded', completedAt: NOW - HOUR, revision: 1 });
  const asked = { ...requestAttempt(done, 'manual', NOW, WAITS), revision: 2 };
  const message = makeMessage({ ticket: 1 });

  it('stays a success when the subscription is deleted in between', async () => {
    const setup = deliverSetup();
    setup.journal.subscriptions.clear();
    setup.journal.store(asked);
    expect(await setup.deliver({ message, fromRetries: true })).toEqual([ACK]);
    expect(setup.journal.delivery(done)).toMatchObject({ status: 'succeeded', completedAt: NOW - HOUR, dueAt: null });
  });

  it('waits while the subscription is paused, a success as before, and is sent once it is resumed', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ status: 'paused' }));
    setup.journal.store(asked);
    expect(await setup.deliver({ message, fromRetries: true })).toEqual([ACK]);
    const waiting = setup.journal.delivery(done);
    expect(waiting).toMatchObject({ status: 'succeeded', completedAt: NOW - HOUR, requested: 'manual', parkedAt: NOW });
    expect(waiting?.dueAt).toBeGreaterThan(NOW);
    const subscription = makeSubscription();
    setup.journal.add(subscription);
    await settleParked(
      { store: setup.journal, retries: setup, now: () => NOW, goOn: async () => {} },
      { tenantId: subscription.tenantId, subscriptionId: subscription.id },
    );
    const [woken] = setup.queued;
    if (woken?.message.kind !== 'deliver') throw new Error('it was not woken');
    expect(await setup.deliver({ message: woken.message, fromRetries: true })).toEqual([ACK]);
    expect(setup.requests).toHaveLength(1);
    expect(setup.journal.delivery(done)).toMatchObject({
      status: 'succeeded',
      requested: null,
      parkedAt: null,
      dueAt: null,
      attempts: [{ trigger: 'manual', outcome: 'success' }],
    });
  });

  it('is sent once more, though an attempt that was under way when that was asked for failed', async () => {
    const setup = deliverSetup();
    const replayed = { ...requestAttempt(done, 'replay', NOW, WAITS), revision: 2 };
    setup.journal.store(replayed);
    setup.receive = () => {
      const claimed = setup.journal.delivery(done) ?? done;
      if (setup.requests.length === 1)
        setup.journal.store({ ...requestAttempt(claimed, 'manual', NOW, WAITS), revision: 4 });
      return answered(500);
    };
    await setup.deliver({ message, fromRetries: true });
    await setup.deliver({ message: makeMessage({ ticket: 2 }), fromRetries: true });
    expect(setup.journal.delivery(done)).toMatchObject({ status: 'succeeded', requested: null, dueAt: null });
    expect(setup.journal.delivery(done)?.attempts.map(({ trigger }) => trigger)).toEqual(['replay', 'manual']);
  });

  it('is dropped, and stays a success, when a resume discards what was parked', async () => {
    const setup = deliverSetup();
    setup.journal.add(discardParked(makeSubscription(), NOW, null));
    setup.journal.store(parkDelivery(asked, NOW - 1, ''));
    expect(await setup.deliver({ message, fromRetries: true })).toEqual([ACK]);
    expect(setup.requests).toEqual([]);
    expect(setup.journal.delivery(done)).toMatchObject({ status: 'succeeded', requested: null, dueAt: null });
  });

  it('stays a success when its data is expunged in between', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeEvent({ data: null }));
    setup.journal.store(asked);
    expect(await setup.deliver({ message, fromRetries: true })).toEqual([ACK]);
    expect(setup.journal.delivery(done)).toMatchObject({ status: 'succeeded', completedAt: NOW - HOUR, dueAt: null });
  });
});

describe('a fault of ours', () => {
  const broken = (): never => {
    throw new Error('the store is away');
  };

  it('in the write of first successes fails just those', async () => {
    const setup = deliverSetup();
    setup.journal.before = (operation) => (operation === 'putSucceededDeliveries' ? broken() : undefined);
    expect(await setup.deliver(makeMessage())).toEqual([{ kind: 'fail' }]);
    expect(setup.reports).toMatchObject([{ kind: 'error', error: { message: 'the store is away' } }]);
  });

  it('in a conditional write fails the message, not its batch', async () => {
    const setup = deliverSetup();
    const other = makeSubscription({ id: 'sub_00000000000000000000000002', status: 'paused' });
    setup.journal.add(other);
    setup.journal.before = (operation) => (operation === 'saveDelivery' ? broken() : undefined);
    const decisions = await setup.deliver(makeMessage(), makeMessage({ subscriptionId: other.id }));
    expect(decisions).toEqual([ACK, { kind: 'fail' }]);
    expect(setup.journal.delivery(pending)?.status).toBe('succeeded');
  });

  it('in the retries queue fails the message after the journal has its retry', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(500);
    setup.send = async () => broken();
    expect(await setup.deliver(makeMessage())).toEqual([{ kind: 'fail' }]);
    expect(setup.journal.delivery(pending)).toMatchObject({ status: 'pending', dueAt: expect.any(Number) });
    // Its message comes back when the visibility timeout ends. The attempt is due then, and its own retry is queued.
    setup.now += 180_000;
    setup.send = async (messages) => void setup.queued.push(...messages);
    setup.profiles.set('standard', makeProfile({ retry: { gapsSeconds: [5, 5, 5], jitter: 0 } }));
    expect(await setup.deliver({ receivedBefore: true })).toEqual([ACK]);
    const [moved] = setup.queued.splice(0);
    expect(moved).toEqual({ message: makeMessage({ repeated: true }), delaySeconds: 0 });
    expect(await setup.deliver({ message: makeMessage({ repeated: true }), fromRetries: true })).toEqual([ACK]);
    expect(setup.requests).toHaveLength(2);
    expect(setup.queued).toEqual([{ message: makeMessage(), delaySeconds: 6 }]);
  });

  it('in opening a secret sends nothing', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ credentials: 'sealed' }));
    setup.receive = broken;
    expect(await setup.deliver(makeMessage())).toEqual([{ kind: 'fail' }]);
    expect(setup.journal.deliveries.size).toBe(0);
  });

  it('in the read fails the batch', async () => {
    const setup = deliverSetup();
    setup.journal.before = broken;
    await expect(setup.deliver(makeMessage())).rejects.toThrow('the store is away');
    expect(setup.requests).toEqual([]);
  });
});
