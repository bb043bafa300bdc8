import { beforeEach, describe, expect, it } from 'vitest';
import type { Health } from '../../functions/core/subscription/health.ts';
import { MATCHABLE_FIELDS } from '../../functions/core/subscription/match.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import type {
  FanOutPage,
  MatchableSubscriptions,
  SubscriptionStore,
} from '../../functions/core/subscription/subscription-store.ts';
import type { TenantStore } from '../../functions/core/tenant/tenant-store.ts';
import { makeSubscription, NOW, subscriptionId } from '../support/domain.ts';
import { freshTenant, readPages, type Subject } from './subject.ts';

/** A store that may know only some of the port, and how a subscription gets into it. */
export interface SubscriptionSubject<Store> extends Subject<Store> {
  add: (subscription: Subscription) => Promise<void>;
}

let tenantId = '';
const own = (rest: Partial<Subscription> = {}) => makeSubscription({ tenantId, revision: 0, ...rest });
const numbered = (number: number, rest: Partial<Subscription> = {}) => own({ id: subscriptionId(number), ...rest });
const REASON = { code: 'receiver_gone', message: 'it said 410', at: NOW + 5 };

/** What `ingest` reads. */
export function describeFanOutReads(
  name: string,
  { store, add }: SubscriptionSubject<MatchableSubscriptions & Pick<TenantStore, 'createTenant'>>,
  { manyPages }: { manyPages: Partial<Subscription> },
): void {
  describe(`the subscriptions of a fan-out in ${name}`, () => {
    beforeEach(() => {
      tenantId = freshTenant();
    });
    const events = [{ environment: own().environment, type: 'employee.created' }];
    async function readAll(
      after: string | null = null,
      between: (page: FanOutPage) => Promise<void> = async () => {},
    ): Promise<FanOutPage[]> {
      const pages: FanOutPage[] = [];
      for await (const page of store.readMatchable(tenantId, after, events)) {
        pages.push(page);
        await between(page);
      }
      return pages;
    }
    const idsOf = (pages: readonly FanOutPage[]) =>
      pages.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id));

    it.each([false, true])('of a tenant without any are none, and say whether it is on record (%s)', async (exists) => {
      if (exists) await store.createTenant(tenantId, NOW);
      expect(await readAll()).toEqual([{ tenantExists: exists, subscriptions: [], cursor: null }]);
    });

    it('of a tenant that is not on record are read all the same', async () => {
      await add(own());
      expect(await readAll()).toMatchObject([{ tenantExists: false, subscriptions: [{}] }]);
    });

    it('are oldest first, each with what decides whether it gets an event', async () => {
      await store.createTenant(tenantId, NOW);
      const filter = { data: { big: [12345678901234567000], deep: { a: [{ exists: false }] } } };
      const expiring = { expiresAt: NOW + 1, filter, status: 'paused' as const, hasBeenVerified: false };
      await add(numbered(3));
      await add(numbered(1, expiring));
      await add(numbered(2));
      const [page] = await readAll();
      expect(page).toMatchObject({ tenantExists: true, cursor: null });
      const expected = [numbered(1, expiring), numbered(2), numbered(3)].map((one) => ({ ...one, revision: 1 }));
      expect(page?.subscriptions.map((one) => MATCHABLE_FIELDS.map((field) => one[field]))).toEqual(
        expected.map((one) => MATCHABLE_FIELDS.map((field) => one[field])),
      );
    });

    it("are the tenant's own", async () => {
      await store.createTenant(tenantId, NOW);
      for (const other of [`${tenantId}0`, tenantId.slice(0, -1), `${tenantId}-`]) await add(own({ tenantId: other }));
      expect(await readAll()).toMatchObject([{ tenantExists: true, subscriptions: [] }]);
    });

    it('come in as many pages as it takes, none of them twice, though some come between', async () => {
      await store.createTenant(tenantId, NOW);
      const ids = Array.from({ length: 700 }, (_, index) => subscriptionId(index * 2));
      await Promise.all(ids.map((id) => add(own({ id, ...manyPages }))));
      let round = 0;
      const pages = await readAll(null, async ({ cursor, subscriptions }) => {
        round += 1;
        expect(cursor === null || subscriptions.length > 0).toBe(true);
        // Behind the cursor: the pages that follow do not show it.
        if (round === 1) await add(numbered(1));
      });
      expect(pages.every(({ tenantExists }) => tenantExists)).toBe(true);
      expect(idsOf(pages)).toEqual(ids);
    });

    it('go on after a cursor, whether or not there is a subscription at it', async () => {
      await store.createTenant(tenantId, NOW);
      for (const number of [1, 2, 4]) await add(numbered(number));
      for (const number of [2, 3]) {
        const whole = { tenantExists: true, subscriptions: [{ id: subscriptionId(4) }], cursor: null };
        expect(await readAll(subscriptionId(number))).toMatchObject([whole]);
      }
      expect(await readAll(subscriptionId(4))).toMatchObject([{ subscriptions: [] }]);
    });
  });
}

