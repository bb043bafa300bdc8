import { type Schema, Validator } from '@cfworker/json-schema';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../functions/api/http/openapi.ts';
import type { Method } from '../../functions/api/http/route.ts';
import { useApi } from '../support/api.ts';
import { ROUTES } from '../support/routes.ts';

const { call } = useApi();
const T = '/v1/tenants/{tenantId}';
const S = `${T}/subscriptions`;
const URL = 'https://a.example/';
let subscriptionId = '';
beforeAll(async () => {
  const body = { url: URL, eventTypes: ['*'] };
  subscriptionId = (await call('POST', '/v1/tenants/acme/subscriptions', { body })).field('id');
});
const fill = (path: string) =>
  path
    .replace('{tenantId}', 'acme')
    .replace('{subscriptionId}', subscriptionId)
    .replace('{profile}', 'own')
    .replace('{name}', 'a.b');

const SchemaOf = z.custom<Schema>((value) => typeof value === 'object' && value !== null);
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z.array(z.object({ name: z.string(), schema: SchemaOf })).default([]),
        requestBody: z.object({ content: z.record(z.string(), z.object({ schema: SchemaOf })) }).optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});
const document = Document.parse(JSON.parse(JSON.stringify(openApiDocument(ROUTES))));

/** Whether the document lets a client build this: a body, or a parameter by its name. */
function isDocumented(method: Method, path: string, name: string | null, value: unknown): boolean {
  const operation = document.paths[path]?.[method.toLowerCase()];
  const schema =
    name === null
      ? operation?.requestBody?.content['application/json']?.schema
      : operation?.parameters.find((one) => one.name === name)?.schema;
  if (schema === undefined) throw new Error(`${method} ${path} has no ${name ?? 'body'}`);
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return new Validator(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')), '2020-12', false).validate(
    value,
  ).valid;
}

const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`X-${n}`, 'v']));
const metadata = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));
const subscription = (rest: object) => ({ url: URL, eventTypes: ['a.b'], ...rest });

describe('what is refused cannot be built from the document', () => {
  it.each<[string, Method, string, unknown]>([
    ['a tenant with a field that is not known', 'PUT', T, { nome: 'x' }],
    ['a tenant with too many notes', 'PUT', T, { metadata: metadata(51) }],
    ['a token for too long', 'POST', `${T}/portal-tokens`, { expiresInSeconds: 2_592_001 }],
    ['a token for no whole seconds', 'POST', `${T}/portal-tokens`, { expiresInSeconds: 60.5 }],
    ['a key with a line end', 'POST', `${T}/signing-key/rotate`, { key: 'secret\n' }],
    ['a subscription without a URL', 'POST', S, { eventTypes: ['a.b'] }],
    ['a subscription without event types', 'POST', S, { url: URL }],
    ['a subscription with both names of its URL', 'POST', S, subscription({ target_url: URL })],
    ['a subscription with both names of its types', 'POST', S, subscription({ event: 'a.b' })],
    ['a URL that is none', 'POST', S, subscription({ url: 'a.example' })],
    ['a URL of another scheme', 'POST', S, subscription({ url: 'ftp://a.example/' })],
    ['a URL with a blank', 'POST', S, subscription({ url: 'https://a.example/a b' })],
    ['a URL with a fragment', 'POST', S, subscription({ url: 'https://a.example/#a' })],
    ['a URL without a host', 'POST', S, subscription({ url: 'https:///a' })],
    ['a URL that is too long', 'POST', S, subscription({ url: `${URL}${'a'.repeat(2_048)}` })],
    ['no event types', 'POST', S, subscription({ eventTypes: [] })],
    ['too many event types', 'POST', S, subscription({ eventTypes: Array(501).fill('a.b') })],
    ['a signature version twice', 'POST', S, subscription({ signatureVersions: ['v1', 'v1'] })],
    ['too many headers', 'POST', S, subscription({ headers: headers(21) })],
    ['a header name with a blank', 'POST', S, subscription({ headers: { 'X A': 'v' } })],
    ['a header value with a line end', 'POST', S, subscription({ headers: { 'X-A': 'a\nb' } })],
    ['a secret that ends with a blank', 'POST', S, subscription({ secret: 'secret ' })],
    ['a changed header value with a line end', 'PATCH', `${S}/{subscriptionId}`, { headers: { 'X-A': 'a\nb' } }],
    ['a changed header name with a blank', 'PATCH', `${S}/{subscriptionId}`, { headers: { 'X A': 'b' } }],
    ['a changed note that is too long', 'PATCH', `${S}/{subscriptionId}`, { metadata: { a: 'x'.repeat(513) } }],
    ['a test of a URL that is none', 'POST', `${T}/test-url`, { url: '' }],
    ['an event of a reserved type', 'POST', `${T}/events`, { type: 'posthorn.test', data: 1 }],
    ['an event without data', 'POST', `${T}/events`, { type: 'a.b' }],
    ['no events', 'POST', `${T}/events`, { events: [] }],
    ['an event type with a reserved name', 'POST', '/v1/event-types', { name: 'posthorn.a' }],
    ['a pack without event types', 'POST', '/v1/event-type-packs', { name: 'a', title: 'A', description: 'A' }],
    ['a profile without an envelope', 'POST', '/v1/profiles', { name: 'own', retry: { gapsSeconds: [] } }],
    [
      'a preview of half a profile',
      'POST',
      '/v1/profiles/preview',
      { profile: { name: 'own' }, event: { type: 'a.b', data: 1 } },
    ],
  ])('%s', async (_, method, path, body) => {
    expect((await call(method, fill(path), { body })).status).toBe(422);
    expect(isDocumented(method, path, null, body)).toBe(false);
  });

  it.each<[string, Method, string, string, string, number]>([
    ['an Idempotency-Key with a blank', 'POST', `${T}/events`, 'Idempotency-Key', 'a b', 400],
    ['an Idempotency-Key of nothing', 'POST', `${T}/events`, 'Idempotency-Key', '', 400],
    ['an Idempotency-Key that is too long', 'POST', `${T}/events`, 'Idempotency-Key', 'k'.repeat(256), 400],
    ['an If-Match without quotes', 'PUT', T, 'If-Match', '1', 400],
    ['an If-None-Match of an ETag', 'PUT', T, 'If-None-Match', '"1"', 400],
    ['an If-Match of nothing', 'PUT', T, 'If-Match', '', 400],
    ['an If-Match of another server', 'PUT', T, 'If-Match', '"abc"', 400],
  ])('%s', async (_, method, path, name, value, status) => {
    const body = path.endsWith('/events') ? { type: 'a.b', data: 1 } : {};
    const request = { body, headers: { [name.toLowerCase()]: value } };
    expect((await call(method, fill(path), request)).status).toBe(status);
    expect(isDocumented(method, path, name, value)).toBe(false);
  });

  it.each<[string, string, unknown, number]>([
    ['cursor', '', '', 400],
    ['cursor', 'YWJj', 'YWJj', 400],
    ['cursor', '20', '20', 400],
    ['cursor', '7f', '7f', 400],
    ['cursor', '2', '2', 400],
    ['limit', '0', 0, 422],
    ['limit', '101', 101, 422],
    ['limit', '1.5', 1.5, 422],
    ['from', 'yesterday', 'yesterday', 422],
    ['environment', 'test', 'test', 422],
    ['type', 'a b', 'a b', 422],
  ])('a query with %s=%s', async (name, text, value, status) => {
    const answer = await call('GET', `${fill(T)}/events?${name}=${encodeURIComponent(text)}`);
    expect(answer.status).toBe(status);
    expect(isDocumented('GET', `${T}/events`, name, value)).toBe(false);
  });
});

