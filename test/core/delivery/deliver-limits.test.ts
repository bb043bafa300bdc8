import { describe, expect, it, vi } from 'vitest';
import type { Delivery } from '../../../functions/core/delivery/delivery.ts';
import { deliverSetup, WAITS } from '../../support/deliver-setup.ts';
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
} from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

const ACK = { kind: 'ack' };

/** As many events as are named, for one subscription. */
function limitedSetup(maxPerSecond: number | null, events: number, rest: Parameters<typeof makeSubscription>[0] = {}) {
  const setup = deliverSetup();
  setup.journal.add(makeSubscription({ maxPerSecond, ...rest }));
  const messages = Array.from({ length: events }, (_, index) => {
    setup.journal.add(makeEvent({ id: `evt_${index}` }));
    return makeMessage({ eventId: `evt_${index}` });
  });
  const deliveryOf = (index: number): Delivery | undefined =>
    setup.journal.delivery(makeMessage({ eventId: `evt_${index}` }));
  return { ...setup, setup, messages, deliveryOf };
}

/** A delivery whose turn has come. */
const waited = (rest: Partial<Delivery> = {}) =>
  makeDelivery({
    eventId: 'evt_0',
    revision: 1,
    limitedSince: NOW - MINUTE,
    nextAttemptAt: NOW,
    dueAt: NOW + HOUR,
    ...rest,
  });

describe('a batch for a rate-limited subscription', () => {
  it('is sent in its slots, and what finds none near is on record with its turn', async () => {
    const { setup, messages, deliveryOf, rates, queued } = limitedSetup(2, 8);
    expect(await setup.deliver(...messages)).toEqual(messages.map(() => ACK));
    expect(rates.updates).toBe(1);
    // Slots from half a second ago to two seconds from now: six at two a second.
    expect(setup.slept).toEqual([-500, 0, 500, 1_000, 1_500, 2_000]);
    expect(setup.requests).toHaveLength(6);
    const waiting = [6, 7].map(deliveryOf);
    expect(waiting).toEqual([
      expect.objectContaining({ status: 'pending', attempts: [], limitedSince: NOW, nextAttemptAt: NOW + 2 * SECOND }),
      expect.objectContaining({ status: 'pending', attempts: [], limitedSince: NOW, nextAttemptAt: NOW + 3 * SECOND }),
    ]);
    expect(queued.map(({ message, delaySeconds }) => ({ ...message, delaySeconds }))).toMatchObject([
      { eventId: 'evt_6', delaySeconds: 2 },
      { eventId: 'evt_7', delaySeconds: 3 },
    ]);
  });

  it('without a limit reserves, reads and writes nothing more', async () => {
    const { setup, messages, rates, journal } = limitedSetup(null, 3);
    await setup.deliver(...messages);
    expect(rates.updates).toBe(0);
    expect(setup.slept).toEqual([]);
    expect(journal.calls).toEqual(['loadForMessages', 'putSucceededDeliveries']);
  });

  it('has the limit of its profile if it has none of its own', async () => {
    for (const [own, sent] of [
      [null, 1],
      [100, 3],
    ] as const) {
      const { setup, messages } = limitedSetup(own, 3, { profile: 'slow' });
      setup.profiles.set('slow', makeProfile({ name: 'slow', limits: { maxPerSecond: 0.1 }, signatures: [] }));
      await setup.deliver(...messages);
      expect(setup.requests).toHaveLength(sent);
    }
  });

  it('that waits longer than the queue carries waits in the due index', async () => {
    const { setup, messages, deliveryOf, queued } = limitedSetup(0.1, 15);
    await setup.deliver(...messages);
    const last = deliveryOf(14);
    // The slot of the first was half a second ago.
    expect(last).toMatchObject({ nextAttemptAt: NOW + 139 * SECOND, dueAt: NOW + 139 * SECOND });
    expect(queued.map(({ message }) => 'eventId' in message && message.eventId)).not.toContain('evt_14');
    expect(deliveryOf(12)?.dueAt).toBe(NOW + 119 * SECOND + WAITS.lostAfterMs);
  });

  it('has no turn further away than a day', async () => {
    const { setup, messages, deliveryOf, rates } = limitedSetup(1, 1);
    rates.states.set(makeSubscription().id, { nextSlotAt: NOW, lineEndsAt: NOW + 100 * HOUR, lineIntervalMs: SECOND });
    await setup.deliver(...messages);
    expect(deliveryOf(0)).toMatchObject({ nextAttemptAt: NOW + 24 * HOUR });
  });

  it('fails as a fault of ours if nothing can be reserved, and holds up no other', async () => {
    const { setup, messages, rates, reports } = limitedSetup(1, 1);
    const free = makeSubscription({ id: 'sub_free', maxPerSecond: null });
    setup.journal.add(free);
    rates.reserveSlots = async () => {
      throw new Error('throttled');
    };
    const decisions = await setup.deliver(...messages, makeMessage({ subscriptionId: free.id }));
    expect(decisions).toEqual([{ kind: 'fail' }, ACK]);
    expect(reports).toMatchObject([{ kind: 'error' }, { kind: 'recorded' }]);
    expect(setup.requests).toHaveLength(1);
  });
});

