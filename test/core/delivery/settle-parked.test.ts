import { describe, expect, it } from 'vitest';
import { type Delivery, holdDelivery, parkDelivery } from '../../../functions/core/delivery/delivery.ts';
import {
  type Outgoing,
  type SettleParkedMessage,
  settleParkedMessage,
} from '../../../functions/core/delivery/queue-message.ts';
import { settleParked } from '../../../functions/core/delivery/settle-parked.ts';
import { healthOf } from '../../../functions/core/subscription/health.ts';
import { discardParked } from '../../../functions/core/subscription/subscription.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  HOUR,
  MINUTE,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
} from '../../support/domain.ts';

/** Parked deliveries, an hour apart, the last one now. */
function setup(count: number) {
  const parts = deliverSetup();
  const { journal } = parts;
  const parked = Array.from({ length: count }, (_, index) => {
    const eventAt = NOW - (count - 1 - index) * HOUR;
    journal.add(makeEvent({ id: `e${index}`, acceptedAt: eventAt }));
    return journal.store(parkDelivery(makeDelivery({ eventId: `e${index}`, eventAt, revision: 1 }), NOW, 'paused'));
  });
  const first = settleParkedMessage(makeSubscription()).message as SettleParkedMessage;
  const run = (message = first, hasTime = () => true) =>
    settleParked(
      { store: journal, retries: { send: (messages) => parts.send(messages) }, now: () => NOW, hasTime },
      message,
    );
  /** The messages that were sent are received. */
  const receive = async (queued: readonly Outgoing[] = parts.queued.splice(0)) => {
    for (const { message } of queued)
      if (message.kind === 'deliver') await parts.deliver({ message, fromRetries: true });
  };
  const states = () => parked.map((one: Delivery) => journal.delivery(one)?.status);
  return { ...parts, parked, run, receive, states };
}

describe('settling what is parked', () => {
  it('wakes all of it, oldest first, over all pages', async () => {
    const { journal, queued, run, receive, states } = setup(5);
    journal.pageSize = 2;
    await run();
    expect(queued.map(({ message }) => message.kind === 'deliver' && message.eventId)).toEqual([
      'e0',
      'e1',
      'e2',
      'e3',
      'e4',
    ]);
    await receive();
    expect(states()).toEqual(Array(5).fill('succeeded'));
  });

  it('goes on from a cursor when time is up', async () => {
    const { journal, queued, run, receive, states } = setup(5);
    journal.pageSize = 2;
    await run(undefined, () => false);
    const rest = queued.at(-1)?.message;
    if (rest?.kind !== 'settle_parked') throw new Error('there is no message for the rest');
    expect(queued).toHaveLength(3);
    await receive();
    expect(states()).toEqual(['succeeded', 'succeeded', 'parked', 'parked', 'parked']);
    await run(rest);
    await receive();
    expect(states()).toEqual(Array(5).fill('succeeded'));
  });

  it.each([
    ['events before a time', NOW - HOUR, ['cancelled', 'succeeded', 'succeeded']],
    ['all of it', null, ['cancelled', 'cancelled', 'cancelled']],
  ])('cancels what the resume discarded: %s', async (_, eventsBefore, expected) => {
    const { journal, parked, requests, run, receive, states } = setup(3);
    journal.add(discardParked(makeSubscription(), NOW, eventsBefore));
    await run();
    await receive();
    expect(states()).toEqual(expected);
    expect(requests).toHaveLength(expected.filter((state) => state === 'succeeded').length);
    expect(journal.delivery(parked[0] ?? makeDelivery())).toMatchObject({
      statusReason: { code: 'discarded' },
      completedAt: NOW,
    });
  });

  it('keeps what was parked after the resume that discarded', async () => {
    const { journal, run, receive, states } = setup(1);
    journal.add(discardParked(makeSubscription(), NOW - 1, null));
    await run();
    await receive();
    expect(states()).toEqual(['succeeded']);
  });

  it('cancels what waits for a deleted subscription, parked and pending', async () => {
    const { journal, run, receive, requests } = setup(2);
    journal.store(makeDelivery({ revision: 1, nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR }));
    journal.subscriptions.clear();
    await run();
    await receive();
    expect([...journal.deliveries.values()]).toMatchObject(
      Array(3).fill({ status: 'cancelled', statusReason: { code: 'subscription_deleted' }, dueAt: null }),
    );
    expect(requests).toEqual([]);
  });

  it('leaves what an active subscription has pending', async () => {
    const { journal, queued, run } = setup(0);
    journal.store(makeDelivery({ revision: 1, nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR }));
    await run();
    expect(queued).toEqual([]);
  });

  const held = () => holdDelivery(makeDelivery({ revision: 1 }), 'automatic', NOW + HOUR);
  const open = { state: 'open', openedAt: NOW, pauseMs: 1, nextProbeAt: NOW, probe: null } as const;

  it('wakes what a breaker held, when it has closed', async () => {
    const { journal, requests, run, receive } = setup(1);
    journal.store(held());
    await run();
    await receive();
    expect(requests).toHaveLength(2);
    expect([...journal.deliveries.values()].map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('wakes what a breaker held by and by, as the ramp gives it its turn, over all pages', async () => {
    const { journal, queued, run } = setup(0);
    const recovery = { since: NOW - 2 * SECOND, pauseMs: MINUTE };
    const breaker = { state: 'closed', unavailable: 0, recovery } as const;
    journal.add(makeSubscription({ health: { ...healthOf(makeSubscription()), breaker } }));
    for (let index = 0; index < 100; index += 1)
      journal.store({ ...held(), eventId: `h${String(index).padStart(2, '0')}` });
    journal.pageSize = 30;
    await run(undefined, () => false);
    for (let rest = queued.at(-1)?.message; rest?.kind === 'settle_parked'; rest = queued.at(-1)?.message) {
      queued.pop();
      await run(rest, () => false);
    }
    // After t seconds the ramp has given (2^(t/10) - 1) × 10 / ln 2 of them their turn; two have passed.
    const delays = queued.map(({ delaySeconds }) => delaySeconds);
    expect(delays).toHaveLength(100);
    expect([0, 1, 2, 10, 50, 99].map((index) => delays[index])).toEqual([0, 0, 0, 6, 20, 28]);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  });

  it('leaves what a breaker holds', async () => {
    const { journal, queued, run } = setup(0);
    journal.store(held());
    journal.add(makeSubscription({ health: { ...healthOf(makeSubscription()), breaker: open } }));
    await run();
    expect(queued).toEqual([]);
  });

  it.each(['paused', 'disabled', 'unverified'] as const)(
    'leaves it when the subscription is %s meanwhile',
    async (status) => {
      const { journal, queued, run } = setup(2);
      journal.add(makeSubscription({ status }));
      await run();
      expect(queued).toEqual([]);
    },
  );

  it('makes one attempt of a delivery that is woken twice', async () => {
    const { queued, requests, run, receive } = setup(1);
    await run();
    await run();
    expect(queued).toHaveLength(2);
    await receive();
    expect(requests).toHaveLength(1);
  });

  it('that finds nothing loses nothing: a parked delivery wakes when it is due', async () => {
    const parts = setup(1);
    const [parked = makeDelivery()] = parts.parked;
    parts.now = parked.dueAt ?? 0;
    await parts.receive([{ message: makeMessage({ eventId: 'e0' }), delaySeconds: 0 }]);
    expect(parts.states()).toEqual(['succeeded']);
  });
});
