import { describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createDueDeliveries } from '../../../functions/adapters/dynamodb/due-deliveries.ts';
import { createEvents, type JournalOptions } from '../../../functions/adapters/dynamodb/events.ts';
import { createRejectedEvents } from '../../../functions/adapters/dynamodb/rejected-events.ts';
import { cancelDelivery, parkDelivery } from '../../../functions/core/delivery/delivery.ts';
import type { DueEntry } from '../../../functions/core/delivery/due-store.ts';
import { scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { HOUR, makeDelivery, NOW, subscriptionId } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const journalOf = (options: JournalOptions) => ({
  ...createEvents(options),
  ...createDeliveries(options),
  ...createRejectedEvents(options),
});
const tables = useTables();
const journal = journalOf({ tables, retentionDays: 30, now: () => NOW });
const index = createDueDeliveries(tables);

async function listAll(now: number): Promise<DueEntry[]> {
  return (await Promise.all(index.shards.map((shard) => index.listDueDeliveries(shard, now)))).flat();
}

describe('the due index', () => {
  it('has what waits, from its time on, spread over shards', async () => {
    const waiting = Array.from({ length: 60 }, (_, number) =>
      scheduleAttempt(
        makeDelivery({ subscriptionId: subscriptionId(1), eventId: `e${number}` }),
        NOW + HOUR,
        NOW,
        WAITS,
      ),
    );
    await Promise.all(waiting.map((one) => journal.saveDelivery(one, 0)));
    expect(await listAll(NOW + HOUR - 1)).toEqual([]);
    const due = await listAll(NOW + HOUR);
    expect(due).toHaveLength(60);
    const perShard = await Promise.all(index.shards.map((shard) => index.listDueDeliveries(shard, NOW + HOUR)));
    expect(perShard.filter((entries) => entries.length > 0).length).toBeGreaterThan(4);
  });

  it('gives what is due first, and no more than a page', async () => {
    const many = Array.from({ length: 140 }, (_, number) =>
      scheduleAttempt(
        makeDelivery({ subscriptionId: subscriptionId(100 + number), eventId: 'one' }),
        NOW - 9 * HOUR + number,
        NOW - 20 * HOUR,
        WAITS,
      ),
    );
    await Promise.all(many.map((one) => journal.saveDelivery(one, 0)));
    const entries = (await listAll(NOW - 8 * HOUR)).map(({ dueAt }) => dueAt);
    expect(entries).toEqual(many.slice(0, 100).map(({ dueAt }) => dueAt));
  });

  it('has what is parked, later and later, and loses what is finished or cancelled', async () => {
    const waiting = scheduleAttempt(
      makeDelivery({ subscriptionId: subscriptionId(2) }),
      NOW - 2 * HOUR,
      NOW - 20 * HOUR,
      WAITS,
    );
    const find = async () => (await listAll(NOW - 2 * HOUR)).filter(({ key }) => key.pk.includes(subscriptionId(2)));
    await journal.saveDelivery(waiting, 0);
    expect(await find()).toHaveLength(1);
    await journal.saveDelivery(parkDelivery(waiting, NOW - 3 * HOUR, ''), 1);
    expect(await find()).toHaveLength(1);
    await journal.saveDelivery(cancelDelivery(waiting, NOW, 'cancelled', ''), 2);
    expect(await find()).toEqual([]);
    await journal.saveDelivery(waiting, 3);
    expect(await find()).toHaveLength(1);
    await journal.putSucceededDeliveries([{ ...waiting, status: 'succeeded', dueAt: null, nextAttemptAt: null }]);
    expect(await find()).toEqual([]);
  });

  it('leases to one alone, with a ticket of its own, and a later write of others is refused', async () => {
    const waiting = scheduleAttempt(
      makeDelivery({ subscriptionId: subscriptionId(3) }),
      NOW - 2 * HOUR,
      NOW - 20 * HOUR,
      WAITS,
    );
    await journal.saveDelivery(waiting, 0);
    const [entry] = (await listAll(NOW)).filter(({ key }) => key.pk.includes(subscriptionId(3)));
    if (entry === undefined) throw new Error('the delivery is not in the due index');
    const leases = await Promise.all([1, 2, 3].map(() => index.leaseDelivery(entry, NOW + HOUR)));
    expect(leases.filter((lease) => lease !== null)).toEqual([
      { ...waiting, dueAt: NOW + HOUR, ticket: 1, revision: 2 },
    ]);
    expect(await journal.saveDelivery(waiting, 1)).toBe(false);
    expect((await listAll(NOW)).some(({ key }) => key.pk === entry.key.pk)).toBe(false);
  });

  it('leases nothing that is no longer there', async () => {
    expect(await index.leaseDelivery({ key: { pk: 'S#none#0', sk: 'x' }, dueAt: NOW }, NOW + HOUR)).toBeNull();
  });
});
