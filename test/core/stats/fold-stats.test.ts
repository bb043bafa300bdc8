import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Counters, mergeCounters } from '../../../functions/core/stats/counters.ts';
import { foldStats } from '../../../functions/core/stats/fold-stats.ts';
import type { StatsStore } from '../../../functions/core/stats/stats-store.ts';
import { HOUR, MINUTE, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryStats } from '../../support/memory-stats.ts';

const RANGE = { from: NOW, to: NOW + 2 * HOUR };
const AFTER_ALL = NOW + 2 * HOUR;
const SUBSCRIPTIONS = [1, 2, 3, 4].map((number) => subscriptionId(number));

/** What becomes of a call: it is made, it fails and has no effect, or it has its effect and its answer is lost. */
const Fate = fc.constantFrom('made', 'made', 'made', 'refused', 'lost');
type Fate = 'made' | 'refused' | 'lost';

/** A batch in one of few seconds around the end of an hour, so that minutes have several and hours differ. */
const Batch = fc.record({
  at: fc.integer({ min: 0, max: 12 }).map((steps) => NOW + HOUR - 2 * MINUTE + steps * 20_000),
  counted: fc.uniqueArray(
    fc.record({
      tenantId: fc.constantFrom('acme', 'other'),
      subscriptionId: fc.constantFrom(...SUBSCRIPTIONS),
      counters: fc
        .dictionary(fc.constantFrom('success', 'timeout', 'ms_4'), fc.integer({ min: 1, max: 9 }), { minKeys: 1 })
        .map((counters): Counters => ({ ...counters })),
    }),
    { selector: ({ tenantId, subscriptionId: id }) => `${tenantId} ${id}`, minLength: 1 },
  ),
});
type Batch = typeof Batch extends fc.Arbitrary<infer T> ? T : never;

/** One run of `sweep`, with what happens to its writes and when it begins. */
const Run = fc.record({
  now: fc.integer({ min: 0, max: 10 }).map((minutes) => NOW + HOUR - 2 * MINUTE + minutes * MINUTE),
  fates: fc.infiniteStream(Fate),
  steps: fc.integer({ min: 0, max: 5 }),
});
type Run = typeof Run extends fc.Arbitrary<infer T> ? T : never;

const MAX_SUMS = 3;

/** A store some of whose writes fail, in an order that the scheduler chooses. */
function unreliable(store: StatsStore, fates: Iterator<Fate>, scheduler: fc.Scheduler): StatsStore {
  const suffer = async <T>(write: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve());
    const fate = fates.next().value;
    if (fate === 'refused') throw new Error('refused');
    const result = await write();
    if (fate === 'lost') throw new Error('lost');
    return result;
  };
  return {
    putRecord: store.putRecord.bind(store),
    readRecords: store.readRecords.bind(store),
    addCounters: (at, counted, span) => suffer(() => store.addCounters(at, counted, span)),
    readFolded: () => suffer(() => store.readFolded()),
    moveFolded: (through) => suffer(() => store.moveFolded(through)),
    readSubscriptionCounters: store.readSubscriptionCounters.bind(store),
    readTenantCounters: store.readTenantCounters.bind(store),
  };
}

async function sweepAtOnce(store: StatsStore, runs: readonly Run[], scheduler: fc.Scheduler): Promise<void> {
  const sweeps = runs.map(({ now, fates, steps }) => {
    let left = steps;
    const hasTime = () => {
      left -= 1;
      return left >= 0;
    };
    return foldStats({ store: unreliable(store, fates, scheduler), maxSums: MAX_SUMS, now: () => now, hasTime });
  });
  await scheduler.waitFor(Promise.allSettled(sweeps));
}

const sweepWhole = (store: StatsStore) =>
  foldStats({ store, maxSums: MAX_SUMS, now: () => AFTER_ALL, hasTime: () => true });

async function countersOf(store: StatsStore): Promise<Record<string, Record<string, Counters>>> {
  const entries = ['acme', 'other'].flatMap((tenant) =>
    SUBSCRIPTIONS.map(async (id) => {
      const hours = await store.readSubscriptionCounters(tenant, id, RANGE);
      return [`${tenant} ${id}`, Object.fromEntries(hours)] as const;
    }),
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** The same from the batches themselves. */
function sumsOf(batches: readonly Batch[]): Record<string, Record<string, Counters>> {
  const sums: Record<string, Record<string, Counters>> = {};
  for (const tenant of ['acme', 'other']) for (const id of SUBSCRIPTIONS) sums[`${tenant} ${id}`] = {};
  for (const { at, counted } of batches) {
    const hour = Math.floor(at / HOUR) * HOUR;
    for (const { tenantId, subscriptionId: id, counters } of counted) {
      const ofOne = sums[`${tenantId} ${id}`] ?? {};
      ofOne[hour] = mergeCounters([ofOne[hour] ?? {}, counters]);
    }
  }
  return sums;
}

it('sums are the same whatever fails, is repeated, breaks off or runs at the same moment', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Batch, { maxLength: 12 }),
      fc.array(fc.array(Run, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
      fc.scheduler(),
      async (batches, rounds, scheduler) => {
        const store = new MemoryStats(() => AFTER_ALL);
        for (const { at, counted } of batches) await store.putRecord(at, counted);
        for (const runs of rounds) await sweepAtOnce(store, runs, scheduler);
        await sweepWhole(store);
        expect(await countersOf(store)).toEqual(sumsOf(batches));
      },
    ),
  );
});

