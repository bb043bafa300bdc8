import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../functions/api/http/openapi.ts';
import type { Method } from '../../functions/api/http/route.ts';
import { ANONYMOUS } from '../../functions/core/access/principal.ts';
import { parkDelivery } from '../../functions/core/delivery/delivery.ts';
import { deliveryId, newId } from '../../functions/core/ids.ts';
import { type ApiRequest, expectProblem, useApi } from '../support/api.ts';
import { makeAttempt, makeDelivery, makeEvent } from '../support/domain.ts';
import { makeProfile } from '../support/profiles.ts';
import { ROUTES } from '../support/routes.ts';

const { call, deps, clock, queues } = useApi();
const T = '/v1/tenants/acme';
let ptk = '';
let job = '';
let rej = '';
let key = '';
let sub = '';
let dlv = '';
let toCancel = '';

beforeAll(async () => {
  await call('PUT', T, { body: { name: 'Acme', metadata: { plan: 'gold' } } });
  const created = await call('POST', `${T}/subscriptions`, {
    body: {
      url: 'https://user:pass@receiver.example/hooks',
      eventTypes: ['*'],
      signatureVersions: ['v1', 'v1a'],
      headers: { 'X-A': 'b' },
    },
  });
  sub = created.field('id');
  const event = makeEvent({ acceptedAt: clock.now, occurredAt: clock.now, recordedAt: clock.now });
  await deps.stores.events.putEvents([event, { ...event, id: 'evt_2' }]);
  rej = newId('rej', clock.now, Math.random);
  await deps.stores.rejectedEvents.putRejectedEvents([
    {
      id: rej,
      tenantId: null,
      rejectedAt: clock.now,
      reason: { code: 'malformed_json', message: 'no JSON', errors: [] },
      body: '"x"',
      bodyTruncated: false,
      messageId: null,
      republishedAt: null,
    },
  ]);
  const delivery = makeDelivery({
    subscriptionId: sub,
    eventAt: clock.now,
    status: 'failed',
    completedAt: clock.now,
    attempts: [makeAttempt({ number: 1 })],
  });
  const parked = parkDelivery(
    makeDelivery({ subscriptionId: sub, eventAt: clock.now, eventId: 'evt_2' }),
    clock.now,
    'paused',
  );
  await deps.stores.deliveries.saveDelivery(delivery, 0);
  await deps.stores.deliveries.saveDelivery(parked, 0);
  [dlv, toCancel] = [deliveryId(delivery), deliveryId(parked)];
  ptk = (await call('POST', '/v1/tenants/acme/portal-tokens')).field('id');
  const replays = `${T}/subscriptions/${sub}/replays`;
  job = (await call('POST', replays, { body: { from: '2026-01-01T00:00:00Z', dryRun: true } })).field('id');
  key = (await call('POST', '/v1/api-keys', { body: { name: 'x', role: 'admin' } })).field('id');
  await call('POST', '/v1/event-types', { body: { name: 'a.b', description: 'd', example: { n: 1 } } });
});

const PACK = {
  name: 'own',
  title: 'Own',
  description: 'Our own event types.',
  sources: [],
  eventTypes: [
    { name: 'own.type', description: 'd', group: 'g', source: 'ours', exampleSource: 'ours', schema: {}, example: 1 },
  ],
};
/** As it is stored, with everything that has a default. */
const makeDocument = () => makeProfile().document;

