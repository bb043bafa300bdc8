import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createEvents, type JournalOptions } from '../../../functions/adapters/dynamodb/events.ts';
import { createRejectedEvents } from '../../../functions/adapters/dynamodb/rejected-events.ts';
import type { Delivery } from '../../../functions/core/delivery/delivery.ts';
import { HOUR, makeDelivery, NOW, subscriptionId } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const journalOf = (options: JournalOptions) => ({
  ...createEvents(options),
  ...createDeliveries(options),
  ...createRejectedEvents(options),
});
const tables = useTables();
let now = NOW;
const journal = journalOf({ tables, retentionDays: 30, now: () => now });
const WHOLE = { limit: 25, after: null, from: null, to: null };
const all = null;

let number = 0;
let sub = '';
beforeEach(() => {
  now = NOW;
  number += 1;
  sub = subscriptionId(number);
});

interface Page<T> {
  values: T[];
  next: string | null;
}

/** All pages of a list; `between` happens after each. */
async function readAll<T>(read: (after: string | null) => Promise<Page<T>>, between = async () => {}): Promise<T[]> {
  const values: T[] = [];
  let after: string | null = null;
  do {
    const page: Page<T> = await read(after);
    values.push(...page.values);
    after = page.next;
    await between();
  } while (after !== null);
  return values;
}

const newestFirst = (list: readonly Delivery[]) =>
  list
    .map(({ eventAt, eventId }) => `${new Date(eventAt).toISOString()}#${eventId}`)
    .toSorted()
    .reverse();
const keys = (list: readonly Delivery[]) =>
  list.map(({ eventAt, eventId }) => `${new Date(eventAt).toISOString()}#${eventId}`);

/** Deliveries at a few moments, so that many share one. */
function populate(count: number, rest: (index: number) => Partial<Delivery> = () => ({})): Delivery[] {
  return Array.from({ length: count }, (_, index) =>
    makeDelivery({
      subscriptionId: sub,
      eventId: `e${index}`,
      eventAt: NOW - (index % 7) * HOUR,
      status: 'succeeded',
      ...rest(index),
    }),
  );
}