describe('what the document describes is taken', () => {
  it.each<[Method, string, unknown]>([
    ['POST', S, { target_url: URL, event: 'a.b' }],
    ['POST', S, { url: 'HTTPS://user:pass@a.example:8443/x?y=%20', event: '*' }],
    ['POST', S, { target_url: URL, eventTypes: ['*'], secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
    ['POST', S, subscription({ headers: headers(20), metadata: metadata(50), signatureVersions: ['v1', 'v1a'] })],
    ['POST', `${T}/events`, { events: [{ type: 'posthorns.a', data: null }] }],
    ['POST', '/v1/profiles/preview', { profile: 'standard', event: { type: 'a.b', data: 1 } }],
  ])('%s %s with %j', async (method, path, body) => {
    expect(isDocumented(method, path, null, body)).toBe(true);
    expect((await call(method, fill(path), { body })).status).toBeLessThan(300);
  });

  it('a cursor that was answered', async () => {
    for (const name of ['one', 'two']) await call('PUT', `/v1/tenants/${name}`, { body: {} });
    const cursor = (await call('GET', '/v1/tenants?limit=1')).field('nextCursor');
    expect(isDocumented('GET', '/v1/tenants', 'cursor', cursor)).toBe(true);
    expect((await call('GET', `/v1/tenants?limit=1&cursor=${cursor}`)).status).toBe(200);
  });

  it.each(['*', '"1"', 'W/"1"'])('an If-Match of %s', async (value) => {
    await call('PUT', '/v1/tenants/acme', { body: {} });
    expect(isDocumented('PUT', T, 'If-Match', value)).toBe(true);
    const answer = await call('PUT', '/v1/tenants/acme', { body: {}, headers: { 'if-match': value } });
    expect([200, 412]).toContain(answer.status);
  });
});

it('a path that is written out has its own methods, though another with a parameter fits it too', async () => {
  expect((await call('OPTIONS', '/v1/profiles/preview')).headers.allow).toBe('POST');
  expect((await call('OPTIONS', '/v1/profiles/own')).headers.allow).toBe('DELETE, GET, PUT');
  const body = { name: 'preview', envelope: 1, retry: { gapsSeconds: [] } };
  expect((await call('POST', '/v1/profiles', { body })).status).toBe(409);
});
