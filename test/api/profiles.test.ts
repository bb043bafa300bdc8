import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';
import { profileDocument, VENDORS } from '../support/profiles.ts';

const { call } = useApi();
const create = (name: string, rest: object = {}) =>
  call('POST', '/v1/profiles', { body: profileDocument({ name, ...rest }) });
const pathsOf = (json: unknown) =>
  z
    .object({ errors: z.array(z.object({ path: z.string() })) })
    .parse(json)
    .errors.map(({ path }) => path);

describe('profiles', () => {
  it('are made, read, changed and deleted', async () => {
    const made = await create('own');
    expect(made).toMatchObject({
      status: 201,
      json: { name: 'own', version: 1, builtIn: false },
      headers: { etag: '"1"' },
    });
    expect((await call('GET', '/v1/profiles/own')).json).toEqual(made.json);
    const changed = await call('PUT', '/v1/profiles/own', {
      body: profileDocument({ name: 'own', description: 'second' }),
      headers: { 'if-match': '"1"' },
    });
    expect(changed).toMatchObject({ status: 200, json: { version: 2, document: { description: 'second' } } });
    expect(await call('DELETE', '/v1/profiles/own')).toMatchObject({ status: 204 });
    expectProblem(await call('GET', '/v1/profiles/own'), 404, 'not_found');
    expect(await create('own')).toMatchObject({ status: 201, json: { version: 3 } });
  });

  it('are listed by name, built-in ones and others', async () => {
    await create('listed');
    const { json } = await call('GET', '/v1/profiles?limit=100');
    const { data } = z.object({ data: z.array(z.object({ name: z.string(), builtIn: z.boolean() })) }).parse(json);
    const names = data.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(data.filter(({ builtIn }) => builtIn).map(({ name }) => name)).toEqual([...VENDORS, 'standard'].toSorted());
    expect(data).toContainEqual({ name: 'listed', builtIn: false });
    expect(names).not.toContain('own-deleted');
  });

  it('that are built in can be read, and not be changed', async () => {
    for (const name of ['standard', ...VENDORS]) {
      expect(await call('GET', `/v1/profiles/${name}`)).toMatchObject({ status: 200, json: { name, builtIn: true } });
      expectProblem(await call('DELETE', `/v1/profiles/${name}`), 409, 'conflict');
      expectProblem(await call('PUT', `/v1/profiles/${name}`, { body: profileDocument({ name }) }), 409, 'conflict');
      expectProblem(await create(name), 409, 'conflict');
    }
  });

  it('are not made twice, and are changed only as what they are', async () => {
    await create('twice');
    expectProblem(await create('twice'), 409, 'conflict');
    const body = profileDocument({ name: 'twice' });
    expectProblem(
      await call('PUT', '/v1/profiles/twice', { body, headers: { 'if-match': '"7"' } }),
      412,
      'precondition_failed',
    );
    expectProblem(
      await call('DELETE', '/v1/profiles/twice', { headers: { 'if-match': '"7"' } }),
      412,
      'precondition_failed',
    );
    const renamed = await call('PUT', '/v1/profiles/twice', { body: profileDocument({ name: 'other' }) });
    expectProblem(renamed, 422, 'invalid_request');
    expect(pathsOf(renamed.json)).toEqual(['/name']);
    expectProblem(
      await call('PUT', '/v1/profiles/none', { body: profileDocument({ name: 'none' }) }),
      404,
      'not_found',
    );
  });

  it('that are wrong are refused, naming each mistake', async () => {
    const answer = await create('wrong', { envelope: { a: '{{x}}' }, headers: { Host: '1' } });
    expectProblem(answer, 422, 'invalid_request');
    expect(pathsOf(answer.json)).toEqual(['/headers/Host', '/envelope/a']);
    expectProblem(await call('GET', '/v1/profiles/wrong'), 404, 'not_found');
  });

  it.each<[string, string, string]>([
    ['bottomless', `"envelope":${'['.repeat(5_000)}${']'.repeat(5_000)}`, '"envelope":1'],
    ['enormous', `"envelope":"${'x'.repeat(500_000)}"`, '"envelope":1'],
    ['boundless', '"envelope":1,"retry":{"gapsSeconds":[1e400]}', '"envelope":1,"retry":{"gapsSeconds":[1]}'],
  ])('that are %s are refused, not a fault', async (what, members, good) => {
    const body = (text: string) => `{"name":"extreme-${what.slice(0, 6)}","retry":{"gapsSeconds":[1]},${text}}`;
    expectProblem(await call('POST', '/v1/profiles', { body: body(members) }), 422, 'invalid_request');
    expect(await call('POST', '/v1/profiles', { body: body(good) })).toMatchObject({ status: 201 });
  });

  it.each([
    ['gaps', { gapsSeconds: Array(5).fill(604_800) }, 35],
    ['Retry-After', { gapsSeconds: Array(10).fill(1), retryAfter: { statuses: ['429'], maxSeconds: 302_400 } }, 35],
  ])('whose %s could outlast the journal are refused', async (_, retry, days) => {
    const body = profileDocument({ name: 'slow', retry });
    const refused = await call('POST', '/v1/profiles', { body });
    expectProblem(refused, 422, 'invalid_request');
    expect(refused.text).toContain(`can take ${days}.0 days`);
    const deadline = { ...body, retry: { ...retry, deadlineSeconds: 29 * 86_400 } };
    expect((await call('POST', '/v1/profiles', { body: deadline })).status).toBe(201);
    expectProblem(await call('PUT', '/v1/profiles/slow', { body }), 422, 'invalid_request');
    await call('DELETE', '/v1/profiles/slow');
  });

  it('keep the numbers of their envelope', async () => {
    expect(await create('great', { envelope: { n: 1e300, data: '{{event.data}}' } })).toMatchObject({ status: 201 });
    expect((await call('GET', '/v1/profiles/great')).json).toMatchObject({ document: { envelope: { n: 1e300 } } });
  });

  it('are read by whoever is asked to verify, and written by the company alone', async () => {
    const as = tenantOf('acme');
    expect(await call('GET', '/v1/profiles', { as })).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/profiles/standard', { as })).toMatchObject({ status: 200 });
    expectProblem(await call('PUT', '/v1/profiles/standard', { as, body: {} }), 403, 'forbidden');
    expectProblem(await call('POST', '/v1/profiles/preview', { as, body: {} }), 403, 'forbidden');
  });
});

