import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Method } from '../../functions/api/http/route.ts';
import { ANONYMOUS, type Principal, STACK_KEY } from '../../functions/core/access/principal.ts';
import { type ApiRequest, expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps } = useApi();
const T = '/v1/tenants/acme';
let sub = '';

beforeAll(async () => {
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } });
  sub = created.field('id');
});

describe('who may do what', () => {
  it.each<[string, Principal, Method, string, number, string]>([
    ['a caller without a key reads', ANONYMOUS, 'GET', T, 401, 'unauthenticated'],
    ['a caller without a key writes', ANONYMOUS, 'POST', `${T}/events`, 401, 'unauthenticated'],
    ["a tenant reads no other's", tenantOf('other'), 'GET', T, 404, 'not_found'],
    ["a tenant writes no other's", tenantOf('other'), 'DELETE', `${T}/subscriptions/SUB`, 404, 'not_found'],
    [
      "a tenant sees no other's subscription under its own name",
      tenantOf('other'),
      'GET',
      '/v1/tenants/other/subscriptions/SUB',
      404,
      'not_found',
    ],
    ['a tenant lists no tenants', tenantOf('acme'), 'GET', '/v1/tenants', 403, 'forbidden'],
    ['a tenant is not renamed by itself', tenantOf('acme'), 'PUT', T, 403, 'forbidden'],
    ['a tenant makes no tokens', tenantOf('acme'), 'POST', `${T}/portal-tokens`, 403, 'forbidden'],
    ['a tenant lists no tokens', tenantOf('acme'), 'GET', `${T}/portal-tokens`, 403, 'forbidden'],
    ['a token of no tenant', STACK_KEY, 'DELETE', `${T}/portal-tokens/ptk_${'0'.repeat(26)}`, 404, 'not_found'],
    ['an id that is none', STACK_KEY, 'DELETE', `${T}/portal-tokens/A`, 404, 'not_found'],
    ['a tenant reads no rejected events', tenantOf('acme'), 'GET', '/v1/rejected-events', 403, 'forbidden'],
    ['a tenant changes no event types', tenantOf('acme'), 'POST', '/v1/event-types', 403, 'forbidden'],
    ['a read-only token does not publish', tenantOf('acme', true), 'POST', `${T}/events`, 403, 'forbidden'],
    [
      'a read-only token reads no secrets',
      tenantOf('acme', true),
      'GET',
      `${T}/subscriptions/SUB/secret`,
      403,
      'forbidden',
    ],
  ])('%s', async (_, as, method, target, status, code) => {
    expectProblem(await call(method, target.replace('SUB', sub), { as }), status, code);
  });

  it.each<[string, Principal]>([
    ['the company', STACK_KEY],
    ['the tenant', tenantOf('acme')],
    ['the tenant, read-only', tenantOf('acme', true)],
  ])('%s reads what is its own', async (_, as) => {
    expect(await call('GET', `${T}/subscriptions/${sub}`, { as })).toMatchObject({ status: 200 });
  });

  it('401 says how', async () => {
    const answer = await call('GET', T, { as: ANONYMOUS });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});

describe('a wrong request', () => {
  const url = 'https://a.example/';
  it.each<[string, Method, string, number, string, ApiRequest?]>([
    ['an unknown path', 'GET', '/v1/nothing', 404, 'not_found'],
    ['an unknown method', 'PATCH', T, 405, 'method_not_allowed', { body: {} }],
    ['a tenant id of 65', 'GET', `/v1/tenants/${'a'.repeat(65)}`, 404, 'not_found'],
    ['a broken escape', 'GET', '/v1/tenants/%zz', 404, 'not_found'],
    ['an escape that is not UTF-8', 'GET', '/v1/tenants/%ff', 404, 'not_found'],
    ['a percent sign', 'GET', '/v1/tenants/%25/subscriptions', 404, 'not_found'],
    ['a letter that is escaped twice', 'GET', '/v1/tenants/%2561cme', 404, 'not_found'],
    ['no JSON', 'PUT', T, 400, 'malformed_request', { body: '{' }],
    ['no body', 'PUT', T, 415, 'unsupported_media_type'],
    ['a form', 'PUT', T, 415, 'unsupported_media_type', { body: '{}', headers: { 'content-type': 'text/plain' } }],
    ['too much', 'PUT', T, 413, 'payload_too_large', { body: `"${'x'.repeat(5 * 1_024 * 1_024)}"` }],
    ['an unknown field', 'PUT', T, 422, 'invalid_request', { body: { nam: 'x' } }],
    ['an unknown parameter', 'GET', '/v1/tenants?lmit=1', 422, 'invalid_request'],
    ['a limit of 0', 'GET', '/v1/tenants?limit=0', 422, 'invalid_request'],
    ['a limit of 101', 'GET', '/v1/tenants?limit=101', 422, 'invalid_request'],
    ['a limit in words', 'GET', '/v1/tenants?limit=ten', 422, 'invalid_request'],
    ['a hexadecimal limit', 'GET', '/v1/tenants?limit=0x10', 422, 'invalid_request'],
    ['a limit with an exponent', 'GET', '/v1/tenants?limit=1e1', 422, 'invalid_request'],
    ['a limit with a blank', 'GET', '/v1/tenants?limit=%201', 422, 'invalid_request'],
    ['an empty limit', 'GET', '/v1/tenants?limit=', 422, 'invalid_request'],
    ['a parameter __proto__', 'GET', '/v1/tenants?__proto__=1', 422, 'invalid_request'],
    ['a limit of profiles', 'GET', '/v1/profiles?limit=0', 422, 'invalid_request'],
    ['a cursor of packs', 'GET', '/v1/event-type-packs?cursor=%00', 400, 'malformed_request'],
    ['a cursor that is not ours', 'GET', '/v1/tenants?cursor=%00', 400, 'malformed_request'],
    ['a cursor with padding', 'GET', '/v1/tenants?cursor=YQ%3D%3D', 400, 'malformed_request'],
    ['a moment in words', 'GET', `${T}/events?from=yesterday`, 422, 'invalid_request'],
    [
      'a URL without a scheme',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url: 'a.example', eventTypes: ['*'] } },
    ],
    [
      'a URL over http',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url: 'http://a.example/', eventTypes: ['*'] } },
    ],
    [
      'a URL of this machine',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url: 'https://127.0.0.1/', eventTypes: ['*'] } },
    ],
    ...['headers', 'metadata'].map((field): [string, Method, string, number, string, ApiRequest] => [
      `a name __proto__ in ${field}`,
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: `{"url":"${url}","eventTypes":["*"],"${field}":{"__proto__":"x"}}` },
    ]),
    ['no event types', 'POST', `${T}/subscriptions`, 422, 'invalid_request', { body: { url, eventTypes: [] } }],
    [
      'both names of one field',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url, target_url: url, event: 'a' } },
    ],
    [
      'credentials twice',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url: 'https://u:p@a.example/', eventTypes: ['*'], headers: { Authorization: 'x' } } },
    ],
    [
      'a secret that is too short',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url, eventTypes: ['*'], secret: 'whsec_YQ==' } },
    ],
    [
      'an unknown profile',
      'POST',
      `${T}/subscriptions`,
      422,
      'invalid_request',
      { body: { url, eventTypes: ['*'], profile: 'x' } },
    ],
    ['a key of no such role', 'POST', '/v1/api-keys', 422, 'invalid_request', { body: { name: 'x', role: 'owner' } }],
    [
      'a key that has ended already',
      'POST',
      '/v1/api-keys',
      422,
      'invalid_request',
      { body: { name: 'x', role: 'read', expiresAt: '2026-01-01T00:00:00Z' } },
    ],
    ['a key without a name', 'POST', '/v1/api-keys', 422, 'invalid_request', { body: { name: '', role: 'read' } }],
    ['an unknown key', 'DELETE', `/v1/api-keys/key_${'0'.repeat(26)}`, 404, 'not_found'],
    ['no events', 'POST', `${T}/events`, 422, 'invalid_request', { body: { events: [] } }],
    [
      '101 events',
      'POST',
      `${T}/events`,
      422,
      'invalid_request',
      { body: { events: Array(101).fill({ type: 'a', data: 1 }) } },
    ],
    [
      'an event for another tenant',
      'POST',
      `${T}/events`,
      422,
      'invalid_request',
      { body: { tenantId: 'other', type: 'a', data: 1 } },
    ],
    [
      'data over its limit',
      'POST',
      `${T}/events`,
      422,
      'invalid_request',
      { body: { type: 'a', data: 'x'.repeat(262_143) } },
    ],
    [
      'half a surrogate pair in data',
      'POST',
      `${T}/events`,
      422,
      'invalid_request',
      { body: '{"type":"a","data":"\\ud800"}' },
    ],
    ['half a surrogate pair in a name', 'PUT', T, 422, 'invalid_request', { body: '{"name":"\\ud800"}' }],
    [
      'an If-Match of another revision',
      'PATCH',
      `${T}/subscriptions/SUB`,
      412,
      'precondition_failed',
      { body: {}, headers: { 'if-match': '"999"' } },
    ],
    [
      'an If-Match of any revision, where there is none',
      'PUT',
      '/v1/tenants/unmade',
      404,
      'not_found',
      { body: {}, headers: { 'if-match': '*' } },
    ],
    [
      'an If-Match that is none',
      'DELETE',
      `${T}/subscriptions/SUB`,
      400,
      'malformed_request',
      { headers: { 'if-match': 'x' } },
    ],
    ['a subscription that is not there', 'GET', `${T}/subscriptions/sub_00000000000000000000000000`, 404, 'not_found'],
    ['an unknown delivery id', 'GET', `${T}/deliveries/dlv_x`, 404, 'not_found'],
    ['an event type that is there', 'POST', '/v1/event-types', 409, 'conflict', { body: { name: 'twice' } }],
    [
      'a test of an unknown type',
      'POST',
      `${T}/subscriptions/SUB/test`,
      422,
      'invalid_request',
      { body: { eventType: 'nothing' } },
    ],
  ])('%s', async (_, method, target, status, code, request) => {
    if (code === 'conflict') await call(method, target, request);
    expectProblem(await call(method, target.replace('SUB', sub), request), status, code);
  });

  it.each([
    `${T}/events?from=2026-11-22T10:00:00Z&to=2026-11-21T10:00:00Z`,
    `${T}/subscriptions/SUB/deliveries?from=2026-11-22T10:00:00Z&to=2026-11-21T10:00:00Z`,
    `${T}/subscriptions/SUB/deliveries?status=failed&from=2026-11-22T10:00:00Z&cursor=${Buffer.from('2020').toString('hex')}`,
    `${T}/subscriptions?cursor=${Buffer.from('a').toString('hex')}`,
    `/v1/tenants?cursor=${Buffer.from('!').toString('hex')}`,
    `/v1/rejected-events?cursor=${Buffer.from('!').toString('hex')}`,
    `${T}/events?to=9999-12-31T23:59:59-23:59`,
    `${T}/events?from=0000-01-01T00:00:00%2B23:59`,
  ])('%s is answered without a fault of ours', async (target) => {
    const answer = await call('GET', target.replace('SUB', sub));
    expect(answer.status).toBeLessThan(500);
    if (answer.status === 200) expect(answer.json).toEqual({ data: [], nextCursor: null });
  });

  it('that is no JSON is quoted in whole characters', async () => {
    const answer = await call('POST', `${T}/events`, { body: '{"a":😀}' });
    expect(answer.json).toMatchObject({ code: 'malformed_request', detail: expect.stringContaining('\ufffd') });
  });

  it('names each wrong field', async () => {
    const body = { events: [{ type: 'a', data: 1 }, { type: '', data: 1, x: 1 }, { data: '\ud800', type: 'a' }, 7] };
    const answer = await call('POST', `${T}/events`, { body });
    expect(answer.json).toMatchObject({
      errors: [{ path: '/events/1/type' }, { path: '/events/1/x' }, { path: '/events/2/data' }, { path: '/events/3' }],
    });
  });
});