/** What `deliver` does to a subscription. */
export function describeVerdicts(
  name: string,
  {
    store,
    add,
    losing,
  }: SubscriptionSubject<
    Pick<SubscriptionStore, 'getSubscription' | 'disableSubscription' | 'removeSubscription' | 'saveHealth'>
  >,
): void {
  describe(`a verdict on a subscription in ${name}`, () => {
    beforeEach(() => {
      tenantId = freshTenant();
    });

    const disable = (tenant = tenantId, generation = 0) =>
      store.disableSubscription(tenant, own().id, REASON, generation);
    const remove = (generation: number | null, tenant = tenantId) =>
      store.removeSubscription(tenant, own().id, generation);
    const get = (tenant = tenantId) => store.getSubscription(tenant, own().id);

    it('disables an active one, as a write that others notice', async () => {
      await add(own());
      expect(await disable()).toBe(true);
      expect(await get()).toEqual(own({ status: 'disabled', statusReason: REASON, updatedAt: REASON.at, revision: 2 }));
    });

    it.each(['paused', 'disabled', 'unverified'] as const)('leaves one that is %s as it is', async (status) => {
      const statusReason = status === 'disabled' ? { code: 'earlier', message: 'm', at: NOW } : null;
      await add(own({ status, statusReason }));
      expect(await disable()).toBe(false);
      expect(await get()).toEqual(own({ status, statusReason, revision: 1 }));
    });

    it('of another generation leaves it as it is: it was moved or resumed meanwhile', async () => {
      await add(own({ generation: 3 }));
      for (const generation of [2, 4, 0]) {
        expect(await disable(tenantId, generation)).toBe(false);
        expect(await remove(generation)).toBe(false);
      }
      expect(await get()).toEqual(own({ generation: 3, revision: 1 }));
      expect(await disable(tenantId, 3)).toBe(true);
      expect(await remove(3)).toBe(true);
      expect(await get()).toBeNull();
    });

    it('on one that is absent, or that is another tenant’s, makes and changes nothing', async () => {
      await add(own());
      expect(await disable(`${tenantId}-x`)).toBe(false);
      // It is not there: what was asked for holds.
      expect(await remove(0, `${tenantId}-x`)).toBe(true);
      expect(await remove(null, `${tenantId}-x`)).toBe(true);
      expect(await get(`${tenantId}-x`)).toBeNull();
      expect(await get()).toEqual(own({ revision: 1 }));
    });

    it.each([0, null])(
      'removes one whatever its revision is, and again to no effect (generation: %s)',
      async (generation) => {
        await add(own());
        await disable();
        expect(await remove(generation)).toBe(true);
        expect(await remove(generation)).toBe(true);
        expect(await get()).toBeNull();
      },
    );

    const failing = { since: NOW, failures: 2, warnings: 0, warnedAt: null };
    const lastFailure = { outcome: 'http_error', status: 500, message: 'it answered 500', at: NOW } as const;
    const open = { state: 'open', openedAt: NOW, pauseMs: 30_000, nextProbeAt: NOW + 1, probe: 'attempt' } as const;
    const sick = (revision = 0, generation = 0): Health => ({
      generation,
      revision,
      failing: { ...failing, lastFailure },
      breaker: open,
      slowUntil: NOW + 5,
    });
    const save = (health: Health, tenant = tenantId) => store.saveHealth(tenant, own().id, health);

    it('writes health, and nothing that others would notice', async () => {
      await add(own());
      const first = own({ revision: 1, health: sick(1) });
      expect(await save(sick())).toEqual({ saved: true, subscription: first });
      expect(await get()).toEqual(first);
      const well: Health = { ...sick(1), failing: null, slowUntil: null };
      const second = own({ revision: 1, health: { ...well, revision: 2 } });
      expect(await save(well)).toEqual({ saved: true, subscription: second });
      expect(await get()).toEqual(second);
      expect(await disable()).toBe(true);
      expect(await get()).toMatchObject({ status: 'disabled', health: second.health });
    });

    it('writes health over the one that was read, and else says what stands', async () => {
      await add(own());
      await save(sick());
      const stands = own({ revision: 1, health: sick(1) });
      for (const revision of [0, 2]) {
        expect(await save(sick(revision))).toEqual({ saved: false, subscription: stands });
      }
      expect(await get()).toEqual(stands);
      const saved = await Promise.all([1, 2, 3].map(() => save(sick(1))));
      expect(saved.filter((one) => one.saved)).toHaveLength(1);
    });

    it('does not write health about another generation, nor to one that is absent', async () => {
      await add(own({ generation: 3 }));
      for (const generation of [2, 4]) {
        expect(await save(sick(0, generation))).toEqual({
          saved: false,
          subscription: own({ generation: 3, revision: 1 }),
        });
      }
      expect(await save(sick(0, 3), `${tenantId}-x`)).toEqual({ saved: false, subscription: null });
      expect(await get(`${tenantId}-x`)).toBeNull();
      expect(await save(sick(0, 3))).toMatchObject({ saved: true });
    });

    if (losing !== null) {
      it('writes health once, although the answer was lost', async () => {
        await add(own());
        expect(await losing(() => save(sick()))).toMatchObject({ saved: true, subscription: { health: sick(1) } });
        expect(await losing(() => save(sick(1)))).toMatchObject({ saved: true, subscription: { health: sick(2) } });
      });

      it('has its effect once, although the answer was lost', async () => {
        await add(own());
        expect(await losing(() => disable())).toBe(true);
        expect(await get()).toMatchObject({ status: 'disabled', revision: 2 });
        expect(await losing(() => remove(0))).toBe(true);
        expect(await get()).toBeNull();
      });
    }
  });
}

