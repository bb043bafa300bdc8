import { beforeEach, describe, expect, it } from 'vitest';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createKnownTypes } from '../../../functions/adapters/dynamodb/known-types.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import type { EventType } from '../../../functions/core/event/event-type.ts';
import type { Subscription } from '../../../functions/core/subscription/subscription.ts';
import type { Tenant } from '../../../functions/core/tenant/tenant.ts';
import { makeEventType, makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const tables = useTables();
const catalog = { ...createTenants(tables), ...createSubscriptions(tables), ...createEventTypes(tables) };
let number = 0;
let tenantId = '';
beforeEach(() => {
  number += 1;
  tenantId = `tenant-${number}`;
});

const makeTenant = (rest: Partial<Tenant> = {}): Tenant => ({
  id: tenantId,
  name: null,
  metadata: {},
  defaultProfile: null,
  signingKey: null,
  createdAt: NOW,
  updatedAt: NOW,
  revision: 0,
  ...rest,
});
const own = (rest: Partial<Subscription> = {}) => makeSubscription({ tenantId, revision: 0, ...rest });
const makeType = (name: string, rest: Partial<EventType> = {}): EventType =>
  makeEventType({
    name,
    schema: '{"type":"object","required":["id"]}',
    example: '{"n":1.0,"10":1,"9":2}',
    validate: true,
    ...rest,
  });

describe('tenants', () => {
  it('come back as they were, and are written only over what was read', async () => {
    const tenant = makeTenant({ name: 'Ümlaut 😀', metadata: { plan: 'gold', '': 'empty' } });
    expect(await catalog.getTenant(tenantId)).toBeNull();
    expect(await catalog.saveTenant(tenant, 1)).toBe(false);
    expect(await catalog.saveTenant(tenant, 0)).toBe(true);
    expect(await catalog.saveTenant(tenant, 0)).toBe(false);
    expect(await catalog.getTenant(tenantId)).toEqual({ ...tenant, revision: 1 });
    expect(await catalog.saveTenant({ ...tenant, name: null }, 1)).toBe(true);
    expect(await catalog.getTenant(tenantId)).toMatchObject({ name: null, revision: 2 });
  });

  it('that are made by their first use leave one that is there as it is', async () => {
    await catalog.saveTenant(makeTenant({ name: 'Acme' }), 0);
    await catalog.createTenant(tenantId, NOW + 1);
    expect(await catalog.getTenant(tenantId)).toMatchObject({ name: 'Acme', createdAt: NOW });
  });

  it('are listed newest first, page by page, without what is deleted', async () => {
    for (let index = 0; index < 7; index += 1)
      await catalog.saveTenant(makeTenant({ id: `${tenantId}-${index}`, createdAt: NOW + 1_000_000 + index }), 0);
    await catalog.deleteTenant(`${tenantId}-3`);
    const first = await catalog.listTenants(4, null);
    expect(first.values.map(({ id }) => id.at(-1))).toEqual(['6', '5', '4', '2']);
    const second = await catalog.listTenants(2, first.next);
    expect(second.values.map(({ id }) => id.at(-1))).toEqual(['1', '0']);
  });
});

describe('subscriptions', () => {
  it('come back as they were, and are written only over what was read', async () => {
    const subscription = own({
      headers: { 'X-A': '' },
      credentials: 'sealed',
      statusReason: { code: 'c', message: 'm', at: 1 },
    });
    expect(await catalog.saveSubscription(subscription, 0)).toBe(true);
    expect(await catalog.saveSubscription(subscription, 0)).toBe(false);
    expect(await catalog.getSubscription(tenantId, subscription.id)).toEqual({ ...subscription, revision: 1 });
    expect(await catalog.saveSubscription({ ...subscription, name: 'n' }, 1)).toBe(true);
    expect(await catalog.saveSubscription({ ...subscription, name: 'o' }, 1)).toBe(false);
    expect(await catalog.getSubscription('somebody-else', subscription.id)).toBeNull();
  });

  it('are deleted only as they were read, and stay deleted', async () => {
    await catalog.saveSubscription(own(), 0);
    expect(await catalog.deleteSubscription(own({ revision: 2 }))).toBe(false);
    expect(await catalog.deleteSubscription(own({ revision: 1 }))).toBe(true);
    expect(await catalog.deleteSubscription(own({ revision: 1 }))).toBe(true);
    expect(await catalog.getSubscription(tenantId, own().id)).toBeNull();
  });

  it('are removed whatever their revision is, and only of the generation that is meant', async () => {
    await catalog.saveSubscription(own({ generation: 3 }), 0);
    expect(await catalog.removeSubscription(tenantId, own().id, 2)).toBe(false);
    expect(await catalog.getSubscription(tenantId, own().id)).not.toBeNull();
    expect(await catalog.removeSubscription(tenantId, own().id, 3)).toBe(true);
    expect(await catalog.getSubscription(tenantId, own().id)).toBeNull();
    expect(await catalog.removeSubscription(tenantId, own().id, 3)).toBe(true);
    await catalog.saveSubscription(own({ generation: 3 }), 0);
    expect(await catalog.removeSubscription(tenantId, own().id, null)).toBe(true);
    expect(await catalog.getSubscription(tenantId, own().id)).toBeNull();
  });

  it('are disabled only while they are active, and of the generation that is meant', async () => {
    const reason = { code: 'receiver_gone', message: 'it said 410', at: NOW + 5 };
    for (const status of ['active', 'paused', 'disabled', 'unverified'] as const) {
      const id = subscriptionId(SUBSCRIPTION_BY_STATUS[status]);
      await catalog.saveSubscription(own({ id, status }), 0);
      expect(await catalog.disableSubscription(tenantId, id, reason, 1)).toBe(false);
      expect(await catalog.disableSubscription(tenantId, id, reason, 0)).toBe(status === 'active');
      expect(await catalog.getSubscription(tenantId, id)).toMatchObject(
        status === 'active'
          ? { status: 'disabled', statusReason: reason, updatedAt: NOW + 5, revision: 2 }
          : { status, statusReason: null, revision: 1 },
      );
    }
    expect(await catalog.disableSubscription(tenantId, subscriptionId(99), reason, 0)).toBe(false);
    expect(await catalog.getSubscription(tenantId, subscriptionId(99))).toBeNull();
  });

  it('of a fan-out come with the tenant, oldest first, none of them twice', async () => {
    expect(await catalog.listSubscriptions(tenantId, null)).toEqual({
      tenantExists: false,
      subscriptions: [],
      cursor: null,
    });
    await catalog.createTenant(tenantId, NOW);
    for (const index of [3, 1, 2]) await catalog.saveSubscription(own({ id: subscriptionId(index) }), 0);
    const page = await catalog.listSubscriptions(tenantId, null);
    expect(page).toMatchObject({ tenantExists: true, cursor: null });
    expect(page.subscriptions.map(({ id }) => id)).toEqual([1, 2, 3].map(subscriptionId));
    const rest = await catalog.listSubscriptions(tenantId, subscriptionId(2));
    expect(rest).toMatchObject({ tenantExists: true, subscriptions: [{ id: subscriptionId(3) }] });
  });

  it('of a tenant that has none are told from those of a tenant that is not there', async () => {
    await catalog.saveSubscription(own(), 0);
    expect(await catalog.listSubscriptions(tenantId, null)).toMatchObject({ tenantExists: false, subscriptions: [{}] });
  });

  it('of a fan-out to thousands come in pages', async () => {
    // About 2 KB each: DynamoDB ends a page at 1 MB.
    const headers = { 'X-Long': 'x'.repeat(2_000) };
    const ids = Array.from({ length: 560 }, (_, index) => subscriptionId(index));
    await Promise.all(ids.map((id) => catalog.saveSubscription(own({ id, headers }), 0)));
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof catalog.listSubscriptions>> = await catalog.listSubscriptions(
        tenantId,
        cursor,
      );
      seen.push(...page.subscriptions.map(({ id }) => id));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    expect(pages).toBeGreaterThan(1);
  });

  it('of a list are those that match, newest first, page by page', async () => {
    for (let index = 1; index <= 9; index += 1)
      await catalog.saveSubscription(
        own({ id: subscriptionId(index), status: index % 2 === 0 ? 'paused' : 'active' }),
        0,
      );
    const paused = ({ status }: Subscription) => status === 'paused';
    const first = await catalog.pageSubscriptions(tenantId, 3, null, paused);
    expect(first.values.map(({ id }) => id)).toEqual([8, 6, 4].map(subscriptionId));
    const second = await catalog.pageSubscriptions(tenantId, 3, first.next, paused);
    expect(second).toMatchObject({ values: [{ id: subscriptionId(2) }], next: null });
  });
});

const SUBSCRIPTION_BY_STATUS = { active: 1, paused: 2, disabled: 3, unverified: 4 };

describe('event types', () => {
  it('come back as they were, by name, and are written only over what was read', async () => {
    expect(await catalog.saveEventType(makeType('b.two'), 0)).toBe(true);
    expect(await catalog.saveEventType(makeType('a.one', { schema: null, example: null }), 0)).toBe(true);
    expect(await catalog.saveEventType(makeType('a.one'), 0)).toBe(false);
    expect(await catalog.saveEventType(makeType('a.one', { archived: true }), 1)).toBe(true);
    expect(await catalog.getEventType('b.two')).toEqual(makeType('b.two', { revision: 1 }));
    expect(await catalog.getEventType('c.three')).toBeNull();
    expect((await catalog.listEventTypes()).map(({ name, archived }) => [name, archived])).toEqual([
      ['a.one', true],
      ['b.two', false],
    ]);
  });

  it('of strict event types work at once, and are forgotten half a minute after they were archived', async () => {
    let now = NOW;
    const findType = createKnownTypes(catalog, () => now, true);
    expect(await findType('known.late')).toBeNull();
    await catalog.saveEventType(makeType('known.late'), 0);
    expect(await findType('known.late')).toEqual(makeType('known.late', { revision: 1 }));
    await catalog.saveEventType(makeType('known.late', { archived: true }), 1);
    now += 31_000;
    expect(await findType('known.late')).toBeNull();
  });

  it('are listed once for all messages of a batch', async () => {
    let reads = 0;
    const listEventTypes = async () => {
      reads += 1;
      return catalog.listEventTypes();
    };
    const findType = createKnownTypes({ ...catalog, listEventTypes }, () => NOW, false);
    await Promise.all(['a.one', 'b.two', 'c.three'].map(findType));
    expect(reads).toBe(1);
  });

  it('of open event types are looked up at most twice a minute, known or not', async () => {
    let now = NOW;
    let reads = 0;
    const listEventTypes = () => {
      reads += 1;
      return catalog.listEventTypes();
    };
    const findType = createKnownTypes({ ...catalog, listEventTypes }, () => now, false);
    expect(await findType('open.late')).toBeNull();
    await catalog.saveEventType(makeType('open.late'), 0);
    expect(await findType('open.late')).toBeNull();
    expect(reads).toBe(1);
    now += 31_000;
    expect(await findType('open.late')).toMatchObject({ name: 'open.late', validate: true });
    expect(reads).toBe(2);
  });
});