describe('a method that a path does not take', () => {
  it.each([
    ['TRACE', '/v1/health', 'GET'],
    ['TRACE', T, 'DELETE, GET, PUT'],
    ['OPTIONS', `${T}/events`, 'GET, POST'],
    ['PUT', `${T}/subscriptions/sub_x/pause/`, 'POST'],
    ['POST', '/docs/start.js', 'GET'],
  ] as const)('%s %s is 405 with Allow', async (method, path, allow) => {
    const answer = await call(method, path, { as: ANONYMOUS });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.allow).toBe(allow);
  });
});

describe('every answer', () => {
  it.each([
    ['a resource', 'GET', T, 200],
    ['a page', 'GET', '/docs', 200],
    ['no content', 'DELETE', '/v1/tenants/to-delete', 204],
    ['a problem', 'GET', '/v1/nothing', 404],
    ['a wrong method', 'TRACE', '/v1/tenants', 405],
    ['a fault of ours', 'GET', T, 503],
  ] as const)('carries the security headers: %s', async (_, method, path, status) => {
    await call('PUT', '/v1/tenants/to-delete', { body: {} });
    const getTenant = () => Promise.reject(Object.assign(new Error(), { name: 'ThrottlingException' }));
    const changes =
      status === 503 ? { stores: { ...deps.stores, tenants: { ...deps.stores.tenants, getTenant } } } : {};
    expect(await call(method, path, {}, changes)).toMatchObject({
      status,
      headers: {
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
      },
    });
  });

  it('of the documentation lets no other base and no form in', async () => {
    const policy = (await call('GET', '/docs')).headers['content-security-policy'];
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("form-action 'none'");
  });
});

