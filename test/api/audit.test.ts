import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Method } from '../../functions/api/http/route.ts';
import { type Principal, STACK_KEY } from '../../functions/core/access/principal.ts';
import { newId } from '../../functions/core/ids.ts';
import { type ApiRequest, expectProblem, tenantOf, useApi } from '../support/api.ts';
import { ROUTES } from '../support/routes.ts';

const { call, clock, deps, telemetry } = useApi();
const KEYPAY = { compatibility: ['keypay'] } as const;
const Records = z
  .object({ data: z.array(z.looseObject({ operation: z.string(), at: z.string() })) })
  .transform(({ data }) => data);
let number = 0;
let tenant = '';
let path = '';
beforeEach(() => {
  number += 1;
  tenant = `tenant-${number}`;
  path = `/v1/tenants/${tenant}/subscriptions`;
  clock.now += 1_000;
});

const audit = async (query = `tenantId=${tenant}`) => Records.parse((await call('GET', `/v1/audit?${query}`)).json);
const operationsOf = async () => (await audit()).map(({ operation }) => operation);
const BODY = { url: 'https://user:password-1@a.example/', eventTypes: ['*'], headers: { 'X-Api-Key': 'value-1' } };

async function subscribe(request: ApiRequest = {}): Promise<string> {
  return (await call('POST', path, { body: BODY, ...request })).field('id');
}