describe('a profile that is in use', () => {
  it('by a subscription, by a tenant or by the deployment is not deleted', async () => {
    await create('busy');
    const made = await call('POST', '/v1/tenants/acme/subscriptions', {
      body: { url: 'https://a.example/', eventTypes: ['*'], profile: 'busy' },
    });
    expect(made).toMatchObject({ status: 201, json: { profile: 'busy' } });
    expectProblem(await call('DELETE', '/v1/profiles/busy'), 409, 'conflict');
    await call('DELETE', `/v1/tenants/acme/subscriptions/${made.field('id')}`);
    await call('PUT', '/v1/tenants/loyal', { body: { defaultProfile: 'busy' } });
    expect((await call('DELETE', '/v1/profiles/busy')).field('detail')).toContain('loyal');
    await call('PUT', '/v1/tenants/loyal', { body: {} });
    expectProblem(await call('DELETE', '/v1/profiles/busy', {}, { defaultProfile: 'busy' }), 409, 'conflict');
    expect(await call('DELETE', '/v1/profiles/busy')).toMatchObject({ status: 204 });
  });

  it('is not changed to sign with keys that its subscriptions lack', async () => {
    const ed25519 = { header: 'X-Signature', algorithm: 'ed25519', encoding: 'base64' };
    const body = profileDocument({ name: 'moving', signatures: [ed25519] });
    await create('moving');
    const made = await call('POST', '/v1/tenants/acme/subscriptions', {
      body: { url: 'https://a.example/', eventTypes: ['*'], profile: 'moving' },
    });
    expectProblem(await call('PUT', '/v1/profiles/moving', { body }), 409, 'conflict');
    await call('DELETE', `/v1/tenants/acme/subscriptions/${made.field('id')}`);
    expect(await call('PUT', '/v1/profiles/moving', { body })).toMatchObject({ status: 200 });
  });
});

