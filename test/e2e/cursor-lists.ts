import { expect } from 'vitest';
import * as z from 'zod';
import type { Client } from './client.ts';
import { eventually } from './eventually.ts';

/** A list of the API whose items come and go. */
interface List {
  path: string;
  /** Adds one, and returns its key. */
  add: (number: number) => Promise<string>;
  keyOf: (item: Record<string, unknown>) => string;
  /** Takes one away, where that can be done. */
  remove?: (item: Record<string, unknown>) => Promise<unknown>;
}

/** How many items a list has before its first page is read: several pages of five. */
export const TOTAL = 23;
const Item = z.looseObject({});
const text = (name: string) => (item: Record<string, unknown>) => String(item[name]);

/** How to make each list of the API, for a tenant and a receiver path of their own. */
export const LISTS: Record<string, (client: Client, tenant: string, path: string) => Promise<List>> = {
  subscriptions: async (client, tenant, path) => ({
    path: `/v1/tenants/${tenant}/subscriptions`,
    add: async () => (await client.subscribe(tenant, path)).id,
    keyOf: text('id'),
    remove: ({ id }) => client.call('DELETE', `/v1/tenants/${tenant}/subscriptions/${id}`),
  }),
  tenants: async (client, tenant) => ({
    path: '/v1/tenants',
    add: async (number) => {
      await client.call('PUT', `/v1/tenants/${tenant}-${number}`, { body: {} });
      return `${tenant}-${number}`;
    },
    keyOf: text('id'),
    remove: ({ id }) => client.call('DELETE', `/v1/tenants/${id}`),
  }),
  events: async (client, tenant) => ({
    path: `/v1/tenants/${tenant}/events`,
    add: () => client.publish(tenant),
    keyOf: text('id'),
  }),
  'parked deliveries': async (client, tenant, path) => {
    const { id } = await client.subscribe(tenant, path);
    const one = `/v1/tenants/${tenant}/subscriptions/${id}`;
    await client.call('POST', `${one}/pause`);
    return {
      path: `${one}/deliveries?status=parked`,
      add: () => client.publish(tenant),
      keyOf: text('eventId'),
      remove: (item) => client.call('POST', `/v1/tenants/${tenant}/deliveries/${item.id}/cancel`),
    };
  },
  'succeeded deliveries': async (client, tenant, path) => {
    const { id } = await client.subscribe(tenant, path);
    return {
      path: `/v1/tenants/${tenant}/subscriptions/${id}/deliveries?status=succeeded`,
      add: () => client.publish(tenant),
      keyOf: text('eventId'),
    };
  },
  'deliveries of an event': async (client, tenant, path) => {
    for (let number = 0; number < TOTAL; number += 1) await client.subscribe(tenant, path);
    const id = await client.publish(tenant);
    const deliveries = `/v1/tenants/${tenant}/events/${id}/deliveries`;
    const found = await eventually(async () => {
      const all = await client.all(Item, deliveries);
      expect(all).toHaveLength(TOTAL);
      return all.map(text('subscriptionId'));
    });
    // Those beyond the first are subscriptions made later, which have no delivery of it.
    return {
      path: deliveries,
      add: async (number) => found[number] ?? (await client.subscribe(tenant, path)).id,
      keyOf: text('subscriptionId'),
    };
  },
  'event types': async (client, tenant) => ({
    path: '/v1/event-types',
    add: async (number) => {
      // Later ones come before and after the place of the cursor.
      const name = `cursor.${tenant}.${number < TOTAL ? number : `${number % 2 === 0 ? 'a' : '0'}${number}`}`;
      expect((await client.call('POST', '/v1/event-types', { body: { name } })).status).toBe(201);
      return name;
    },
    keyOf: text('name'),
  }),
  'rejected events': async (client, tenant) => ({
    path: `/v1/rejected-events?tenantId=${tenant}`,
    add: async (number) => {
      await client.send({ tenantId: tenant, type: 'a.b', data: 1, wrong: `w${number}` });
      return `w${number}`;
    },
    keyOf: (item) => /"wrong":"(\w+)"/.exec(String(item.body))?.[1] ?? '',
  }),
};
