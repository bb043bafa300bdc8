import { describe, expect, it } from 'vitest';
import type { StatsStore } from '../../functions/core/stats/stats-store.ts';
import { HOUR, NOW } from '../support/domain.ts';
import { freshSubscription, freshTenant, RETENTION_MS, type Subject } from './subject.ts';

const DAY = 24 * HOUR;
const LAST_DAY = { from: NOW - DAY, to: NOW + HOUR };

/** @param processes several of them: each may keep its counters apart */
export function describeStatsStore(
  name: string,
  processes: readonly StatsStore[],
  { setNow }: Pick<Subject<StatsStore>, 'setNow'>,
): void {
  const [store] = processes;
  if (store === undefined) throw new Error('There is no store to describe.');

  describe(`statistics in ${name}`, () => {
    it('add up, over hours, names and processes', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      for (const process of processes) {
        await process.addCounters(tenant, one, NOW, { success: 2, '2xx': 2 });
        await process.addCounters(tenant, one, NOW + HOUR - 1, { success: 1, timeout: 1 });
        await process.addCounters(tenant, one, NOW - HOUR, { failed: 5 });
      }
      const times = processes.length;
      expect(await store.readSubscriptionCounters(tenant, one, LAST_DAY)).toEqual(
        new Map([
          [NOW - HOUR, { failed: 5 * times }],
          [NOW, { success: 3 * times, '2xx': 2 * times, timeout: times }],
        ]),
      );
    });

    it('lose nothing when many are added at the same moment', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      const additions = Array.from({ length: 20 }, (_, index) =>
        (processes[index % processes.length] ?? store).addCounters(tenant, one, NOW, { success: 1 }),
      );
      await Promise.all(additions);
      expect(await store.readSubscriptionCounters(tenant, one, LAST_DAY)).toEqual(new Map([[NOW, { success: 20 }]]));
    });

    it('hold the hours of a range, and no others, also over days', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      const hours = [-49, -48, -47, -24, -1, 0, 1].map((away) => NOW + away * HOUR);
      for (const hour of hours) await store.addCounters(tenant, one, hour, { success: 1 });
      const range = { from: NOW - 48 * HOUR, to: NOW };
      const expected = [-48, -47, -24, -1].map((away) => NOW + away * HOUR);
      expect([...(await store.readSubscriptionCounters(tenant, one, range)).keys()].toSorted()).toEqual(expected);
      expect([...((await store.readTenantCounters(tenant, range, 100)) ?? []).keys()].toSorted()).toEqual(expected);
    });

    it('of a tenant are the sum over its subscriptions, and not over another tenant’s', async () => {
      setNow(NOW);
      const [tenant, other] = [freshTenant(), freshTenant()];
      const subscriptions = Array.from({ length: 12 }, freshSubscription);
      for (const one of subscriptions) await store.addCounters(tenant, one, NOW, { success: 1, ms_4: 1 });
      await store.addCounters(other, subscriptions[0] ?? '', NOW, { success: 100 });
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
      for (let count = 0; count < 5; count += 1)
        await store.addCounters(tenant, freshSubscription(), NOW, { failed: 1 });
      expect(await store.readTenantCounters(tenant, LAST_DAY, 4)).toBeNull();
      expect(await store.readTenantCounters(tenant, LAST_DAY, 5)).toEqual(new Map([[NOW, { failed: 5 }]]));
    });

    it('are forgotten after their retention', async () => {
      setNow(NOW);
      const [tenant, one] = [freshTenant(), freshSubscription()];
      await store.addCounters(tenant, one, NOW, { success: 1 });
      setNow(NOW + RETENTION_MS + HOUR - 1_000);
      expect((await store.readSubscriptionCounters(tenant, one, LAST_DAY)).size).toBe(1);
      setNow(NOW + RETENTION_MS + HOUR);
      expect((await store.readSubscriptionCounters(tenant, one, LAST_DAY)).size).toBe(0);
      expect(await store.readTenantCounters(tenant, LAST_DAY, 100)).toEqual(new Map());
    });
  });
}