describe('a delivery whose turn has come', () => {
  it('takes a slot before all that come new, and is attempted', async () => {
    const { setup, rates, deliveryOf } = limitedSetup(1, 1);
    rates.states.set(makeSubscription().id, {
      nextSlotAt: NOW + SECOND,
      lineEndsAt: NOW + HOUR,
      lineIntervalMs: SECOND,
    });
    setup.journal.store(waited());
    expect(await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true })).toEqual([ACK]);
    expect(setup.slept).toEqual([SECOND]);
    expect(deliveryOf(0)).toMatchObject({ status: 'succeeded', limitedSince: null });
  });

  it('waits again if no slot is near', async () => {
    const { setup, rates, deliveryOf, queued } = limitedSetup(1, 1);
    rates.states.set(makeSubscription().id, {
      nextSlotAt: NOW + 5 * SECOND,
      lineEndsAt: NOW + 30 * SECOND,
      lineIntervalMs: SECOND,
    });
    setup.journal.store(waited());
    const decisions = await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true });
    expect(decisions).toEqual([ACK]);
    expect(queued).toMatchObject([{ delaySeconds: 30 }]);
    expect(deliveryOf(0)).toMatchObject({ limitedSince: NOW - MINUTE, nextAttemptAt: NOW + 30 * SECOND, attempts: [] });
  });
});

describe('a delivery that is looked at before its turn', () => {
  it.each([
    ['takes a slot if the limit was raised since it began to wait', NOW - SECOND, 1],
    ['waits on if that was before', NOW - HOUR, 0],
  ])('%s', async (_, limitRaisedAt, sent) => {
    const { setup } = limitedSetup(1, 1, { limitRaisedAt });
    setup.journal.store(waited({ nextAttemptAt: NOW + HOUR }));
    await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true });
    expect(setup.requests).toHaveLength(sent);
  });

  it('gets another turn once, if it finds no slot by the limit that was raised', async () => {
    const { setup, rates, deliveryOf } = limitedSetup(1, 1, { limitRaisedAt: NOW - SECOND });
    rates.states.set(makeSubscription().id, {
      nextSlotAt: NOW + 5 * SECOND,
      lineEndsAt: NOW + 30 * SECOND,
      lineIntervalMs: SECOND,
    });
    setup.journal.store(waited({ nextAttemptAt: NOW + HOUR }));
    for (let again = 0; again < 2; again += 1) {
      await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true });
      expect(deliveryOf(0)).toMatchObject({ limitedSince: NOW, nextAttemptAt: NOW + 30 * SECOND });
    }
    expect(rates.updates).toBe(1);
  });
});

describe('a delivery that had a slot, and found no connection', () => {
  it('keeps its turn', async () => {
    const { setup, deliveryOf } = limitedSetup(1, 1);
    setup.journal.store(waited());
    setup.receive = () => ({ outcome: 'not_sent', reason: 'no_connection' });
    await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true });
    expect(deliveryOf(0)).toMatchObject({ attempts: [], limitedSince: NOW - MINUTE, nextAttemptAt: NOW + 5 * SECOND });
  });
});

describe('a delivery whose attempt has failed', () => {
  it('waits for its next slot like all that come new', async () => {
    const { setup, deliveryOf } = limitedSetup(1, 1);
    setup.journal.store(waited());
    setup.receive = () => answered(500);
    await setup.deliver({ message: makeMessage({ eventId: 'evt_0' }), fromRetries: true });
    expect(deliveryOf(0)).toMatchObject({
      status: 'pending',
      attempts: [{ outcome: 'http_error' }],
      limitedSince: null,
    });
  });
});

describe('an attempt that a person asked for', () => {
  it('takes a slot before the line', async () => {
    const { setup, rates } = limitedSetup(1, 1);
    rates.states.set(makeSubscription().id, { nextSlotAt: NOW, lineEndsAt: NOW + HOUR, lineIntervalMs: SECOND });
    await setup.deliver(makeMessage({ eventId: 'evt_0', trigger: 'test' }));
    expect(setup.requests).toHaveLength(1);
  });

  it('stays one while it waits, and a success that is sent again stays a success', async () => {
    for (const status of ['pending', 'succeeded'] as const) {
      const { setup, rates, deliveryOf } = limitedSetup(1, 1);
      rates.states.set(makeSubscription().id, { nextSlotAt: NOW + 5 * SECOND, lineEndsAt: 0, lineIntervalMs: SECOND });
      const isNew = status === 'pending';
      const asked = { status, requested: 'manual', completedAt: isNew ? null : NOW - MINUTE } as const;
      if (!isNew) setup.journal.store(makeDelivery({ eventId: 'evt_0', revision: 1, nextAttemptAt: NOW, ...asked }));
      await setup.deliver(makeMessage({ eventId: 'evt_0', trigger: 'manual' }));
      expect(setup.requests).toEqual([]);
      expect(deliveryOf(0)).toMatchObject({ ...asked, nextAttemptAt: NOW + 5 * SECOND });
    }
  });
});