/** In the order in which they are sent. `SUB`, `DLV`, `CANCEL`, `PTK`, `KEY`, `JOB` and `REJ` stand for ids. */
const TABLE: [method: Method, target: string, status: number, request?: ApiRequest][] = [
  ['GET', '/v1/health', 200, { as: ANONYMOUS }],
  ['PUT', '/v1/tenants/fresh', 201, { body: {} }],
  ['PUT', '/v1/tenants/fresh', 200, { body: { name: 'Fresh' } }],
  ['GET', '/v1/tenants?limit=1', 200],
  ['GET', T, 200],
  ['POST', `${T}/portal-tokens`, 201],
  ['POST', `${T}/portal-tokens`, 201, { body: { readOnly: true, expiresInSeconds: 60 } }],
  ['GET', `${T}/portal-tokens?limit=1`, 200],
  ['DELETE', `${T}/portal-tokens/PTK`, 204],
  ['POST', '/v1/api-keys', 201, { body: { name: 'Payroll', role: 'read' } }],
  [
    'POST',
    '/v1/api-keys',
    201,
    { body: { name: 'A', role: 'publish', tenantId: 'acme', maxPerSecond: 50, expiresAt: '2100-01-01T00:00:00Z' } },
  ],
  ['GET', '/v1/api-keys?limit=1', 200],
  ['DELETE', '/v1/api-keys/KEY', 204],
  ['GET', '/v1/me', 200],
  ['GET', '/v1/audit?tenantId=acme', 200],
  ['GET', '/v1/audit?keyId=key_stack&from=2026-01-01T00:00:00Z', 200],
  ['POST', `${T}/subscriptions`, 201, { body: { url: 'https://a.example/', eventTypes: ['a.*'] } }],
  ['POST', `${T}/subscriptions`, 201, { body: { target_url: 'https://a.example/', event: 'a.b' } }],
  ['GET', `${T}/subscriptions?status=active&environment=production&eventType=*`, 200],
  ['GET', `${T}/subscriptions/SUB`, 200],
  ['PATCH', `${T}/subscriptions/SUB`, 200, { body: { name: 'N', headers: { 'X-A': null }, metadata: null } }],
  ['GET', `${T}/subscriptions/SUB/secret`, 200],
  ['POST', `${T}/subscriptions/SUB/secret/rotate`, 200],
  ['POST', `${T}/subscriptions/SUB/secret/rotate`, 200, { body: { overlapSeconds: 60 } }],
  ['POST', `${T}/subscriptions/SUB/test`, 202],
  ['POST', `${T}/subscriptions/SUB/test`, 202, { body: { eventType: 'a.b' } }],
  ['POST', `${T}/test-url`, 200, { body: { url: 'https://a.example/', eventType: 'a.b' } }],
  ['GET', `${T}/subscriptions/SUB/deliveries`, 200],
  ['GET', `${T}/subscriptions/SUB/deliveries?status=failed&eventType=employee.created`, 200],
  ['GET', `${T}/subscriptions/SUB/deliveries?responseStatus=5xx`, 200],
  ['POST', `${T}/events`, 202, { body: { type: 'a.b', data: null } }],
  [
    'POST',
    `${T}/events`,
    202,
    {
      body: {
        events: [
          { type: 'a.b', data: 1 },
          { id: 'x', type: 'a.b', data: [] },
        ],
      },
    },
  ],
  ['GET', `${T}/stats?interval=day`, 200],
  ['GET', `${T}/subscriptions/SUB/stats`, 200],
  ['GET', `${T}/events?type=employee.created&environment=production`, 200],
  ['GET', `${T}/events/evt_1`, 200],
  ['GET', `${T}/events?omit=data`, 200],
  ['GET', `${T}/events/evt_1/recipients`, 200],
  ['GET', `${T}/events/evt_1/deliveries`, 200],
  ['GET', `${T}/deliveries/DLV`, 200],
  ['GET', `${T}/deliveries/DLV/attempts/1/request`, 200],
  ['POST', `${T}/deliveries/DLV/retry`, 202],
  ['POST', `${T}/deliveries/CANCEL/cancel`, 200],
  ['DELETE', `${T}/events/evt_2/data`, 204],
  ['GET', `${T}/events/evt_2`, 200],
  ['POST', '/v1/event-types', 201, { body: { name: 'c.d', group: 'g', schema: { type: 'object' } } }],
  ['GET', '/v1/event-types?limit=1', 200],
  ['GET', '/v1/event-types/a.b', 200],
  ['GET', '/v1/event-types/a.b/example', 200],
  ['PATCH', '/v1/event-types/a.b', 200, { body: { description: null, example: { n: 2 } } }],
  ['POST', '/v1/event-types/a.b/archive', 200],
  ['GET', '/v1/event-types/a.b/samples', 200],
  ['GET', '/v1/event-types/c.d/samples?profile=keypay', 200],
  ['GET', '/v1/event-type-packs', 200],
  ['POST', '/v1/event-type-packs/bindbee/load', 200],
  ['POST', '/v1/event-type-packs', 200, { body: PACK }],
  ['GET', '/v1/profiles', 200],
  ['POST', '/v1/profiles', 201, { body: makeDocument() }],
  ['PUT', '/v1/profiles/acme', 200, { body: makeDocument() }],
  ['GET', '/v1/profiles/acme', 200],
  ['GET', '/v1/profiles/standard', 200],
  ['POST', '/v1/profiles/preview', 200, { body: { profile: 'keypay', event: { type: 'a.b', data: 1 } } }],
  ['DELETE', '/v1/profiles/acme', 204],
  ['GET', `${T}/signing-key`, 200],
  ['POST', `${T}/signing-key/rotate`, 200],
  ['POST', `${T}/subscriptions/SUB/verify`, 200],
  ['POST', `${T}/subscriptions/SUB/breaker/close`, 200],
  ['POST', `${T}/subscriptions/SUB/filter/test`, 200, { body: { data: {} } }],
  ['POST', `${T}/test-filter`, 200, { body: { filter: { data: { n: [1] } }, environment: 'development', data: {} } }],
  ['GET', '/v1/rejected-events?code=malformed_json', 200],
  ['GET', '/v1/dead-letters', 200],
  ['POST', '/v1/dead-letters/redrive', 200],
  ['POST', '/v1/dead-letters/redrive', 200, { body: { queue: 'events' } }],
  ['GET', '/v1/system', 200],
  ['POST', `${T}/subscriptions/SUB/pause`, 200],
  ['POST', `${T}/subscriptions/SUB/resume`, 200, { body: { parked: 'discard', since: '2026-01-01T00:00:00Z' } }],
  ['POST', `${T}/subscriptions/SUB/replays`, 202, { body: { from: '2026-01-01T00:00:00Z', status: 'all' } }],
  ['POST', `${T}/subscriptions/SUB/cancellations`, 202, { body: {} }],
  ['POST', `${T}/events/evt_1/replay`, 202],
  ['GET', `${T}/jobs?limit=1`, 200],
  ['GET', `${T}/jobs/JOB`, 200],
  ['POST', `${T}/jobs/JOB/cancel`, 200],
  ['GET', '/v1/jobs?limit=1', 200],
  ['GET', '/v1/jobs/JOB', 200],
  ['POST', '/v1/jobs/JOB/cancel', 200],
  ['POST', '/v1/rejected-events/REJ/republish', 202, { body: { body: '{"tenantId":"acme","type":"a.b","data":1}' } }],
  [
    'POST',
    '/v1/republications',
    202,
    { body: { from: '2026-01-01T00:00:00Z', code: 'invalid_data', maxPerSecond: 5 } },
  ],
  ['POST', '/v1/recoveries', 202, { body: { from: '2026-01-01T00:00:00Z', dryRun: true } }],
  ['DELETE', `${T}/subscriptions/SUB`, 204],
  ['DELETE', T, 204],
  ['POST', `${T}/erasure`, 202, { body: { keepLog: true } }],
];

