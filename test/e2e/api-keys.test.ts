import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const Key = z.object({ id: z.string(), lastUsedAt: z.string().nullable() });
const NewKey = Key.extend({ key: z.string() });
const Records = z.object({ operation: z.string(), by: z.object({ id: z.string(), name: z.string().nullable() }) });

const make = (body: object) => system().ask(NewKey, 'POST', '/v1/api-keys', { body: { name: 'a program', ...body } });
const find = async (id: string) => (await system().all(Key, '/v1/api-keys')).find((key) => key.id === id);

describe('an API key', () => {
  test('to publish is a way in for events, and for nothing else', async () => {
    const { call, subscribe, received } = system();
    const { tenant, path } = scene('publisher');
    const { id } = await subscribe(tenant, path);
    const { key } = await make({ role: 'publish', tenantId: tenant });
    const body = { type: 'thing.happened', data: { n: 1 } };
    expect((await call('POST', `/v1/tenants/${tenant}/events`, { token: key, body })).status).toBe(202);
    await eventually(async () => expect((await received(path)).total).toBe(1));
    for (const target of ['', '/events', `/subscriptions/${id}`, `/subscriptions/${id}/secret`])
      expect((await call('GET', `/v1/tenants/${tenant}${target}`, { token: key })).status, target).toBe(403);
  });

  test('is replaced without a gap, and ends with the answer to its deletion', async () => {
    const { call } = system();
    const read = async (token: string) => (await call('GET', '/v1/tenants', { token })).status;
    const first = await make({ role: 'read' });
    expect(await read(first.key)).toBe(200);
    const second = await make({ role: 'read' });
    expect([await read(first.key), await read(second.key)]).toEqual([200, 200]);
    expect((await call('DELETE', `/v1/api-keys/${first.id}`)).status).toBe(204);
    expect([await read(first.key), await read(second.key)]).toEqual([401, 200]);
    expect(await find(first.id)).toBeUndefined();
  });

  test('says when it was last used, to the hour', async () => {
    const { call, advance } = system();
    const { id, key, lastUsedAt } = await make({ role: 'read' });
    expect(lastUsedAt).toBeNull();
    const use = async () => {
      await call('GET', '/v1/tenants', { token: key });
      return (await find(id))?.lastUsedAt ?? '';
    };
    const first = await use();
    expect(first).toMatch(/^\d{4}-/);
    await advance(1_800);
    expect(await use()).toBe(first);
    await advance(1_860);
    const second = await use();
    expect(Date.parse(second) - Date.parse(first)).toBeGreaterThanOrEqual(3_600_000);
  });

  test.each([
    ['deletion', 'DELETE', ''],
    ['erasure', 'POST', '/erasure'],
  ])(
    'of a tenant ends with the answer to its %s, also when one of the same name comes after it',
    async (_, method, end) => {
      const { call } = system();
      const { tenant } = scene('ending');
      const { key } = await make({ role: 'admin', tenantId: tenant });
      const read = async () => (await call('GET', `/v1/tenants/${tenant}`, { token: key })).status;
      expect(await read()).toBe(200);
      await call(method, `/v1/tenants/${tenant}${end}`);
      await call('PUT', `/v1/tenants/${tenant}`, { body: {} });
      expect(await read()).toBe(401);
    },
  );

  test('with a limit is served as often as it says, and told when to come again', async () => {
    const { call } = system();
    const { key } = await make({ role: 'read', maxPerSecond: 5 });
    const burst = await Promise.all(Array.from({ length: 30 }, () => call('GET', '/v1/tenants', { token: key })));
    const served = burst.filter(({ status }) => status === 200).length;
    const refused = burst.filter(({ status }) => status === 429);
    expect(served + refused.length).toBe(30);
    expect(served).toBeGreaterThanOrEqual(5);
    // However long the burst takes: 5 a second, and those of the second before it.
    expect(served).toBeLessThanOrEqual(20);
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ code: 'rate_limited' });
      expect(headers.get('retry-after')).toBe('1');
    }
    await delay(1_000);
    expect((await call('GET', '/v1/tenants', { token: key })).status).toBe(200);
    expect((await call('GET', '/v1/tenants')).status).toBe(200);
  });

  test('is named in the audit trail by what it changes and by the secrets it was shown', async () => {
    const { call, all, subscribe } = system();
    const { tenant, path } = scene('audited');
    const { id: subscription } = await subscribe(tenant, path);
    const { id, key } = await make({ name: 'Payroll', role: 'admin', tenantId: tenant });
    const target = `/v1/tenants/${tenant}/subscriptions/${subscription}`;
    expect((await call('PATCH', target, { token: key, body: { name: 'x' } })).status).toBe(200);
    expect((await call('GET', `${target}/secret`, { token: key })).status).toBe(200);
    const records = await all(Records, `/v1/audit?keyId=${id}`);
    expect(records).toEqual([
      { operation: 'getSubscriptionSecret', by: { id, name: 'Payroll' } },
      { operation: 'updateSubscription', by: { id, name: 'Payroll' } },
    ]);
    expect((await all(Records, `/v1/audit?tenantId=${tenant}`)).map(({ operation }) => operation)).toEqual([
      'getSubscriptionSecret',
      'updateSubscription',
      'createApiKey',
      'createSubscription',
    ]);
  });
});