describe('the audit trail', () => {
  it('says who changed which fields of what, and when', async () => {
    const payroll: Principal = { ...STACK_KEY, id: `key_${'1'.repeat(26)}`, name: 'Payroll' };
    const id = await subscribe({ as: payroll });
    clock.now += 1_000;
    await call('PATCH', `${path}/${id}`, { body: { name: 'x', filter: null }, as: tenantOf(tenant) });
    expect(await audit()).toEqual([
      {
        id: expect.stringMatching(/^aud_/),
        at: new Date(clock.now).toISOString(),
        action: 'change',
        by: { kind: 'token', id: tenantOf(tenant).id, name: null },
        operation: 'updateSubscription',
        tenantId: tenant,
        resourceIds: [id],
        fields: ['name', 'filter'],
        changes: { name: { from: null, to: 'x' } },
        requestId: 'request',
      },
      {
        id: expect.stringMatching(/^aud_/),
        at: new Date(clock.now - 1_000).toISOString(),
        action: 'change',
        by: { kind: 'key', id: payroll.id, name: 'Payroll' },
        operation: 'createSubscription',
        tenantId: tenant,
        resourceIds: [id],
        fields: ['url', 'eventTypes', 'headers'],
        changes: {
          url: { from: null, to: 'https://a.example/' },
          hasCredentials: { from: null, to: 'true' },
          eventTypes: { from: null, to: '["*"]' },
          environment: { from: null, to: 'production' },
          profile: { from: null, to: 'standard' },
          signatureVersions: { from: null, to: '["v1"]' },
          'headers.X-Api-Key': { from: null, to: '[redacted]' },
          status: { from: null, to: 'active' },
        },
        requestId: 'request',
      },
    ]);
  });

  it('says what a change made of each field', async () => {
    const id = await subscribe();
    const changesBy = async (method: Method, target: string, body?: unknown, as?: Principal) => {
      clock.now += 1_000;
      const answer = await call(method, target, { body, ...(as === undefined ? {} : { as }) });
      expect(answer.status, target).toBeLessThan(300);
      const [latest] = z
        .object({ data: z.array(z.looseObject({ changes: z.record(z.string(), z.unknown()) })) })
        .parse((await call('GET', '/v1/audit')).json).data;
      return latest?.changes;
    };
    const one = `${path}/${id}`;
    expect(
      await changesBy('PATCH', one, { url: 'https://u:p@b.example/', headers: { 'X-Api-Key': 'value-2' } }),
    ).toEqual({
      url: { from: 'https://a.example/', to: 'https://b.example/' },
    });
    expect(await changesBy('PATCH', one, { metadata: { a: '1' }, maxPerSecond: 5 })).toEqual({
      'metadata.a': { from: null, to: '1' },
      maxPerSecond: { from: null, to: '5' },
    });
    expect(await changesBy('PATCH', one, { maxPerSecond: 5 })).toEqual({});
    expect(await changesBy('POST', `${one}/pause`)).toMatchObject({ status: { from: 'active', to: 'paused' } });
    expect(await changesBy('POST', `${one}/secret/rotate`)).toEqual({});
    expect(await changesBy('DELETE', one)).toMatchObject({ url: { from: 'https://b.example/', to: null } });
    expect(await changesBy('PUT', `/v1/tenants/${tenant}`, { name: 'Acme' })).toEqual({
      name: { from: null, to: 'Acme' },
    });
    const key = await call('POST', '/v1/api-keys', { body: { name: 'x', role: 'read', tenantId: tenant } });
    expect(await changesBy('DELETE', `/v1/api-keys/${key.field('id')}`)).toEqual({
      name: { from: 'x', to: null },
      role: { from: 'read', to: null },
      tenantId: { from: tenant, to: null },
    });
    const profile = { name: tenant, envelope: { data: '{{event.data}}' }, retry: { gapsSeconds: [1] } };
    expect(await changesBy('POST', '/v1/profiles', profile)).toMatchObject({
      'document.retry.gapsSeconds': { from: null, to: '[1]' },
    });
    expect(await changesBy('PUT', `/v1/profiles/${tenant}`, { ...profile, retry: { gapsSeconds: [2] } })).toEqual({
      version: { from: '1', to: '2' },
      'document.retry.gapsSeconds': { from: '[1]', to: '[2]' },
    });
    const type = `a${number}.b`;
    expect(await changesBy('POST', '/v1/event-types', { name: type, example: { n: 1 } })).toMatchObject({
      'example.n': { from: null, to: '1' },
    });
    expect(await changesBy('POST', `/v1/event-types/${type}/archive`)).toEqual({
      archived: { from: 'false', to: 'true' },
    });
    expect(await changesBy('DELETE', `/v1/tenants/${tenant}`)).toEqual({ name: { from: 'Acme', to: null } });
  });

  it('has every kind of change, those of the company included', async () => {
    const since = new Date(clock.now).toISOString();
    const profile = { name: tenant, envelope: { data: '{{event.data}}' }, retry: { gapsSeconds: [] } };
    const key = await call('POST', '/v1/api-keys', { body: { name: 'x', role: 'read', tenantId: tenant } });
    const done: [Method, string, unknown?][] = [
      ['PUT', `/v1/tenants/${tenant}`, {}],
      ['POST', '/v1/profiles', profile],
      ['PUT', `/v1/profiles/${tenant}`, profile],
      ['DELETE', `/v1/profiles/${tenant}`],
      ['POST', `/v1/tenants/${tenant}/signing-key/rotate`],
      ['DELETE', `/v1/api-keys/${key.field('id')}`],
      ['DELETE', `/v1/tenants/${tenant}`],
    ];
    for (const [method, target, body] of done) {
      clock.now += 1;
      expect((await call(method, target, { body })).status, target).toBeLessThan(300);
    }
    const found = await audit(`from=${since}`);
    expect(
      found.map(({ operation, tenantId, resourceIds }) => [operation, tenantId, resourceIds]).toReversed(),
    ).toEqual([
      ['createApiKey', tenant, [key.field('id')]],
      ['putTenant', tenant, []],
      ['createProfile', null, [tenant]],
      ['replaceProfile', null, [tenant]],
      ['deleteProfile', null, [tenant]],
      ['rotateSigningKey', tenant, []],
      ['deleteApiKey', tenant, [key.field('id')]],
      ['deleteTenant', tenant, []],
    ]);
  });

  it('tells of the tenant that a change was about, where the path does not', async () => {
    await call('PUT', `/v1/tenants/${tenant}`, { body: {} });
    const job = await call('POST', `${path}/${await subscribe()}/replays`, { body: { from: '2026-01-01T00:00:00Z' } });
    const [id, strange] = [newId('rej', clock.now, Math.random), newId('rej', clock.now, Math.random)];
    const reason = { code: 'malformed_json' as const, message: 'x', errors: [] };
    const rejected = {
      rejectedAt: clock.now,
      reason,
      body: '{',
      bodyTruncated: false,
      messageId: null,
      republishedAt: null,
    };
    await deps.stores.rejectedEvents.putRejectedEvents([
      { ...rejected, id, tenantId: tenant },
      { ...rejected, id: strange, tenantId: null },
    ]);
    clock.now += 1;
    const done = [`/v1/jobs/${job.field('id')}/cancel`, `/v1/rejected-events/${id}/republish`];
    for (const target of [...done, `/v1/rejected-events/${strange}/republish`]) {
      expect((await call('POST', target)).status, target).toBeLessThan(300);
      clock.now += 1;
    }
    const found = (await audit()).map(({ operation, resourceIds }) => [operation, resourceIds]);
    expect(found.slice(0, 2)).toEqual([
      ['republishRejectedEvent', [id]],
      ['cancelJob', [job.field('id')]],
    ]);
    // The message did not say whose it was.
    expect((await audit('limit=1'))[0]).toMatchObject({ tenantId: null, resourceIds: [strange] });
  });

  it('says who was shown a secret, and not who was not', async () => {
    const id = await subscribe();
    const reads = [`${path}/${id}`, `${path}/${id}/secret`, `${path}/${id}?show=headers`, path];
    for (const target of reads) {
      clock.now += 1;
      expect((await call('GET', target)).status).toBe(200);
      expectProblem(await call('GET', target, { as: tenantOf('other') }), 404, 'not_found');
    }
    expectProblem(await call('GET', `${path}/${id}/secret`, { as: tenantOf(tenant, true) }), 403, 'forbidden');
    const found = (await audit()).map(({ operation, action }) => [operation, action]);
    expect(found).toEqual([
      ['getSubscription', 'reveal'],
      ['getSubscriptionSecret', 'reveal'],
      ['createSubscription', 'change'],
    ]);
  });

  it('says it of a vendor’s own routes', async () => {
    const registrations = `/business/${tenant}/webhookregistrations`;
    const body = { webHookUri: 'https://a.example/', [`x${'y'.repeat(200)}`]: 1 };
    await call('POST', registrations, { body }, KEYPAY);
    clock.now += 1;
    await call('GET', registrations, { as: tenantOf(tenant, true) }, KEYPAY);
    await call('GET', registrations, { as: tenantOf(tenant) }, KEYPAY);
    expect(await audit()).toMatchObject([
      { action: 'reveal', operation: 'GET /business/{tenantId}/webhookregistrations' },
      {
        action: 'change',
        operation: 'POST /business/{tenantId}/webhookregistrations',
        resourceIds: [expect.stringMatching(/^sub_/)],
        fields: ['webHookUri', `x${'y'.repeat(99)}`],
      },
    ]);
  });

  it('has nothing of what was refused, and one record of what was repeated by its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': tenant };
    const id = await subscribe({ headers });
    expect(await subscribe({ headers })).toBe(id);
    expect((await call('PATCH', `${path}/${id}`, { body: { url: 'http://a.example/' } })).status).toBe(422);
    expect((await call('DELETE', `${path}/${id}`, { headers: { 'if-match': '"9"' } })).status).toBe(412);
    expect((await call('DELETE', `${path}/${id}`, { as: tenantOf(tenant, true) })).status).toBe(403);
    expect(await operationsOf()).toEqual(['createSubscription']);
  });

  it('has no secret in it', async () => {
    const key = await call('POST', '/v1/api-keys', { body: { name: 'x', role: 'admin', tenantId: tenant } });
    const token = await call('POST', `/v1/tenants/${tenant}/portal-tokens`);
    const made = await call('POST', path, { body: BODY });
    const target = `${path}/${made.field('id')}`;
    const rotated = await call('POST', `${target}/secret/rotate`, { body: { secret: `whsec_${'A'.repeat(40)}` } });
    await call('PATCH', target, {
      body: { url: 'https://u:password-2@b.example/', headers: { 'X-Api-Key': 'value-2' } },
    });
    expect(rotated.status).toBe(200);
    const trail = JSON.stringify(await audit());
    expect(trail).toContain('rotateSubscriptionSecret');
    expect(trail).toContain('https://b.example/');
    const secrets = [key.field('key'), token.field('token'), made.field('secret'), rotated.field('secret')];
    for (const secret of [...secrets, 'password', 'value-', 'A'.repeat(40)])
      expect(trail, secret).not.toContain(secret);
  });

  it('is read by tenant, by key and by time', async () => {
    const first = new Date(clock.now).toISOString();
    const id = await subscribe({ as: tenantOf(tenant) });
    clock.now += 1_000;
    await call('POST', `${path}/${id}/pause`);
    expect((await audit(`tenantId=${tenant}&keyId=key_stack`)).map(({ operation }) => operation)).toEqual([
      'pauseSubscription',
    ]);
    expect(await audit(`keyId=${tenantOf(tenant).id}&from=${first}`)).toHaveLength(1);
    expect(await audit(`tenantId=${tenant}&to=${first}`)).toHaveLength(1);
    const pages = await call('GET', `/v1/audit?tenantId=${tenant}&limit=1`);
    const { nextCursor } = z.object({ nextCursor: z.string() }).parse(pages.json);
    expect((await audit(`tenantId=${tenant}&limit=1&cursor=${nextCursor}`))[0]?.operation).toBe('createSubscription');
    expectProblem(await call('GET', '/v1/audit?keyId=sub_1'), 422, 'invalid_request');
    expectProblem(await call('GET', '/v1/audit', { as: tenantOf(tenant) }), 403, 'forbidden');
  });
});