describe('a preview', () => {
  const preview = (rest: object) =>
    call('POST', '/v1/profiles/preview', {
      body: { profile: 'keypay', event: { type: 'a.b', data: { n: 1 } }, ...rest },
    });
  const Preview = z.object({ headers: z.record(z.string(), z.string()), body: z.string(), bodyBase64: z.string() });

  it('is exactly what would be sent', async () => {
    const answer = await preview({ secret: 'secret', attempt: 3, subscription: { url: 'https://b.example/x' } });
    expect(answer).toMatchObject({ status: 200, json: { method: 'POST', url: 'https://b.example/x' } });
    const { headers, body, bodyBase64 } = Preview.parse(answer.json);
    expect(JSON.parse(body)).toMatchObject({ Attempt: 3, Notifications: [{ Action: 'a.b', n: 1 }] });
    expect(Buffer.from(bodyBase64, 'base64').toString()).toBe(body);
    expect(headers).toEqual({
      'user-agent': 'Posthorn/test',
      'content-type': 'application/json; charset=utf-8',
      'MS-Signature': `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`,
    });
  });

  it('keeps the numbers of its event, which are not read on the way', async () => {
    const body = '{"profile":"staffology","event":{"type":"a","data":{"n":1.0,"10":1,"9":-0,"big":9007199254740993}}}';
    expect((await call('POST', '/v1/profiles/preview', { body })).field('body')).toBe(
      '[{"n":1.0,"10":1,"9":-0,"big":9007199254740993}]',
    );
  });

  it('of a document needs not be saved, and its mistakes are named within the request', async () => {
    const document = profileDocument({ name: 'draft', envelope: ['{{tenant.id}}', '{{event.occurredAt}}'] });
    const event = { type: 'a', data: 1, occurredAt: '2026-01-01T00:00:00Z' };
    const answer = await preview({ profile: document, tenantId: 'umbrella', event });
    expect(answer.field('body')).toBe('["umbrella","2026-01-01T00:00:00.000Z"]');
    const wrong = await preview({ profile: profileDocument({ envelope: '{{x}}' }) });
    expectProblem(wrong, 422, 'invalid_request');
    expect(pathsOf(wrong.json)).toEqual(['/profile/envelope']);
  });

  it('signs with the tenant’s key that is given', async () => {
    const answer = await preview({ profile: 'bindbee', tenantKey: 'k' });
    const { headers, body } = Preview.parse(answer.json);
    expect(Buffer.from(headers['X-Bindbee-Webhook-Signature'] ?? '', 'base64url')).toEqual(
      createHmac('sha256', 'k').update(body).digest(),
    );
  });

  it('signs with a made-up key of ed25519 where the profile signs so', async () => {
    const signatures = [{ header: 'X-Signature', algorithm: 'ed25519', encoding: 'hex' }];
    const { headers } = Preview.parse((await preview({ profile: profileDocument({ signatures }) })).json);
    expect(headers['X-Signature']).toMatch(/^[0-9a-f]{128}$/);
  });

  it.each<[string, object]>([
    ['of an event from before 1970', { event: { type: 'a', data: 1, occurredAt: '0000-01-01T00:00:00Z' } }],
    ['at a moment before 1970', { at: '1950-01-01T00:00:00Z' }],
    ['at the end of time', { at: '9999-12-31T23:59:59Z' }],
    ['of data that is null', { event: { type: 'a', data: null } }],
  ])('%s is no fault', async (_, rest) => {
    expect((await preview(rest)).status).toBe(200);
  });

  it.each<[string, object, string]>([
    ['a profile that does not exist', { profile: 'none' }, '/profile'],
    ['a secret that is not of its form', { profile: 'standard', secret: 'x' }, '/secret'],
    ['a secret where there is none', { profile: 'staffology', secret: 'x' }, '/secret'],
    ['an event without data', { event: { type: 'a' } }, '/event/data'],
    ['no attempt', { attempt: 0 }, '/attempt'],
  ])('refuses %s', async (_, rest, path) => {
    const answer = await preview(rest);
    expectProblem(answer, 422, 'invalid_request');
    expect(pathsOf(answer.json)).toEqual([path]);
  });
});