export function describeSubscriptionStore(name: string, { store, losing }: Subject<SubscriptionStore>): void {
  describe(`a subscription in ${name}`, () => {
    beforeEach(() => {
      tenantId = freshTenant();
    });
    const get = (id = own().id) => store.getSubscription(tenantId, id);

    it.each<[string, Partial<Subscription>]>([
      ['with nothing', { keys: [], eventTypes: [] }],
      [
        'with everything',
        {
          name: 'Ümlaut 😀 \u0000',
          credentials: 'sealed',
          profile: 'own',
          signatureVersions: ['v1', 'v1a'],
          keys: [{ version: 'v1a', sealed: '1.x', createdAt: NOW, endsAt: NOW + 1 }],
          headers: { 'X-A': '', 'x-ü': 'sealed' },
          metadata: { '': 'empty', constructor: 'c', 日本: '\n' },
          filter: { data: { n: [1e300, 12345678901234567000, 0.1], '': [null], list: [[]] } },
          expiresAt: NOW + 1,
          verificationToken: 'sealed',
          hasBeenVerified: false,
          status: 'unverified',
          statusReason: REASON,
          interrupted: { status: 'disabled', statusReason: REASON },
        },
      ],
      ['of 300 KB', { headers: { 'x-long': 'ü'.repeat(150_000) } }],
    ])('comes back as it was (%s)', async (_, rest) => {
      expect(await store.saveSubscription(own(rest), 0)).toBe(true);
      expect(await get()).toEqual(own({ ...rest, revision: 1 }));
      expect((await store.pageSubscriptions(tenantId, 10, null, null)).values).toEqual([own({ ...rest, revision: 1 })]);
    });

    it('keeps a member called __proto__ in its filter', async () => {
      const filter: Record<string, unknown> = JSON.parse('{"data":{"__proto__":["x"]}}');
      await store.saveSubscription(own({ filter }), 0);
      expect(JSON.stringify((await get())?.filter)).toBe('{"data":{"__proto__":["x"]}}');
    });

    it("is its tenant's, and absent to every other", async () => {
      expect(await get()).toBeNull();
      await store.saveSubscription(own(), 0);
      for (const other of [`${tenantId}0`, tenantId.slice(0, -1)]) {
        expect(await store.getSubscription(other, own().id)).toBeNull();
        expect(await store.countSubscriptions(other, 10)).toBe(0);
        expect((await store.pageSubscriptions(other, 10, null, null)).values).toEqual([]);
      }
    });

    it('is written only over the revision that was read', async () => {
      expect(await store.saveSubscription(own({ name: 'a' }), 1)).toBe(false);
      expect(await get()).toBeNull();
      expect(await store.saveSubscription(own({ name: 'a' }), 0)).toBe(true);
      expect(await store.saveSubscription(own({ name: 'b' }), 0)).toBe(false);
      expect(await store.saveSubscription(own({ name: 'b' }), 2)).toBe(false);
      expect(await store.saveSubscription(own({ name: 'b', revision: 9 }), 1)).toBe(true);
      expect(await get()).toEqual(own({ name: 'b', revision: 2 }));
    });

    it('keeps its health whatever is written of it, and a profile of its own only as long as it has it', async () => {
      const health: Health = {
        generation: 0,
        revision: 0,
        failing: null,
        breaker: { state: 'closed', unavailable: 3, recovery: null },
        slowUntil: NOW,
      };
      await store.saveSubscription(own({ profile: 'own' }), 0);
      const read = own({ profile: 'own', revision: 1 });
      expect(await store.saveHealth(tenantId, read.id, health)).toMatchObject({ saved: true });
      expect(await store.saveSubscription({ ...read, name: 'b', profile: 'standard' }, 1)).toBe(true);
      expect(await get()).toEqual(own({ name: 'b', revision: 2, health: { ...health, revision: 1 } }));
    });

    it('that several write at the same moment is written by one of them', async () => {
      await store.saveSubscription(own(), 0);
      const names = ['a', 'b', 'c'];
      const saved = await Promise.all(names.map((text) => store.saveSubscription(own({ name: text }), 1)));
      expect(saved.filter((one) => one)).toHaveLength(1);
      expect(await get()).toMatchObject({ name: names[saved.indexOf(true)], revision: 2 });
    });

    it('that was disabled since it was read is neither written over nor deleted', async () => {
      await store.saveSubscription(own(), 0);
      await store.disableSubscription(tenantId, own().id, REASON, 0);
      expect(await store.saveSubscription(own({ name: 'late' }), 1)).toBe(false);
      expect(await store.deleteSubscription(own({ revision: 1 }))).toBe(false);
      expect(await get()).toMatchObject({ status: 'disabled', name: null });
    });

    it('is deleted only as it was read, and stays deleted', async () => {
      await store.saveSubscription(own(), 0);
      expect(await store.deleteSubscription(own({ revision: 2 }))).toBe(false);
      expect(await store.deleteSubscription(own({ revision: 1, tenantId: `${tenantId}-x` }))).toBe(true);
      expect(await get()).not.toBeNull();
      expect(await store.deleteSubscription(own({ revision: 1 }))).toBe(true);
      expect(await store.deleteSubscription(own({ revision: 1 }))).toBe(true);
      expect(await get()).toBeNull();
      expect(await store.saveSubscription(own(), 1)).toBe(false);
    });

    if (losing !== null) {
      it('whose write had its effect is written or deleted, although the answer was lost', async () => {
        expect(await losing(() => store.saveSubscription(own(), 0))).toBe(true);
        expect(await losing(() => store.saveSubscription(own({ name: 'b' }), 1))).toBe(true);
        expect(await get()).toEqual(own({ name: 'b', revision: 2 }));
        expect(await losing(() => store.deleteSubscription(own({ revision: 2 })))).toBe(true);
        expect(await get()).toBeNull();
      });
    }

    it('is seen at once by every read', async () => {
      for (let number = 1; number <= 5; number += 1) {
        await store.saveSubscription(numbered(number), 0);
        expect((await store.pageSubscriptions(tenantId, 10, null, null)).values[0]?.id).toBe(subscriptionId(number));
        expect(await store.countSubscriptions(tenantId, 10)).toBe(number);
      }
    });
  });

  describe(`a tenant's list of subscriptions in ${name}`, () => {
    beforeEach(async () => {
      tenantId = freshTenant();
      for (const number of [3, 1, 5, 2, 4])
        await store.saveSubscription(numbered(number, { status: number % 2 === 0 ? 'paused' : 'active' }), 0);
    });
    const paused = ({ status }: Subscription) => status === 'paused';
    const list = (limit: number, matches: typeof paused | null) =>
      readPages((after) => store.pageSubscriptions(tenantId, limit, after, matches)).then((all) =>
        all.map(({ id }) => id),
      );

    it.each([1, 2, 3, 5, 6, 100])('is newest first, whole, in pages of %i', async (limit) => {
      expect(await list(limit, null)).toEqual([5, 4, 3, 2, 1].map(subscriptionId));
      expect(await list(limit, paused)).toEqual([4, 2].map(subscriptionId));
      expect(await list(limit, () => false)).toEqual([]);
    });

    it('has no page after its last subscription', async () => {
      expect(await store.pageSubscriptions(tenantId, 5, null, null)).toMatchObject({ next: null });
      expect(await store.pageSubscriptions(tenantId, 2, null, paused)).toMatchObject({ values: { length: 2 } });
      expect(await store.pageSubscriptions(`${tenantId}-none`, 5, null, null)).toEqual({ values: [], next: null });
    });

    it('goes on at its cursor, although the subscription there was deleted and newer ones have come', async () => {
      const first = await store.pageSubscriptions(tenantId, 2, null, null);
      await store.removeSubscription(tenantId, subscriptionId(4), null);
      await store.saveSubscription(numbered(6), 0);
      const rest = await store.pageSubscriptions(tenantId, 10, first.next, null);
      expect(rest.values.map(({ id }) => id)).toEqual([3, 2, 1].map(subscriptionId));
    });

    it('is counted up to what is asked for', async () => {
      for (const upTo of [1, 4, 5, 6, 1_000])
        expect(await store.countSubscriptions(tenantId, upTo)).toBe(Math.min(5, upTo));
      expect(await store.countSubscriptions(`${tenantId}-none`, 10)).toBe(0);
    });
  });

  describe(`large subscriptions in ${name}`, () => {
    it('are listed and counted whole, though a store gives them in several answers', async () => {
      tenantId = freshTenant();
      const headers = { 'x-long': 'x'.repeat(300_000) };
      for (let number = 1; number <= 9; number += 1) await store.saveSubscription(numbered(number, { headers }), 0);
      const listed = await readPages((after) => store.pageSubscriptions(tenantId, 5, after, null));
      expect(listed.map(({ id }) => id)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1].map(subscriptionId));
      expect(await store.countSubscriptions(tenantId, 100)).toBe(9);
    });
  });
}
