import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Counters } from '../../functions/core/stats/counters.ts';
import { foldStats } from '../../functions/core/stats/fold-stats.ts';
import { BEFORE_ALL, type StatsRecord, type StatsStore } from '../../functions/core/stats/stats-store.ts';
import { HOUR, MINUTE, NOW } from '../support/domain.ts';
import { freshSubscription, freshTenant, RETENTION_MS, type Subject } from './subject.ts';

const DAY = 24 * HOUR;
const LAST_DAY = { from: NOW - DAY, to: NOW + HOUR };

let spans = 0;
const positionOf = (number: number) => String(number).padStart(6, '0');
function nextSpan() {
  spans += 1;
  return { after: positionOf(spans), through: positionOf(spans + 1) };
}

export function describeStatsStore(name: string, { store, setNow }: Subject<StatsStore>): void {
  const add = (tenantId: string, subscriptionId: string, at: number, counters: Counters, span = nextSpan()) =>
    store.addCounters(at, { tenantId, subscriptionId, counters }, span);
  async function read(after: string, before: number): Promise<StatsRecord[]> {
    const records: StatsRecord[] = [];
    for await (const record of store.readRecords(after, before)) records.push(record);
    return records;
  }

  describe(`records of statistics in ${name}`, () => {
    it('come back in the order of time, from a position to a moment', async () => {
      const tenantId = freshTenant();
      // Enough for each shard to have some.
      const times = Array.from({ length: 40 }, (_, index) => NOW - 3 * HOUR + index * 1_000);
      const counted = (at: number) => [
        { tenantId, subscriptionId: freshSubscription(), counters: { success: 1, ms_4: at % 7 } },
        { tenantId, subscriptionId: freshSubscription(), counters: { failed: 2 } },
      ];
      const made = times.map((at) => ({ at, counted: counted(at) }));
      setNow(NOW);
      for (const one of made.toReversed()) await store.putRecord(one.at, one.counted);
      const all = await read(BEFORE_ALL, NOW - 2 * HOUR);
      expect(all.map(({ at, counted }) => ({ at, counted }))).toEqual(made);
      expect(all.map(({ position }) => position)).toEqual(all.map(({ position }) => position).toSorted());
      expect(await read(all[9]?.position ?? '', times[30] ?? 0)).toEqual(all.slice(10, 30));
      expect(await read(all[39]?.position ?? '', NOW - 2 * HOUR)).toEqual([]);
      expect(await read(all[39]?.position ?? '', NOW - 4 * HOUR)).toEqual([]);
    });

    it('come back whole when they are more than one answer holds', async () => {
      const at = NOW - 6 * HOUR;
      setNow(at);
      // DynamoDB's answers have 1 MB: of four shards one has more.
      const tenants = Array.from({ length: 24 }, () => randomBytes(180_000).toString('base64'));
      for (const [index, tenantId] of tenants.entries())
        await store.putRecord(at + index, [{ tenantId, subscriptionId: 'sub', counters: { success: index } }]);
      const all = await read(new Date(at).toISOString(), at + MINUTE);
      expect(all.map(({ at: made }) => made - at)).toEqual(tenants.map((_, index) => index));
      expect(all.every(({ counted }, index) => counted[0]?.tenantId === tenants[index])).toBe(true);
    });

    it('lose none of those made at the same moment, and are forgotten after a day', async () => {
      const at = NOW - HOUR;
      setNow(at);
      const counted = [{ tenantId: freshTenant(), subscriptionId: freshSubscription(), counters: { success: 1 } }];
      await Promise.all(Array.from({ length: 20 }, () => store.putRecord(at, counted)));
      const recent = async () => (await read(new Date(at).toISOString(), at + 1)).length;
      setNow(at + DAY - 1_000);
      expect(await recent()).toBe(20);
      setNow(at + DAY);
      expect(await recent()).toBe(0);
    });

    it('are added once each by two sweeps at the same moment, and by the next ones', async () => {
      const [tenantId, at] = [freshTenant(), NOW + HOUR];
      setNow(at);
      // Without the records of other tests.
      await store.moveFolded(new Date(at).toISOString());
      const subscriptions = Array.from({ length: 7 }, freshSubscription);
      const counted = subscriptions.map((subscriptionId) => ({ tenantId, subscriptionId, counters: { success: 1 } }));
      for (let index = 0; index < 12; index += 1) await store.putRecord(at + index * 20_000, counted);
      const sweep = (after: number) => foldStats({ store, maxSums: 5, now: () => at + after, hasTime: () => true });
      const read = () => store.readTenantCounters(tenantId, { from: at, to: at + HOUR }, 100);
      await sweep(2 * MINUTE - 1);
      expect(await read()).toEqual(new Map());
      await Promise.all([sweep(2 * MINUTE), sweep(3 * MINUTE)]);
      await sweep(3 * MINUTE);
      expect(await read()).toEqual(new Map([[at, { success: 6 * 7 }]]));
      await Promise.all([sweep(10 * MINUTE), sweep(10 * MINUTE)]);
      await sweep(2 * MINUTE);
      expect(await read()).toEqual(new Map([[at, { success: 12 * 7 }]]));
    });

    it('have one position through which they were added, which moves forward only', async () => {
      const before = await store.readFolded();
      const [earlier, later] = [1, 2].map((day) => `${new Date(NOW + day * DAY).toISOString()}#a`);
      expect(await store.moveFolded(earlier ?? '')).toBe(true);
      expect(await store.readFolded()).toBe(earlier);
      expect(await store.moveFolded(earlier ?? '')).toBe(false);
      expect(await store.moveFolded(later ?? '')).toBe(true);
      expect(await store.moveFolded(earlier ?? '')).toBe(false);
      expect(await store.moveFolded(before)).toBe(false);
      expect(await store.readFolded()).toBe(later);
    });
  });

  describe(`statistics in ${name}`, () => {
    it('add up, over hours and names', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      await add(tenant, one, NOW, { success: 2, '2xx': 2 });
      await add(tenant, one, NOW + HOUR - 1, { success: 1, timeout: 1 });
      await add(tenant, one, NOW - HOUR, { failed: 5 });
      expect(await store.readSubscriptionCounters(tenant, one, LAST_DAY)).toEqual(
        new Map([
          [NOW - HOUR, { failed: 5 }],
          [NOW, { success: 3, '2xx': 2, timeout: 1 }],
        ]),
      );
    });

    it('take a span once, also when it comes again after the next, or at the same moment', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      const [first, second] = [nextSpan(), nextSpan()];
      await Promise.all([1, 2, 3].map(() => add(tenant, one, NOW, { success: 1 }, first)));
      await add(tenant, one, NOW, { success: 10 }, second);
      await add(tenant, one, NOW, { success: 1 }, first);
      await add(tenant, one, NOW, { success: 10 }, second);
      expect(await store.readSubscriptionCounters(tenant, one, LAST_DAY)).toEqual(new Map([[NOW, { success: 11 }]]));
      // A part of it was added: none of it is added twice.
      await add(tenant, one, NOW, { success: 100 }, { after: first.through, through: nextSpan().through });
      expect(await store.readSubscriptionCounters(tenant, one, LAST_DAY)).toEqual(new Map([[NOW, { success: 11 }]]));
    });

    it('hold the hours of a range, and no others, also over days', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      const hours = [-49, -48, -47, -24, -1, 0, 1].map((away) => NOW + away * HOUR);
      for (const hour of hours) await add(tenant, one, hour, { success: 1 });
      const range = { from: NOW - 48 * HOUR, to: NOW };
      const expected = [-48, -47, -24, -1].map((away) => NOW + away * HOUR);
      expect([...(await store.readSubscriptionCounters(tenant, one, range)).keys()].toSorted()).toEqual(expected);
      expect([...((await store.readTenantCounters(tenant, range, 100)) ?? []).keys()].toSorted()).toEqual(expected);
    });

    it('of a tenant are the sum over its subscriptions, and not over another tenant’s', async () => {
      setNow(NOW);
      const [tenant, other] = [freshTenant(), freshTenant()];
      const subscriptions = Array.from({ length: 12 }, freshSubscription);
      for (const one of subscriptions) await add(tenant, one, NOW, { success: 1, ms_4: 1 });
      await add(other, subscriptions[0] ?? '', NOW, { success: 100 });
      expect(await store.readTenantCounters(tenant, LAST_DAY, 100)).toEqual(
        new Map([[NOW, { success: 12, ms_4: 12 }]]),
      );
      expect(await store.readSubscriptionCounters(tenant, subscriptions[0] ?? '', LAST_DAY)).toEqual(
        new Map([[NOW, { success: 1, ms_4: 1 }]]),
      );
      expect(await store.readTenantCounters(freshTenant(), LAST_DAY, 100)).toEqual(new Map());
    });

    it('of a tenant are refused when there are more than may be read', async () => {
      setNow(NOW);
      const tenant = freshTenant();
      for (let count = 0; count < 5; count += 1) await add(tenant, freshSubscription(), NOW, { failed: 1 });
      expect(await store.readTenantCounters(tenant, LAST_DAY, 4)).toBeNull();
      expect(await store.readTenantCounters(tenant, LAST_DAY, 5)).toEqual(new Map([[NOW, { failed: 5 }]]));
    });

    it('are forgotten by whole days: the first day that may be asked for is complete', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      await add(tenant, one, NOW, { success: 1 });
      const dayEndsAt = Math.ceil(NOW / DAY) * DAY;
      setNow(dayEndsAt + RETENTION_MS - 1_000);
      expect((await store.readSubscriptionCounters(tenant, one, LAST_DAY)).size).toBe(1);
      setNow(dayEndsAt + RETENTION_MS);
      expect((await store.readSubscriptionCounters(tenant, one, LAST_DAY)).size).toBe(0);
      expect(await store.readTenantCounters(tenant, LAST_DAY, 100)).toEqual(new Map());
    });
  });
}