describe('a batch for a subscription that takes few requests at the same moment', () => {
  /** Answers when it is told to. */
  function heldReceiver(setup: ReturnType<typeof deliverSetup>) {
    const open: (() => void)[] = [];
    let most = 0;
    setup.receive = async () => {
      await new Promise<void>((resolve) => {
        open.push(resolve);
        most = Math.max(most, open.length);
      });
      return answered(200);
    };
    return { open, answer: () => open.shift()?.(), most: () => most };
  }

  it('is sent one after the other in the places that the worker has', async () => {
    const { setup, messages, inFlight, deliveryOf } = limitedSetup(null, 5, { maxConcurrent: 2 });
    const receiver = heldReceiver(setup);
    const decisions = setup.deliver(...messages);
    for (let answers = 0; answers < 5; answers += 1) {
      await vi.waitFor(() => expect(receiver.open.length).toBeGreaterThan(0));
      receiver.answer();
    }
    expect(await decisions).toEqual(messages.map(() => ACK));
    expect(receiver.most()).toBe(2);
    expect([0, 1, 2, 3, 4].map((index) => deliveryOf(index)?.status)).toEqual(messages.map(() => 'succeeded'));
    expect(inFlight.leases.get(makeSubscription().id)).toEqual([]);
  });

  it('waits if other workers have all places, longer the longer it has waited', async () => {
    const { setup, messages, deliveryOf, inFlight } = limitedSetup(null, 2, { maxConcurrent: 1 });
    await inFlight.takePlaces(makeSubscription().id, { count: 1, max: 1, now: NOW, endsAt: NOW + MINUTE });
    const old = waited({ eventId: 'evt_1', limitedSince: NOW - 20 * SECOND });
    setup.journal.store(old);
    await setup.deliver(...messages.map((message) => ({ message, fromRetries: true })));
    expect(setup.requests).toEqual([]);
    expect(deliveryOf(0)).toMatchObject({ nextAttemptAt: NOW + SECOND, limitedSince: NOW, attempts: [] });
    expect(deliveryOf(1)).toMatchObject({ nextAttemptAt: NOW + 10 * SECOND, limitedSince: old.limitedSince });
  });

  it('begins no request when too long has passed, and the rest waits', async () => {
    const { setup, messages, deliveryOf } = limitedSetup(null, 3, { maxConcurrent: 1 });
    const receiver = heldReceiver(setup);
    const decisions = setup.deliver(...messages);
    await vi.waitFor(() => expect(receiver.open).toHaveLength(1));
    setup.now = NOW + 5 * SECOND;
    receiver.answer();
    await decisions;
    expect(setup.requests).toHaveLength(1);
    expect(deliveryOf(2)).toMatchObject({ status: 'pending', nextAttemptAt: NOW + 6 * SECOND, attempts: [] });
  });

  it('reserves no slots if it has no place', async () => {
    const { setup, messages, rates, inFlight } = limitedSetup(10, 1, { maxConcurrent: 1 });
    await inFlight.takePlaces(makeSubscription().id, { count: 1, max: 1, now: NOW, endsAt: NOW + MINUTE });
    await setup.deliver(...messages);
    expect(rates.updates).toBe(0);
  });
});

describe('a batch for a receiver that recovers', () => {
  const recovering = (since: number) => ({
    health: {
      generation: 0,
      revision: 1,
      failing: null,
      breaker: { state: 'closed' as const, unavailable: 0, recovery: { since, pauseMs: 30 * SECOND } },
      slowUntil: null,
    },
  });

  it.each([
    ['one a second at first', 0, null, 3],
    ['two a second after ten seconds', 10, null, 6],
    ['not more than its own limit', 90, 1, 3],
    ['all at the end', 100, null, 8],
  ])('gets %s', async (_, seconds, own, sent) => {
    const { setup, messages } = limitedSetup(own, 8, recovering(NOW - seconds * SECOND));
    await setup.deliver(...messages);
    expect(setup.requests).toHaveLength(sent);
  });

  it('leaves the rest for the next minute, however many there are', async () => {
    const { setup, messages, deliveryOf, rates } = limitedSetup(null, 9, recovering(NOW));
    await setup.deliver(...messages);
    // The middle of the spread, after the last slot.
    expect(deliveryOf(8)).toMatchObject({ limitedSince: NOW, nextAttemptAt: NOW + 32 * SECOND });
    expect(rates.states.get(makeSubscription().id)?.lineEndsAt).toBeLessThan(NOW + 3 * SECOND);
  });
});