describe('lists that are at hand whole', () => {
  it.each(['/v1/profiles', '/v1/event-type-packs'])('%s is read by pages', async (path) => {
    const whole = Names.parse((await call('GET', path)).json);
    expect(whole).toMatchObject({ nextCursor: null });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await call('GET', `${path}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const page = Names.parse(answer.json);
      expect(page.data.length).toBeLessThanOrEqual(2);
      seen.push(...page.data.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(whole.data.map(({ name }) => name));
    expect(seen).toEqual(seen.toSorted());
  });
});

const Names = z.object({ data: z.array(z.looseObject({ name: z.string() })), nextCursor: z.string().nullable() });

describe('a body that is nested too deeply', () => {
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  it.each<[Method, string, string, string]>([
    ['POST', '/v1/event-types', `{"name":"deep","schema":${nested(200_000)}}`, ''],
    ['POST', '/v1/event-types', `{"name":"deep","example":${nested(128)}}`, ''],
    ['POST', '/v1/event-types', `{"name":"deep","schema":${nested(101)}}`, '/schema'],
    ['POST', `${T}/events`, `{"type":"a","data":${nested(200_000)}}`, ''],
    ['POST', `${T}/events`, `{"type":"a","data":${nested(61)}}`, '/data'],
    ['POST', `${T}/subscriptions`, `{"url":"https://a.example/","filter":${nested(200_000)}}`, ''],
    ['POST', '/v1/profiles', `{"name":"deep","envelope":${nested(60)}}`, ''],
  ])('%s %s is refused', async (method, path, body, field) => {
    const answer = await call(method, path, { body });
    expect(answer).toMatchObject({ status: 422 });
    expect(JSON.stringify(answer.json)).toMatch(/deeper than \d+ levels/);
    expect(answer.json).toMatchObject({ errors: [{ path: field }] });
  });
});