describe('a record that cannot be written', () => {
  const failing = {
    audit: {
      putAuditRecord: () => Promise.reject(Object.assign(new Error(), { name: 'ThrottlingException' })),
      listAuditRecords: () => Promise.reject(new Error()),
    },
  };
  beforeEach(() => {
    telemetry.lines.length = 0;
    telemetry.counts = {};
  });

  it('of a change is logged and counted; the change and its answer stand', async () => {
    const made = await call('POST', path, { body: BODY }, failing);
    expect(made.status).toBe(201);
    expect((await call('GET', `${path}/${made.field('id')}`)).status).toBe(200);
    const logged = telemetry.lines.join();
    expect(logged).toContain('a change is missing in the audit trail');
    expect(logged).toContain('"operation":"createSubscription"');
    expect(logged).not.toContain(made.field('secret'));
    expect(telemetry.counts).toEqual({ AuditRecordsLost: 1 });
  });

  it('of a secret lets nothing be shown', async () => {
    const made = await call('POST', path, { body: BODY });
    const answer = await call('GET', `${path}/${made.field('id')}/secret`, {}, failing);
    expectProblem(answer, 503, 'unavailable');
    expect(answer.text).not.toContain(made.field('secret'));
    expect(telemetry.counts).toEqual({});
  });
});

describe('what is on record as a change', () => {
  it('is every route that is not GET, but for those that change nothing', () => {
    const changes = ROUTES.filter(({ isChange }) => isChange);
    expect(changes.filter(({ method }) => method === 'GET')).toEqual([]);
    const others = ROUTES.filter(({ method, isChange }) => method !== 'GET' && !isChange).map(({ id }) => id);
    expect(others.toSorted()).toEqual([
      'previewProfile',
      'publishEvents',
      'testFilter',
      'testSubscription',
      'testSubscriptionFilter',
      'testUrl',
    ]);
  });
});
