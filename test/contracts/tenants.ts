import { beforeEach, describe, expect, it } from 'vitest';
import type { Tenant } from '../../functions/core/tenant/tenant.ts';
import type { TenantStore } from '../../functions/core/tenant/tenant-store.ts';
import { NOW } from '../support/domain.ts';
import { freshTenant, readPages, type Subject } from './subject.ts';

/** @param subject whose list of tenants holds no tenants but those of this contract */
export function describeTenantStore(name: string, { store, losing }: Subject<TenantStore>): void {
  describe(`a tenant in ${name}`, () => {
    let id = '';
    beforeEach(() => {
      id = freshTenant();
    });
    const makeTenant = (rest: Partial<Tenant> = {}): Tenant => ({
      id,
      name: null,
      metadata: {},
      defaultProfile: null,
      defaultMaxPerSecond: null,
      defaultMaxConcurrent: null,
      signingKey: null,
      createdAt: NOW,
      updatedAt: NOW,
      revision: 0,
      ...rest,
    });

    it.each<[string, Partial<Tenant>]>([
      ['with nothing', {}],
      [
        'with everything',
        {
          name: 'Acme',
          metadata: { plan: 'gold' },
          defaultProfile: 'keypay',
          defaultMaxPerSecond: 2.5,
          defaultMaxConcurrent: 3,
          signingKey: 'sealed',
        },
      ],
      [
        'with any characters',
        { name: 'Ümlaut 😀 \u0000 \ufeff', metadata: { '': 'empty', 日本: '\n', constructor: '' } },
      ],
      [
        'as large as it may be',
        { metadata: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`ü${i}`, '😀'.repeat(256)])) },
      ],
    ])('comes back as it was (%s)', async (_, rest) => {
      expect(await store.saveTenant(makeTenant(rest), 0)).toBe(true);
      expect(await store.getTenant(id)).toEqual(makeTenant({ ...rest, revision: 1 }));
      expect(await store.getTenantKey(id)).toBe(rest.signingKey ?? null);
    });

    it('that is absent is null, and has no key', async () => {
      expect(await store.getTenant(id)).toBeNull();
      expect(await store.getTenantKey(id)).toBeNull();
    });

    it('is written only over the revision that was read', async () => {
      expect(await store.saveTenant(makeTenant({ name: 'a' }), 1)).toBe(false);
      expect(await store.getTenant(id)).toBeNull();
      expect(await store.saveTenant(makeTenant({ name: 'a' }), 0)).toBe(true);
      expect(await store.saveTenant(makeTenant({ name: 'b' }), 0)).toBe(false);
      expect(await store.saveTenant(makeTenant({ name: 'b' }), 2)).toBe(false);
      expect(await store.saveTenant(makeTenant({ name: 'b', revision: 7 }), 1)).toBe(true);
      expect(await store.getTenant(id)).toEqual(makeTenant({ name: 'b', revision: 2 }));
    });

    it('that several write at the same moment is written by one of them', async () => {
      const saved = await Promise.all(['a', 'b', 'c'].map((text) => store.saveTenant(makeTenant({ name: text }), 0)));
      expect(saved.filter((one) => one)).toHaveLength(1);
      expect(await store.getTenant(id)).toMatchObject({ name: ['a', 'b', 'c'][saved.indexOf(true)], revision: 1 });
    });

    it('that is made by its first use has nothing but its id', async () => {
      await store.createTenant(id, NOW);
      expect(await store.getTenant(id)).toEqual(makeTenant({ revision: 1 }));
    });

    it('that is made by its first use stays as it is if it is there', async () => {
      await store.saveTenant(makeTenant({ name: 'Acme' }), 0);
      await store.createTenant(id, NOW + 1);
      expect(await store.getTenant(id)).toEqual(makeTenant({ name: 'Acme', revision: 1 }));
    });

    it('that is deleted is absent, stays absent, and can be made anew', async () => {
      await store.saveTenant(makeTenant({ name: 'old' }), 0);
      await store.deleteTenant(id);
      await store.deleteTenant(id);
      expect(await store.getTenant(id)).toBeNull();
      expect(await store.saveTenant(makeTenant(), 1)).toBe(false);
      await store.createTenant(id, NOW + 5);
      expect(await store.getTenant(id)).toEqual(makeTenant({ createdAt: NOW + 5, updatedAt: NOW + 5, revision: 1 }));
    });

    if (losing !== null) {
      it('whose write had its effect is written, although the answer was lost', async () => {
        await losing(() => store.createTenant(id, NOW));
        expect(await losing(() => store.saveTenant(makeTenant({ name: 'b' }), 1))).toBe(true);
        expect(await store.getTenant(id)).toEqual(makeTenant({ name: 'b', revision: 2 }));
      });
    }
  });

  describe(`the list of tenants in ${name}`, () => {
    const list = (limit: number) => readPages((after) => store.listTenants(limit, after));
    const createdAt = (hour: number) => NOW + hour * 3_600_000;
    beforeEach(async () => {
      for (const { id } of await list(100)) await store.deleteTenant(id);
      // In no order; two were created in the same millisecond.
      for (const [id, hour] of [
        ['t3', 3],
        ['t1', 1],
        ['t5', 4],
        ['t2', 2],
        ['t4', 4],
      ] as const)
        await store.createTenant(id, createdAt(hour));
    });
    const ids = (tenants: readonly Tenant[]) => tenants.map(({ id }) => id);
    const ALL = ['t5', 't4', 't3', 't2', 't1'];

    it.each([1, 2, 3, 5, 6, 100])('is newest first, whole, in pages of %i', async (limit) => {
      expect(ids(await list(limit))).toEqual(ALL);
    });

    it('has no page after its last tenant', async () => {
      const first = await store.listTenants(5, null);
      expect(first).toMatchObject({ values: { length: 5 }, next: null });
    });

    it('goes on at its cursor, although the tenant there was deleted and newer ones have come', async () => {
      const first = await store.listTenants(2, null);
      await store.deleteTenant('t4');
      await store.createTenant('t6', createdAt(6));
      const rest = await store.listTenants(10, first.next);
      expect(ids(rest.values)).toEqual(['t3', 't2', 't1']);
      expect(ids(await list(2))).toEqual(['t6', 't5', 't3', 't2', 't1']);
    });

    it('has tenants as they are now, where they were', async () => {
      const t2 = await store.getTenant('t2');
      if (t2 === null) throw new Error('t2 is gone');
      await store.saveTenant({ ...t2, name: 'renamed', updatedAt: createdAt(9) }, t2.revision);
      const listed = await list(3);
      expect(ids(listed)).toEqual(ALL);
      expect(listed[3]).toEqual({ ...t2, name: 'renamed', updatedAt: createdAt(9), revision: 2 });
    });

    it('can be filtered, and its pages still have all that fit', async () => {
      const isOdd = ({ id }: Tenant) => ['t1', 't3', 't5'].includes(id);
      const found = await readPages((after) => store.listTenants(1, after, isOdd));
      expect(ids(found)).toEqual(['t5', 't3', 't1']);
    });

    it('that is empty has one page', async () => {
      for (const id of ALL) await store.deleteTenant(id);
      expect(await store.listTenants(10, null)).toEqual({ values: [], next: null });
    });
  });
}
