import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Operation, operations, type Place, requestOf } from './operations.ts';
import { attempted } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const ROWS = operations('http://127.0.0.1:1');
const named = (rows: Operation[]) => rows.map(({ name }, index) => [name, index] as const);
const guarded = ROWS.filter(({ access }) => access !== 'public');
const byTenants = ROWS.filter(({ access }) => access === 'tenant');
const byCompany = ROWS.filter(({ access }) => access === 'company');

/** Two tenants that have the same things. */
let own: Place;
let others: Place;
let tokens: { full: string; readOnly: string; brief: string };

/** What belongs to no tenant. */
const NAMES = { name: 'access.known', pack: 'bindbee', profile: 'operations' };

async function furnish(name: string): Promise<Place> {
  const client = system();
  const { tenant, path } = scene(name);
  await client.behave(path, [{ status: 500 }]);
  const { id } = await client.subscribe(tenant, path);
  const eventId = await client.publish(tenant);
  const delivery = await attempted(client, tenant, eventId, 1);
  const Made = z.object({ id: z.string() });
  const token = await client.ask(Made, 'POST', `/v1/tenants/${tenant}/portal-tokens`);
  const apiKey = await client.ask(Made, 'POST', '/v1/api-keys', { body: { name: 'Payroll', role: 'read' } });
  return {
    tenantId: tenant,
    subscriptionId: id,
    eventId,
    deliveryId: delivery.id,
    tokenId: token.id,
    apiKeyId: apiKey.id,
    ...NAMES,
  };
}

beforeAll(async () => {
  const { ask } = system();
  await ask(z.unknown(), 'POST', '/v1/event-types', { body: { name: 'access.known', example: { a: 1 } } });
  [own, others] = [await furnish('own'), await furnish('others')];
  const token = async (body: object) =>
    (await ask(z.object({ token: z.string() }), 'POST', `/v1/tenants/${own.tenantId}/portal-tokens`, { body })).token;
  tokens = {
    full: await token({}),
    readOnly: await token({ readOnly: true }),
    brief: await token({ expiresInSeconds: 60 }),
  };
});

/** Calls the operation of a row at a place; null: without a key. */
async function callRow(row: Operation | undefined, place: Place, token?: string | null) {
  // The rows of the table above name no receiver: here there is one.
  const operation = operations(system().endpoints.receiverUrl).find(({ name }) => name === row?.name);
  if (operation === undefined) throw new Error('there is no such row');
  const { method, path, options } = requestOf(operation, place);
  return system().call(method, path, token === undefined ? options : { ...options, token });
}

const problem = (status: number, code: string) => ({ status, body: { status, code } });

test('the table has every operation that the document has, and no other', () => {
  const documented = system()
    .contract.operations()
    .map(({ method, path }) => `${method} ${path}`);
  expect(ROWS.map(({ name }) => name).sort()).toEqual(documented.sort());
});