const matches = (path: string, target: string) =>
  new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(target.split('?')[0] ?? '');
const routeOf = (method: string, target: string) =>
  ROUTES.filter((route) => route.method === method && matches(route.path, target));

describe('an answer has the form that is documented', () => {
  it.each(TABLE)('%s %s: %i', async (method, target, status, request) => {
    const path = target
      .replace('SUB', sub)
      .replace('DLV', dlv)
      .replace('CANCEL', toCancel)
      .replace('PTK', ptk)
      .replace('KEY', key)
      .replace('JOB', job)
      .replace('REJ', rej);
    const answer = await call(method, path, request);
    expect(answer).toMatchObject({ status });
    const [route] = routeOf(method, target);
    const schema = route?.responses[status]?.schema;
    if (schema === null || schema === undefined) {
      expect(schema).toBeNull();
      expect(answer.text).toBe('');
      return;
    }
    // The schema reads what is stored; what it shows is described by its output. An object there has no other members.
    const shown = z.fromJSONSchema(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }));
    expect(shown.safeParse(answer.json).error?.issues).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('the table has every route', () => {
    const missing = ROUTES.filter(
      (route) => !TABLE.some(([method, target]) => routeOf(method, target).includes(route)),
    );
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('each route has an id that can be the name of a method', () => {
    const ids = ROUTES.map(({ id }) => id);
    for (const id of ids) expect(id).toMatch(/^[a-z]+(?:[A-Z][a-z]+)+$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('what was published lies in the events queue, with the ids that were answered', async () => {
    const bodies = (await queues.events.take())
      .map(({ body }) => JSON.parse(body))
      .filter(({ id }) => id !== undefined);
    expect(bodies).toHaveLength(3);
    expect(bodies).toContainEqual({ tenantId: 'acme', id: 'x', type: 'a.b', environment: 'production', data: [] });
    for (const { id } of bodies) expect(id).toMatch(/^(?:x|evt_[0-9A-Z]{26})$/);
  });
});

describe('a read that the state of things does not allow', () => {
  const expunged = makeDelivery({
    subscriptionId: `sub_${'0'.repeat(26)}`,
    eventId: 'none',
    attempts: [makeAttempt()],
  });
  const description = JSON.parse(JSON.stringify(openApiDocument(ROUTES)));

  it.each([
    ['statistics of a deployment that keeps none', `${T}/stats`, { statsRetentionDays: 0 }],
    ['statistics of a subscription there', `${T}/subscriptions/SUB/stats`, { statsRetentionDays: 0 }],
    ['the request about an event that is gone', `${T}/deliveries/${deliveryId(expunged)}/attempts/1/request`, {}],
  ])('is refused as it is documented: %s', async (_, target, changes) => {
    await call('PUT', T, { body: {} });
    const id = (
      await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } })
    ).field('id');
    await deps.stores.deliveries.saveDelivery(expunged, 0);
    expectProblem(await call('GET', target.replace('SUB', id), {}, changes), 409, 'conflict');
    const [route] = routeOf('GET', target);
    expect(description.paths[route?.path ?? ''].get.responses).toHaveProperty(['409']);
  });
});

describe('pages and documents', () => {
  it.each([
    ['/v1/openapi.json', 'application/json'],
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/start.js', 'text/javascript; charset=utf-8'],
  ])('%s is open to all', async (path, type) => {
    const answer = await call('GET', path, { as: ANONYMOUS });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': type } });
    expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
  });

  it.each(['/docs/..%2Findex.mjs', '/docs/constructor', '/docs/none.js'])(
    '%s is no file of the documentation',
    async (path) => {
      expect(await call('GET', path)).toMatchObject({ status: 404, json: { code: 'not_found' } });
    },
  );

  it('data comes back to the letter', async () => {
    const data = '{"10":1,"9":2,"big":9007199254740993,"one":1.0,"huge":1e400,"zero":-0}';
    await deps.stores.events.putEvents([makeEvent({ id: 'exact', data, acceptedAt: clock.now })]);
    expect((await call('GET', `${T}/events/exact`)).text).toContain(`"data":${data}`);
    expect((await call('GET', `${T}/events`)).text).toContain(`"data":${data}`);
  });
});
