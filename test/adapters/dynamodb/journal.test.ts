import { beforeEach, describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createEvents, type JournalOptions } from '../../../functions/adapters/dynamodb/events.ts';
import { createRejectedEvents } from '../../../functions/adapters/dynamodb/rejected-events.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import { claimDelivery } from '../../../functions/core/delivery/claim.ts';
import { parkDelivery } from '../../../functions/core/delivery/delivery.ts';
import { scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import {
  answered,
  HOUR,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  subscriptionId,
} from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const DAY = 24 * HOUR;
const journalOf = (options: JournalOptions) => ({
  ...createEvents(options),
  ...createDeliveries(options),
  ...createRejectedEvents(options),
});
const tables = useTables();
const catalog = { ...createTenants(tables), ...createSubscriptions(tables), ...createEventTypes(tables) };
let now = NOW;
const journal = journalOf({ tables, retentionDays: 30, now: () => now });

/** Each test has a tenant and a subscription of its own. */
let number = 0;
let tenantId = '';
let sub = '';
beforeEach(() => {
  now = NOW;
  number += 1;
  tenantId = `tenant-${number}`;
  sub = subscriptionId(number);
});

const event = (rest: Parameters<typeof makeEvent>[0] = {}) => makeEvent({ tenantId, ...rest });
const delivery = (rest: Parameters<typeof makeDelivery>[0] = {}) =>
  makeDelivery({ tenantId, subscriptionId: sub, ...rest });
const attempts = [
  {
    id: 'a1',
    number: 1,
    trigger: 'automatic' as const,
    startedAt: NOW,
    ...answered(500, { 'retry-after': '5' }),
    request: { url: 'https://receiver.example/', headers: { 'webhook-id': 'evt_1' } },
  },
];

describe('deliveries', () => {
  it.each([
    ['waiting', scheduleAttempt(delivery({ attempts }), NOW + HOUR, NOW, WAITS)],
    ['parked', parkDelivery(delivery(), NOW, 'paused')],
    [
      'claimed',
      claimDelivery(delivery(), { id: 'a', trigger: 'automatic', startedAt: NOW, url: 'https://a.example/' }, NOW + 1),
    ],
    [
      'owing',
      delivery({
        dueAt: NOW,
        effects: [
          {
            kind: 'deactivate_subscription',
            deactivation: 'remove',
            generation: 2,
            reason: { code: 'c', message: 'm' },
            at: NOW,
          },
        ],
      }),
    ],
    ['asked for again', delivery({ status: 'succeeded', attempts, completedAt: NOW, requested: 'manual', ticket: 4 })],
    ['without anything', delivery()],
  ])('come back as they were (%s)', async (_, shape) => {
    const stored = { ...shape, tenantId, subscriptionId: sub };
    expect(await journal.saveDelivery(stored, 0)).toBe(true);
    expect(await journal.getDelivery(stored)).toEqual({ ...stored, revision: 1 });
  });

  it('are written only over what was read', async () => {
    expect(await journal.saveDelivery(delivery(), 1)).toBe(false);
    expect(await journal.saveDelivery(delivery(), 0)).toBe(true);
    expect(await journal.saveDelivery(delivery({ ticket: 9 }), 0)).toBe(false);
    expect(await journal.saveDelivery(delivery({ ticket: 2 }), 1)).toBe(true);
    expect(await journal.saveDelivery(delivery({ ticket: 3 }), 1)).toBe(false);
    expect(await journal.getDelivery(delivery())).toMatchObject({ ticket: 2, revision: 2 });
  });

  it('that succeed at once are written whatever there is', async () => {
    const done = delivery({ status: 'succeeded', completedAt: NOW, attempts });
    await journal.saveDelivery(scheduleAttempt(delivery(), NOW, NOW, WAITS), 0);
    await journal.putSucceededDeliveries([done, { ...done, eventId: 'evt_2' }]);
    expect(await journal.getDelivery(done)).toMatchObject({ status: 'succeeded', dueAt: null });
    expect(await journal.getDelivery({ ...done, eventId: 'evt_2' })).toMatchObject({ status: 'succeeded' });
  });

  it('that succeed at once are not written over by whoever has read the failure before', async () => {
    await journal.saveDelivery(scheduleAttempt(delivery({ attempts }), NOW, NOW, WAITS), 0);
    const read = await journal.getDelivery(delivery());
    await journal.putSucceededDeliveries([delivery({ status: 'succeeded', completedAt: NOW, attempts })]);
    expect(
      await journal.saveDelivery(scheduleAttempt(delivery({ attempts }), NOW, NOW, WAITS), read?.revision ?? 0),
    ).toBe(false);
    expect(await journal.getDelivery(delivery())).toMatchObject({ status: 'succeeded' });
  });

  it('are found by their refs, in that order', async () => {
    await journal.putSucceededDeliveries([delivery({ eventId: 'b' }), delivery({ eventId: 'a' })]);
    const found = await journal.getDeliveries(['a', 'x', 'b'].map((eventId) => delivery({ eventId })));
    expect(found.map((one) => one?.eventId ?? null)).toEqual(['a', null, 'b']);
    expect(await journal.getDeliveries([])).toEqual([]);
  });

  it('of the same event and another time are others', async () => {
    await journal.saveDelivery(delivery(), 0);
    expect(await journal.getDelivery(delivery({ eventAt: NOW + 1 }))).toBeNull();
  });

  it('are gone when they expire', async () => {
    await journal.saveDelivery(parkDelivery(delivery(), NOW, ''), 0);
    now = NOW + 30 * DAY;
    expect(await journal.getDelivery(delivery())).toBeNull();
    expect(await journal.getDeliveries([delivery()])).toEqual([null]);
    expect(await journal.listWaitingDeliveries(sub, 'parked', null)).toEqual({ deliveries: [], cursor: null });
  });
});

describe('what a batch needs', () => {
  it.each([true, false])('is read at once, in the order of its messages (consistent: %s)', async (consistent) => {
    const other = subscriptionId(1_000 + number);
    await catalog.saveSubscription(makeSubscription({ tenantId, id: sub }), 0);
    await journal.createEvent(event());
    await journal.saveDelivery(delivery(), 0);
    const message = makeMessage({ tenantId, subscriptionId: sub });
    const loaded = await journal.loadForMessages(
      [{ ...message, subscriptionId: other }, message, { ...message, eventId: 'evt_2' }],
      consistent,
    );
    const subscription = makeSubscription({ tenantId, id: sub, revision: 1 });
    expect(loaded).toEqual([
      { delivery: null, subscription: null, event: event() },
      { delivery: delivery({ revision: 1 }), subscription, event: event() },
      { delivery: null, subscription, event: null },
    ]);
  });

  it("does not find another tenant's subscription", async () => {
    await catalog.saveSubscription(makeSubscription({ tenantId, id: sub }), 0);
    const [loaded] = await journal.loadForMessages(
      [makeMessage({ tenantId: 'somebody-else', subscriptionId: sub })],
      true,
    );
    expect(loaded?.subscription).toBeNull();
  });

  it('does not find what has expired', async () => {
    await journal.createEvent(event());
    await journal.saveDelivery(delivery(), 0);
    now = NOW + 30 * DAY;
    const [loaded] = await journal.loadForMessages([makeMessage({ tenantId, subscriptionId: sub })], true);
    expect(loaded).toEqual({ delivery: null, subscription: null, event: null });
  });
});

describe('parked deliveries', () => {
  it('come oldest first, in steps, each once, though they are released on the way', async () => {
    const all = Array.from({ length: 230 }, (_, index) =>
      parkDelivery(delivery({ eventId: `e${(index * 7_919) % 1_000}`, eventAt: NOW + (index % 50) }), NOW, ''),
    );
    await Promise.all(all.map((one) => journal.saveDelivery(one, 0)));
    const seen: { eventAt: number; eventId: string }[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof journal.listWaitingDeliveries>> = await journal.listWaitingDeliveries(
        sub,
        'parked',
        cursor,
      );
      expect(page.deliveries.length).toBeLessThanOrEqual(101);
      for (const one of page.deliveries) {
        seen.push(one);
        await journal.saveDelivery({ ...one, status: 'pending' }, one.revision);
      }
      cursor = page.cursor;
    } while (cursor !== null);
    expect(new Set(seen.map(({ eventId }) => eventId)).size).toBe(230);
    expect(seen.map(({ eventAt }) => eventAt)).toEqual(seen.map(({ eventAt }) => eventAt).toSorted((a, b) => a - b));
    expect((await journal.listWaitingDeliveries(sub, 'parked', null)).deliveries).toEqual([]);
  });
});
