import { beforeEach, describe, expect, it } from 'vitest';
import { cancelDelivery, type Delivery } from '../../functions/core/delivery/delivery.ts';
import type { DeliveryStore } from '../../functions/core/delivery/delivery-store.ts';
import type { DueEntry, DueStore } from '../../functions/core/delivery/due-store.ts';
import { sweepDue, type Woken } from '../../functions/core/delivery/sweep.ts';
import { HOUR, makeDelivery, NOW } from '../support/domain.ts';
import { freshSubscription, freshTenant, RETENTION_MS, type Subject } from './subject.ts';

let tenantId = '';
let sub = '';
const due = (dueAt: number, rest: Partial<Delivery> = {}) =>
  makeDelivery({ tenantId, subscriptionId: sub, nextAttemptAt: dueAt, dueAt, ...rest });

/** @param subject whose due index holds nothing but what this contract puts there */
export function describeDueStore(
  name: string,
  {
    store,
    setNow,
    losing,
  }: Subject<DueStore<Delivery> & Pick<DeliveryStore, 'getDelivery' | 'saveDelivery' | 'putSucceededDeliveries'>>,
): void {
  describe(`the due index in ${name}`, () => {
    const listAll = async (now: number): Promise<DueEntry[]> =>
      (await Promise.all(store.shards.map((shard) => store.listDue(shard, now)))).flat();
    const find = async (now: number): Promise<DueEntry> => {
      const [entry, ...others] = await listAll(now);
      if (entry === undefined) throw new Error('nothing is due');
      expect(others).toEqual([]);
      return entry;
    };

    beforeEach(async () => {
      setNow(NOW);
      tenantId = freshTenant();
      sub = freshSubscription();
      // What earlier tests have left is leased to a time that none of them reaches.
      for (let entries = await listAll(FAR); entries.length > 0; entries = await listAll(FAR))
        await Promise.all(entries.map((entry) => store.lease(entry, FAR + 1)));
    });
    const FAR = NOW + 1_000 * RETENTION_MS;

    it('has what waits, from its time on, in one of its shards', async () => {
      const waiting = Array.from({ length: 60 }, (_, index) => due(NOW + HOUR, { eventId: `e${index}` }));
      await Promise.all(waiting.map((one) => store.saveDelivery(one, 0)));
      expect(await listAll(NOW + HOUR - 1)).toEqual([]);
      const entries = await listAll(NOW + HOUR);
      expect(entries).toHaveLength(60);
      expect(new Set(entries.map(({ key }) => `${key.pk} ${key.sk}`)).size).toBe(60);
      expect(entries.every(({ dueAt }) => dueAt === NOW + HOUR)).toBe(true);
    });

    it('gives what is due first, a bounded page at a time', async () => {
      // One event, so one shard.
      const many = Array.from({ length: 230 }, (_, index) =>
        due(NOW - HOUR + ((index * 7_919) % 1_000), { subscriptionId: freshSubscription() }),
      );
      await Promise.all(many.map((one) => store.saveDelivery(one, 0)));
      const seen: number[] = [];
      for (let page = await listAll(NOW); page.length > 0; page = await listAll(NOW)) {
        expect(page.length).toBeLessThanOrEqual(100);
        const leased = await Promise.all(page.map((entry) => store.lease(entry, NOW + HOUR)));
        expect(leased).not.toContain(null);
        seen.push(...page.map(({ dueAt }) => dueAt));
      }
      expect(seen).toEqual(many.map(({ dueAt }) => dueAt ?? 0).toSorted((a, b) => a - b));
    });

    it('loses what has moved, has finished or has succeeded', async () => {
      await store.saveDelivery(due(NOW), 0);
      await store.saveDelivery(due(NOW + HOUR), 1);
      expect(await listAll(NOW)).toEqual([]);
      expect(await find(NOW + HOUR)).toMatchObject({ dueAt: NOW + HOUR });
      await store.saveDelivery(cancelDelivery(due(NOW), NOW, 'c', 'm'), 2);
      expect(await listAll(NOW + HOUR)).toEqual([]);
      await store.saveDelivery(due(NOW), 3);
      expect(await listAll(NOW)).toHaveLength(1);
      await store.putSucceededDeliveries([due(NOW, { status: 'succeeded', nextAttemptAt: null, dueAt: null })]);
      expect(await listAll(FAR)).toEqual([]);
    });

    it('leases to one alone, with a ticket of its own, as a write that others notice', async () => {
      await store.saveDelivery(due(NOW, { ticket: 4 }), 0);
      const entry = await find(NOW);
      const leases = await Promise.all([1, 2, 3].map((index) => store.lease(entry, NOW + HOUR + index)));
      const [lease, ...others] = leases.filter((one) => one !== null);
      expect(others).toEqual([]);
      expect(lease).toEqual(due(NOW, { dueAt: lease?.dueAt ?? null, ticket: 5, revision: 2 }));
      expect(lease?.dueAt).toBe(NOW + HOUR + leases.findIndex((one) => one !== null) + 1);
      expect(await store.getDelivery(due(NOW))).toEqual(lease);
      expect(await store.saveDelivery(due(NOW), 1)).toBe(false);
      expect(await listAll(NOW + HOUR)).toEqual([]);
      expect(await find(NOW + 2 * HOUR)).toMatchObject({ dueAt: lease?.dueAt });
    });

    it('lets two sweeps at the same time wake each delivery once between them', async () => {
      const waiting = Array.from({ length: 120 }, (_, index) => due(NOW, { eventId: `e${index}` }));
      await Promise.all(waiting.map((one) => store.saveDelivery(one, 0)));
      const woken: string[] = [];
      const wake = async (some: readonly Woken<Delivery>[]) =>
        void woken.push(...some.map(({ thing }) => thing.eventId));
      const swept = await Promise.all([1, 2].map(() => sweepDue({ store, wake, now: () => NOW, hasTime: () => true })));
      expect(woken.sort()).toEqual(waiting.map(({ eventId }) => eventId).sort());
      expect(swept.reduce((sum, { woken: count }) => sum + count, 0)).toBe(120);
    });

    it('leases nothing that was moved, has finished or is not there', async () => {
      await store.saveDelivery(due(NOW), 0);
      const entry = await find(NOW);
      await store.saveDelivery(due(NOW + 1), 1);
      expect(await store.lease(entry, NOW + HOUR)).toBeNull();
      await store.saveDelivery(cancelDelivery(due(NOW), NOW, 'c', 'm'), 2);
      expect(await store.lease(entry, NOW + HOUR)).toBeNull();
      expect(await store.getDelivery(due(NOW))).toMatchObject({ status: 'cancelled', dueAt: null, revision: 3 });
      expect(await store.lease({ key: { pk: 'S#none#0', sk: 'x' }, dueAt: NOW }, NOW + HOUR)).toBeNull();
      expect(await listAll(FAR)).toEqual([]);
    });

    it('leases nothing that has expired, and lists it no more', async () => {
      await store.saveDelivery(due(NOW), 0);
      setNow(NOW + RETENTION_MS - 1);
      const entry = await find(NOW + RETENTION_MS);
      const leased = await store.lease(entry, NOW + RETENTION_MS);
      expect(leased).toMatchObject({ ticket: 1 });
      setNow(NOW + RETENTION_MS);
      // The store may not have removed it yet.
      for (const again of await listAll(FAR)) expect(await store.lease(again, FAR)).toBeNull();
      expect(await listAll(FAR)).toEqual([]);
      expect(await store.getDelivery(due(NOW))).toBeNull();
    });

    it('does not hide what is live behind pages of what has expired', async () => {
      const expired = Array.from({ length: 150 }, () => due(NOW, { subscriptionId: freshSubscription() }));
      await Promise.all(expired.map((one) => store.saveDelivery(one, 0)));
      setNow(NOW + RETENTION_MS);
      const live = due(NOW + 1);
      await store.saveDelivery(live, 0);
      const found: Delivery[] = [];
      for (let sweeps = 0; sweeps < 3; sweeps += 1) {
        const leased = await Promise.all((await listAll(NOW + 1)).map((one) => store.lease(one, FAR)));
        found.push(...leased.filter((one) => one !== null));
      }
      expect(found.map(({ subscriptionId }) => subscriptionId)).toEqual([live.subscriptionId]);
    });

    it('leaves what has expired to the next write', async () => {
      await store.saveDelivery(due(NOW), 0);
      const entry = await find(NOW);
      setNow(NOW + RETENTION_MS);
      await store.saveDelivery(due(NOW + HOUR), 0);
      expect(await store.lease(entry, FAR)).toBeNull();
      expect(await find(FAR)).toMatchObject({ dueAt: NOW + HOUR });
    });

    if (losing !== null) {
      it('whose lease had its effect has leased, although the answer was lost', async () => {
        await store.saveDelivery(due(NOW), 0);
        const entry = await find(NOW);
        expect(await losing(() => store.lease(entry, NOW + HOUR))).toEqual(
          due(NOW, { dueAt: NOW + HOUR, ticket: 1, revision: 2 }),
        );
        expect(await store.lease(entry, NOW + HOUR)).toBeNull();
      });
    }
  });
}