describe('refused, with a body that would do', () => {
  test.each(named(guarded))('without a key, or with a wrong one: %s', async (_, index) => {
    for (const token of [
      null,
      'wrong',
      `${system().endpoints.adminKey}x`,
      `pht_${'0'.repeat(26)}${'A'.repeat(43)}_${own.tenantId}`,
    ]) {
      const answer = await callRow(guarded[index], own, token);
      expect(answer).toMatchObject(problem(401, 'unauthenticated'));
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  test.each(named(byCompany))("for a tenant's token, be it for its own tenant: %s", async (_, index) => {
    for (const token of [tokens.full, tokens.readOnly])
      for (const place of [own, others])
        expect(await callRow(byCompany[index], place, token)).toMatchObject(problem(403, 'forbidden'));
  });

  test.each(named(byTenants))("for another tenant's token: %s", async (_, index) => {
    for (const token of [tokens.full, tokens.readOnly])
      expect(await callRow(byTenants[index], others, token)).toMatchObject(problem(404, 'not_found'));
  });

  const withIds = byTenants.filter(({ name }) => /\{(?!tenantId)/.test(name));
  test.each(named(withIds))("for another tenant's things under one's own name: %s", async (_, index) => {
    const mixed = { ...others, tenantId: own.tenantId };
    expect(await callRow(withIds[index], mixed, tokens.full)).toMatchObject(problem(404, 'not_found'));
    // Nor does the company find them there.
    expect(await callRow(withIds[index], mixed)).toMatchObject(problem(404, 'not_found'));
  });

  const writes = byTenants.filter(({ name, isSecret }) => !name.startsWith('GET ') || isSecret === true);
  test.each(named(writes))('for a token that only reads: %s', async (_, index) => {
    expect(await callRow(writes[index], own, tokens.readOnly)).toMatchObject(problem(403, 'forbidden'));
  });

  test('and nothing has come of it', async () => {
    const { call, deliveryOf, received } = system();
    for (const { tenantId, subscriptionId, eventId } of [own, others]) {
      expect((await call('GET', `/v1/tenants/${tenantId}`)).body).toMatchObject({ name: null });
      const subscriptions = await call('GET', `/v1/tenants/${tenantId}/subscriptions`);
      expect(subscriptions.body).toMatchObject({
        data: [{ id: subscriptionId, name: null, status: 'active', createdAt: expect.any(String) }],
      });
      const events = await call('GET', `/v1/tenants/${tenantId}/events`);
      expect(events.body).toMatchObject({ data: [{ id: eventId, data: {} }] });
      const delivery = await deliveryOf(tenantId, eventId);
      expect(delivery.attempts.filter(({ trigger }) => trigger !== 'automatic')).toEqual([]);
      expect(delivery.status).toBe('pending');
    }
    expect((await call('GET', '/v1/event-types/access.known')).body).toMatchObject({
      archived: false,
      description: '',
    });
    expect((await call('GET', '/v1/event-types/operations.added')).status).toBe(404);
    for (const path of ['/more', '/tested']) expect((await received(path)).total).toBe(0);
  });
});

describe('allowed', () => {
  const reads = byTenants.filter(({ name, isSecret }) => name.startsWith('GET ') && isSecret !== true);
  test.each(named(reads))('to a token that only reads: %s', async (_, index) => {
    expect((await callRow(reads[index], own, tokens.readOnly)).status).toBe(200);
  });

  test('to a token until it ends, and nothing afterwards', async () => {
    for (const row of reads) expect((await callRow(row, own, tokens.brief)).status, row.name).toBe(200);
    await system().advance(61);
    for (const row of guarded)
      expect(await callRow(row, own, tokens.brief), row.name).toMatchObject(problem(401, 'unauthenticated'));
  });

  test('to a token until it is revoked, or its tenant deleted, and 30 seconds longer at most', async () => {
    const { ask, call, advance } = system();
    const Made = z.object({ id: z.string(), token: z.string() });
    const { tenant } = scene('tokens');
    const tokensPath = `/v1/tenants/${tenant}/portal-tokens`;
    const [revoked, left] = [await ask(Made, 'POST', tokensPath), await ask(Made, 'POST', tokensPath)];
    const read = async (token: string) => (await call('GET', `/v1/tenants/${tenant}`, { token })).status;
    expect([await read(revoked.token), await read(left.token)]).toEqual([200, 200]);
    expect((await call('DELETE', `${tokensPath}/${revoked.id}`)).status).toBe(204);
    await advance(31);
    expect([await read(revoked.token), await read(left.token)]).toEqual([401, 200]);
    expect((await call('GET', tokensPath)).body).toMatchObject({ data: [{ id: left.id }], nextCursor: null });
    expect((await call('DELETE', `/v1/tenants/${tenant}`)).status).toBe(204);
    expect((await call('PUT', `/v1/tenants/${tenant}`, { body: {} })).status).toBe(201);
    await advance(31);
    expect(await read(left.token)).toBe(401);
  });

  // Last: these take away what the others stand on.
  test.each(named(ROWS))('to who should: %s', async (_, index) => {
    const row = ROWS[index];
    const token = row?.access === 'company' ? undefined : row?.access === 'tenant' ? tokens.full : null;
    const answer = await callRow(row, own, token);
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(200);
    expect(answer.status, answer.text).toBeLessThan(300);
  });

  test('so that every answer that the document describes has been seen, and was as described', async () => {
    const { contract } = system();
    expect((await callRow(ROWS[1], { ...own, tenantId: 'made-by-put' })).status).toBe(201);
    // A tenant with more subscriptions than one page is deleted by and by: 202 instead of 204.
    const { tenant, path } = scene('many');
    for (let count = 0; count <= 100; count += 1) await system().subscribe(tenant, path);
    expect((await system().call('DELETE', `/v1/tenants/${tenant}`)).status).toBe(202);
    expect(contract.documented().filter((one) => !contract.seen.has(one))).toEqual([]);
  });
});

describe('the documentation', () => {
  test('needs no key, and its page has all its parts', async () => {
    const { endpoints } = system();
    const read = async (path: string, type: string) => {
      const answer = await fetch(endpoints.apiUrl + path);
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get('content-type'), path).toBe(type);
      return answer.text();
    };
    const page = await read('/docs', 'text/html; charset=utf-8');
    const parts = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(parts.length).toBeGreaterThan(1);
    for (const path of parts) {
      const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
      const text = await read(path, type);
      if (path === '/docs/start.js') expect(text).toContain("'/v1/openapi.json'");
    }
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(await read('/v1/openapi.json', 'application/json')));
    expect(document.openapi).toMatch(/^3\.1/);
    expect((await fetch(`${endpoints.apiUrl}/docs/nothing.js`)).status).toBe(404);
  });
});