it('what comes after its minute was folded is left out at most, and makes nothing count twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Batch, { maxLength: 8 }),
      fc.array(fc.record({ late: Batch, runs: fc.array(Run, { minLength: 1, maxLength: 2 }) }), { maxLength: 5 }),
      fc.scheduler(),
      async (batches, rounds, scheduler) => {
        const store = new MemoryStats(() => AFTER_ALL);
        for (const { at, counted } of batches) await store.putRecord(at, counted);
        for (const { late, runs } of rounds) {
          await sweepAtOnce(store, runs, scheduler);
          await store.putRecord(late.at, late.counted);
        }
        await sweepWhole(store);
        const most = sumsOf([...batches, ...rounds.map(({ late }) => late)]);
        for (const [subscription, hours] of Object.entries(await countersOf(store))) {
          for (const [hour, counters] of Object.entries(hours)) {
            for (const [name, count] of Object.entries(counters))
              expect(count).toBeLessThanOrEqual(most[subscription]?.[hour]?.[name] ?? 0);
          }
        }
      },
    ),
  );
});

it('a minute is added up once for each subscription, a minute after its end', async () => {
  const store = new MemoryStats();
  const add = store.addCounters.bind(store);
  const added: Counters[] = [];
  store.addCounters = async (at, counted, span) => {
    added.push(counted.counters);
    await add(at, counted, span);
  };
  const counted = [{ tenantId: 'acme', subscriptionId: subscriptionId(), counters: { success: 1 } }];
  for (const at of [NOW, NOW + 30_000, NOW + MINUTE - 1, NOW + MINUTE]) await store.putRecord(at, counted);
  const sweep = (now: number) => foldStats({ store, maxSums: MAX_SUMS, now: () => now, hasTime: () => true });
  await sweep(NOW + 2 * MINUTE - 1);
  expect(added).toEqual([]);
  await sweep(NOW + 2 * MINUTE);
  expect(added).toEqual([{ success: 3 }]);
  await sweep(NOW + 3 * MINUTE);
  expect(added).toEqual([{ success: 3 }, { success: 1 }]);
});

it('one addition that fails does not keep the others of its page from being made', async () => {
  const store = new MemoryStats(() => AFTER_ALL);
  const add = store.addCounters.bind(store);
  store.addCounters = async (at, counted, span) => {
    if (counted.subscriptionId === SUBSCRIPTIONS[0]) throw new Error('throttled');
    await add(at, counted, span);
  };
  const counted = SUBSCRIPTIONS.map((id) => ({ tenantId: 'acme', subscriptionId: id, counters: { success: 1 } }));
  await store.putRecord(NOW, counted);
  await expect(sweepWhole(store)).rejects.toThrow('1 counters could not be added to');
  expect(await store.readTenantCounters('acme', RANGE, 10)).toEqual(new Map([[NOW, { success: 3 }]]));
  store.addCounters = add;
  await sweepWhole(store);
  expect(await store.readTenantCounters('acme', RANGE, 10)).toEqual(new Map([[NOW, { success: 4 }]]));
});

/** Twelve records of one minute, each of one of four subscriptions, and the positions that a sweep moves to. */
async function oneMinute() {
  const store = new MemoryStats(() => AFTER_ALL);
  for (let index = 0; index < 12; index += 1) {
    const counted = { tenantId: 'acme', subscriptionId: SUBSCRIPTIONS[index % 4] ?? '', counters: { success: 1 } };
    await store.putRecord(NOW + index, [counted]);
  }
  const moves: string[] = [];
  const move = store.moveFolded.bind(store);
  store.moveFolded = (through) => {
    moves.push(through);
    return move(through);
  };
  const at = (index: number) => store.records[index]?.position;
  return { store, moves, at };
}

it('keeps no more sums in memory than it may, and gets a page further each time', async () => {
  const { store, moves, at } = await oneMinute();
  await sweepWhole(store);
  expect(moves).toEqual([at(2), at(5), at(8), at(11)]);
});

it('begins no page that it may not have the time to end', async () => {
  const { store, moves, at } = await oneMinute();
  let pages = 2;
  const hasTime = () => {
    pages -= 1;
    return pages >= 0;
  };
  await foldStats({ store, maxSums: MAX_SUMS, now: () => AFTER_ALL, hasTime });
  expect(moves).toEqual([at(2), at(5)]);
});

it('leaves the rest to another sweep that is as far', async () => {
  const { store, moves, at } = await oneMinute();
  const move = store.moveFolded.bind(store);
  store.moveFolded = async (through) => {
    await move(through);
    return move(through);
  };
  await sweepWhole(store);
  expect(moves).toEqual([at(2), at(2)]);
});
