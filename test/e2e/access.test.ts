import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Caller, makeCallers, refusalOf } from './callers.ts';
import { eventually } from './eventually.ts';
import { type Operation, operations, type Place, requestOf } from './operations.ts';
import { attempted } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const ROWS = operations('http://127.0.0.1:1');
const named = (rows: Operation[]) => rows.map(({ name }, index) => [name, index] as const);
const guarded = ROWS.filter(({ access }) => access !== 'public');
const byTenants = ROWS.filter(({ access }) => access === 'tenant');

/** Two tenants that have the same things. */
let own: Place;
let others: Place;
let callers: Caller[];
/** Its own tenant's, to do everything. */
let portalToken: string;

/** Ids of things that are not there. */
const ABSENT = {
  subscriptionId: `sub_${'0'.repeat(26)}`,
  eventId: 'absent',
  deliveryId: `dlv_${'0'.repeat(36)}_absent`,
  attemptNumber: '1',
  tokenId: `ptk_${'0'.repeat(26)}`,
  apiKeyId: `key_${'0'.repeat(26)}`,
  jobId: `job_${'0'.repeat(26)}`,
  rejectedEventId: `rej_${'0'.repeat(26)}`,
  name: 'absent',
  pack: 'absent',
  profile: 'absent',
};

/** What belongs to no tenant. */
const NAMES = { name: 'access.known', pack: 'bindbee', profile: 'operations', attemptNumber: '1' };

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
  const cancellations = `/v1/tenants/${tenant}/subscriptions/${id}/cancellations`;
  const job = await client.ask(Made, 'POST', cancellations, { body: { dryRun: true } });
  await client.send({ tenantId: tenant, type: 'no type' });
  const rejected = await eventually(async () => {
    const [one] = await client.rejectedOf(tenant);
    if (one === undefined) throw new Error('nothing is rejected yet');
    return one;
  });
  return {
    tenantId: tenant,
    subscriptionId: id,
    eventId,
    deliveryId: delivery.id,
    tokenId: token.id,
    apiKeyId: apiKey.id,
    jobId: job.id,
    rejectedEventId: rejected.id,
    ...NAMES,
  };
}

beforeAll(async () => {
  const { ask } = system();
  await ask(z.unknown(), 'POST', '/v1/event-types', { body: { name: 'access.known', example: { a: 1 } } });
  [own, others] = [await furnish('own'), await furnish('others')];
  callers = await makeCallers(system(), own.tenantId, others.tenantId);
  portalToken = callers.find(({ name }) => name === `a portal token to admin of ${own.tenantId}`)?.key ?? '';
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

test('the document says of each operation what the table says', () => {
  const said = Object.fromEntries(
    system()
      .contract.operations()
      .map(({ method, path, needs }) => [`${method} ${path}`, needs]),
  );
  const stated = ROWS.map(({ name, access, needs }) => [name, access === 'public' ? null : `${access}:${needs}`]);
  expect(said).toEqual(Object.fromEntries(stated));
});

describe('refused to every kind of key and token that may not, with a body that would do', () => {
  test.each(named(guarded))('%s', async (_, index) => {
    const row = guarded[index];
    if (row === undefined) throw new Error('there is no such row');
    let refusals = 0;
    for (const caller of callers) {
      const refused = refusalOf(row, caller, own.tenantId);
      if (refused === null) continue;
      refusals += 1;
      const answer = await callRow(row, own, caller.key);
      expect(answer, caller.name).toMatchObject(problem(refused.status, refused.code));
      expect(answer.headers.get('www-authenticate'), caller.name).toBe(refused.status === 401 ? 'Bearer' : null);
    }
    // Those that do not count, at the least.
    expect(refusals).toBeGreaterThanOrEqual(9);
  });

  const withIds = byTenants.filter(({ name }) => /\{(?!tenantId)/.test(name));
  test.each(named(withIds))("for another tenant's things under one's own name: %s", async (_, index) => {
    const mixed = { ...others, tenantId: own.tenantId };
    expect(await callRow(withIds[index], mixed, portalToken)).toMatchObject(problem(404, 'not_found'));
    // Nor does the company find them there.
    expect(await callRow(withIds[index], mixed)).toMatchObject(problem(404, 'not_found'));
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
  const reads = guarded.filter(({ needs, name }) => needs === 'read' && name.startsWith('GET '));
  test.each(named(reads))('to every kind of key and token that may read: %s', async (_, index) => {
    const row = reads[index];
    if (row === undefined) throw new Error('there is no such row');
    const readers = callers.filter((caller) => refusalOf(row, caller, own.tenantId) === null);
    expect(readers.length).toBeGreaterThanOrEqual(3);
    const place = { ...own, profile: 'standard' };
    for (const { name, key } of readers) expect((await callRow(row, place, key)).status, name).toBe(200);
  });

  test('the values of headers are secrets, too', async () => {
    const path = `/v1/tenants/${own.tenantId}/subscriptions/${own.subscriptionId}?show=headers`;
    const shown: Operation = { name: `GET ${path}`, access: 'tenant', needs: 'secrets' };
    for (const caller of callers) {
      const { status } = await system().call('GET', path, { token: caller.key });
      expect(status, caller.name).toBe(refusalOf(shown, caller, own.tenantId)?.status ?? 200);
    }
  });

  test('to a token until the answer to its revocation, or to the deletion of its tenant', async () => {
    const { ask, call } = system();
    const Made = z.object({ id: z.string(), token: z.string() });
    const { tenant } = scene('tokens');
    const tokensPath = `/v1/tenants/${tenant}/portal-tokens`;
    const [revoked, left] = [await ask(Made, 'POST', tokensPath), await ask(Made, 'POST', tokensPath)];
    const read = async (token: string) => (await call('GET', `/v1/tenants/${tenant}`, { token })).status;
    expect([await read(revoked.token), await read(left.token)]).toEqual([200, 200]);
    expect((await call('DELETE', `${tokensPath}/${revoked.id}`)).status).toBe(204);
    expect([await read(revoked.token), await read(left.token)]).toEqual([401, 200]);
    expect((await call('GET', tokensPath)).body).toMatchObject({ data: [{ id: left.id }], nextCursor: null });
    expect((await call('DELETE', `/v1/tenants/${tenant}`)).status).toBe(204);
    expect((await call('PUT', `/v1/tenants/${tenant}`, { body: {} })).status).toBe(201);
    expect(await read(left.token)).toBe(401);
  });

  // Last: these take away what the others stand on.
  test.each(named(ROWS))('to who should: %s', async (_, index) => {
    const row = ROWS[index];
    const token = row?.access === 'company' ? undefined : row?.access === 'public' ? null : portalToken;
    const answer = await callRow(row, own, token);
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(200);
    expect(answer.status, answer.text).toBeLessThan(300);
  });

  // What is named is not there: whoever is let through changes nothing by most of them.
  test.each(named(guarded))('to every kind of key and token that may: %s', async (_, index) => {
    const row = guarded[index];
    if (row === undefined) throw new Error('there is no such row');
    for (const caller of callers) {
      const place = { ...ABSENT, tenantId: caller.tenantId ?? 'probe' };
      // Its own tenant is gone, and it with it.
      if (caller.tenantId === own.tenantId || refusalOf(row, caller, place.tenantId) !== null) continue;
      const { status, text } = await callRow(row, place, caller.key);
      expect([401, 403], caller.name).not.toContain(status);
      // As its own tenant would be refused if it were another's.
      if (caller.tenantId !== null) expect(text, caller.name).not.toContain('There is no such tenant.');
    }
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