describe('a list that is spread over shards', () => {
  it('is merged, newest first, whatever the size of its pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.nat(20), fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)), {
          maxLength: 40,
          selector: ([, id]) => id,
        }),
        fc.integer({ min: 1, max: 12 }),
        async (entries, limit) => {
          number += 1;
          sub = subscriptionId(number);
          const deliveries = entries.map(([minutes, eventId]) =>
            makeDelivery({ subscriptionId: sub, eventId, eventAt: NOW - minutes * 60_000, status: 'succeeded' }),
          );
          if (deliveries.length > 0) await journal.putSucceededDeliveries(deliveries);
          const listed = await readAll((after) => journal.listDeliveries(sub, { ...WHOLE, limit, after }, all));
          expect(keys(listed)).toEqual(newestFirst(deliveries));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('fills its pages, and says when the last is reached', async () => {
    await journal.putSucceededDeliveries(populate(20));
    const first = await journal.listDeliveries(sub, { ...WHOLE, limit: 10 }, all);
    expect(first.values).toHaveLength(10);
    const second = await journal.listDeliveries(sub, { ...WHOLE, limit: 10, after: first.next }, all);
    expect(second.values).toHaveLength(10);
    expect(second.next).toBeNull();
  });

  it('shows each once, although others come and go between its pages', async () => {
    const old = populate(30);
    await journal.putSucceededDeliveries(old);
    let round = 0;
    const listed = await readAll(
      (after) => journal.listDeliveries(sub, { ...WHOLE, limit: 4, after }, all),
      async () => {
        round += 1;
        await journal.putSucceededDeliveries([
          makeDelivery({ subscriptionId: sub, eventId: `new${round}`, eventAt: NOW + round, status: 'succeeded' }),
        ]);
      },
    );
    expect(keys(listed)).toEqual(newestFirst(old));
  });

  it('holds both ends of a range of time', async () => {
    await journal.putSucceededDeliveries(populate(21));
    const between = (from: number | null, to: number | null) =>
      journal
        .listDeliveries(sub, { ...WHOLE, limit: 100, from, to }, all)
        .then(({ values }) => [...new Set(values.map(({ eventAt }) => (NOW - eventAt) / HOUR))].toSorted());
    expect(await between(NOW - 3 * HOUR, NOW - HOUR)).toEqual([1, 2, 3]);
    expect(await between(NOW - 3 * HOUR + 1, NOW - HOUR - 1)).toEqual([2]);
    expect(await between(null, NOW - 5 * HOUR)).toEqual([5, 6]);
    expect(await between(NOW - HOUR, null)).toEqual([0, 1]);
  });

  it('is empty where a range ends before it begins, and after the end of it', async () => {
    await journal.putSucceededDeliveries(populate(3));
    const empty = { values: [], next: null };
    expect(await journal.listDeliveries(sub, { ...WHOLE, from: NOW, to: NOW - HOUR }, all)).toEqual(empty);
    const after = `${new Date(NOW - 9 * HOUR).toISOString()}#e1`;
    expect(await journal.listDeliveries(sub, { ...WHOLE, from: NOW - HOUR, after }, all)).toEqual(empty);
  });

  it('leaves out what has expired', async () => {
    await journal.putSucceededDeliveries(populate(3));
    now = NOW + 30 * 24 * HOUR;
    expect(await journal.listDeliveries(sub, WHOLE, all)).toEqual({ values: [], next: null });
  });

  it('with a filter reads only so much at once, and the cursor says how far it got', async () => {
    await journal.putSucceededDeliveries(populate(700, (index) => ({ eventType: index === 699 ? 'rare' : 'usual' })));
    const rare = ({ eventType }: Delivery) => eventType === 'rare';
    let pages = 0;
    const found = await readAll((after) => {
      pages += 1;
      return journal.listDeliveries(sub, { ...WHOLE, after }, rare);
    });
    expect(found.map(({ eventId }) => eventId)).toEqual(['e699']);
    expect(pages).toBe(2);
    const none = await readAll((after) => journal.listDeliveries(sub, { ...WHOLE, after }, () => false));
    expect(none).toEqual([]);
  });
});

describe('deliveries of one status', () => {
  it('are found at once among many that succeeded', async () => {
    await journal.putSucceededDeliveries(populate(60));
    const failed = makeDelivery({ subscriptionId: sub, eventId: 'bad', eventAt: NOW - 3 * HOUR, status: 'failed' });
    await journal.saveDelivery(failed, 0);
    const page = await journal.listDeliveriesByStatus(sub, 'failed', WHOLE, all);
    expect(page).toEqual({ values: [{ ...failed, revision: 1 }], next: null });
    expect((await journal.listDeliveriesByStatus(sub, 'pending', WHOLE, all)).values).toEqual([]);
  });

  it('leave the list when their status changes, even for one that has a cursor into it', async () => {
    const failed = populate(9, () => ({ status: 'failed' }));
    await Promise.all(failed.map((one) => journal.saveDelivery(one, 0)));
    const first = await journal.listDeliveriesByStatus(sub, 'failed', { ...WHOLE, limit: 4 }, all);
    const last = first.values.at(-1);
    if (last === undefined) throw new Error('the first page is empty');
    await journal.saveDelivery({ ...last, status: 'succeeded' }, 1);
    const second = await journal.listDeliveriesByStatus(sub, 'failed', { ...WHOLE, after: first.next }, all);
    expect(keys([...first.values, ...second.values])).toEqual(newestFirst(failed));
    expect((await journal.listDeliveriesByStatus(sub, 'failed', WHOLE, all)).values).toHaveLength(8);
  });

  it('are paged', async () => {
    const parked = populate(33, () => ({ status: 'parked' }));
    await Promise.all(parked.map((one) => journal.saveDelivery(one, 0)));
    const listed = await readAll((after) =>
      journal.listDeliveriesByStatus(sub, 'parked', { ...WHOLE, limit: 5, after }, all),
    );
    expect(keys(listed)).toEqual(newestFirst(parked));
  });
});
