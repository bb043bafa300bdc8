import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';
import { isVerified, signatures, verifyV1a, verifyWithPackages } from './verify.ts';

const system = useSystem();

const envelope = (detail: object) => ({
  version: '0',
  id: crypto.randomUUID(),
  'detail-type': 'EmployeeCreated',
  source: 'hr.employees',
  account: '123456789012',
  time: '2026-11-22T10:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail,
});

describe('an event arrives', () => {
  test('over SQS, HTTP and EventBridge: signed, as Standard Webhooks have it, and on record', async () => {
    const { send, publish, subscribe, received, deliveriesOf, endpoints } = system();
    const { tenant, path } = scene('arrives');
    const { secret, id } = await subscribe(tenant, path);
    const event = { type: 'employee.created', occurredAt: '2026-11-22T10:00:00+01:00', data: { id: 1, name: 'Zoë' } };
    await send({ tenantId: tenant, id: 'by-sqs', ...event }, envelope({ tenantId: tenant, id: 'by-bridge', ...event }));
    await publish(tenant, { id: 'by-http', ...event });

    const requests = await eventually(async () => {
      const { requests } = await received(path);
      expect(requests.map(({ headers }) => headers['webhook-id']).sort()).toEqual(['by-bridge', 'by-http', 'by-sqs']);
      return requests;
    });
    for (const request of requests) {
      expect(request.body).toBe(
        '{"type":"employee.created","timestamp":"2026-11-22T09:00:00.000Z","data":{"id":1,"name":"Zoë"}}',
      );
      expect(request.method).toBe('POST');
      expect(request.headers).toMatchObject({ 'content-type': 'application/json' });
      expect(request.headers['user-agent']).toMatch(/^Posthorn\/\d/);
      expect(Math.abs(Number(request.headers['webhook-timestamp']) - request.receivedAt / 1_000)).toBeLessThan(10);
      verifyWithPackages(request, secret ?? '');
      expect(isVerified({ ...request, body: request.body.replace('1', '2') }, secret ?? '')).toBe(false);
    }
    for (const eventId of ['by-bridge', 'by-http', 'by-sqs']) {
      const deliveries = await eventually(async () => {
        const found = await deliveriesOf(tenant, eventId);
        expect(found).toHaveLength(1);
        return found;
      });
      expect(deliveries).toMatchObject([
        {
          subscriptionId: id,
          eventId,
          status: 'succeeded',
          nextAttemptAt: null,
          attempts: [{ number: 1, trigger: 'automatic', outcome: 'success', response: { status: 200 }, error: null }],
        },
      ]);
      expect(deliveries[0]?.attempts[0]?.request.url).toBe(`${endpoints.receiverUrl}${path}`);
      expect(deliveries[0]?.completedAt).not.toBeNull();
    }
  });

  test('signed by ed25519 as well, when the subscription asks for it', async () => {
    const { publish, subscribe, received } = system();
    const { tenant, path } = scene('ed25519');
    const both = await subscribe(tenant, path, { signatureVersions: ['v1', 'v1a'] });
    await publish(tenant);
    const [request] = await eventually(async () => {
      const { requests } = await received(path);
      expect(requests).toHaveLength(1);
      return requests;
    });
    if (request === undefined) throw new Error('unreachable');
    expect(both.publicKey).toMatch(/^whpk_/);
    expect(verifyV1a(request, both.publicKey ?? '')).toBe(true);
    expect(verifyV1a({ ...request, body: `${request.body} ` }, both.publicKey ?? '')).toBe(false);
    verifyWithPackages(request, both.secret ?? '');
  });

  test('signed with the secret that the caller brought', async () => {
    const { publish, subscribe, received } = system();
    const { tenant, path } = scene('brought');
    const brought = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect((await subscribe(tenant, path, { secret: brought })).secret).toBe(brought);
    await publish(tenant);
    const { requests } = await eventually(async () => {
      const found = await received(path);
      expect(found.total).toBe(1);
      return found;
    });
    for (const request of requests) {
      verifyWithPackages(request, brought);
      expect(signatures(request.headers, 'v1')).toHaveLength(1);
    }
  });

  test('at a subscription made a moment before, each time', async () => {
    const { publish, send, subscribe, received } = system();
    const { tenant, path } = scene('moment');
    for (let round = 0; round < 20; round += 1) {
      await subscribe(tenant, `${path}/${round}`, { eventTypes: [`round.${round}`] });
      if (round % 2 === 0) await publish(tenant, { type: `round.${round}` });
      else await send({ tenantId: tenant, type: `round.${round}`, data: null });
    }
    await eventually(async () => {
      const totals = await Promise.all(
        Array.from({ length: 20 }, async (_, n) => (await received(`${path}/${n}`)).total),
      );
      expect(totals).toEqual(Array.from({ length: 20 }, () => 1));
    });
  });
});

describe('who receives it', () => {
  test('patterns: exact, a prefix, all; and never more', async () => {
    const { publish, subscribe, received } = system();
    const { tenant, path } = scene('patterns');
    const wanted = {
      exact: ['employee.created'],
      prefix: ['employee.*'],
      two: ['employee.created', 'payslip.*'],
      twice: ['employee.created', 'employee.*', '*'],
      all: ['*'],
    };
    for (const [name, eventTypes] of Object.entries(wanted)) await subscribe(tenant, `${path}/${name}`, { eventTypes });
    for (const type of [
      'employee.created',
      'employee.address.changed',
      'employeeX.created',
      'employee',
      'payslip.sent',
    ])
      await publish(tenant, { type, data: type });
    const types = async (name: string) =>
      (await received(`${path}/${name}`)).requests
        .map(({ body }) => z.object({ type: z.string() }).parse(JSON.parse(body)).type)
        .sort();
    const everything = [
      'employee',
      'employee.address.changed',
      'employee.created',
      'employeeX.created',
      'payslip.sent',
    ];
    await eventually(async () => {
      expect(await types('all')).toEqual(everything);
      expect(await types('twice')).toEqual(everything);
      expect(await types('exact')).toEqual(['employee.created']);
      expect(await types('prefix')).toEqual(['employee.address.changed', 'employee.created']);
      expect(await types('two')).toEqual(['employee.created', 'payslip.sent']);
    });
  });

  test('environments and tenants do not mix', async () => {
    const { publish, subscribe, received, deliveriesOf } = system();
    const { tenant, path } = scene('apart');
    const other = scene('apart-other');
    await subscribe(tenant, `${path}/production`);
    await subscribe(tenant, `${path}/development`, { environment: 'development' });
    await subscribe(other.tenant, other.path);
    await publish(tenant, { id: 'in-production', data: 'p' });
    await publish(tenant, { id: 'in-development', environment: 'development', data: 'd' });
    await publish(other.tenant, { id: 'in-production', data: 'o' });
    await eventually(async () => {
      const bodies = async (path: string) => (await received(path)).requests.map(({ body }) => JSON.parse(body).data);
      expect(await bodies(`${path}/production`)).toEqual(['p']);
      expect(await bodies(`${path}/development`)).toEqual(['d']);
      expect(await bodies(other.path)).toEqual(['o']);
    });
    expect(await deliveriesOf(tenant, 'in-production')).toHaveLength(1);
    expect(await deliveriesOf(tenant, 'in-development')).toHaveLength(1);
  });
});

describe('what is published', () => {
  const EXACT =
    '{"10":1,"9":2,"big":9007199254740993,"one":1.0,"huge":1e400,"zero":-0,"b":{"2":"x","1":[1.10,1E5]},"a":"\\u00e9/\\/","é":"\u2028😀"}';

  test.each([
    [
      'over SQS',
      (tenant: string) => system().send(`{"tenantId":"${tenant}","id":"exact","type":"a.b","data":${EXACT}}`),
    ],
    [
      'over HTTP',
      (tenant: string) =>
        system().call('POST', `/v1/tenants/${tenant}/events`, {
          rawBody: `{"id":"exact","type":"a.b","data": ${EXACT} }`,
        }),
    ],
    [
      'over HTTP, among several',
      (tenant: string) =>
        system().call('POST', `/v1/tenants/${tenant}/events`, {
          rawBody: `{"events":[{"type":"other.type","data":1.0},{"data":${EXACT},"id":"exact","type":"a.b"}]}`,
        }),
    ],
    [
      'in an EventBridge envelope',
      (tenant: string) => {
        const wrapped = JSON.stringify(envelope({ detail: 'here' }));
        const detail = `{"tenantId":"${tenant}","id":"exact","type":"a.b","data":${EXACT}}`;
        return system().send(wrapped.replace('{"detail":"here"}', detail));
      },
    ],
  ])('arrives and is read to the byte %s', async (_, publishExact) => {
    const { subscribe, received, call } = system();
    const { tenant, path } = scene('exact');
    await subscribe(tenant, path, { eventTypes: ['a.b'] });
    await publishExact(tenant);
    await eventually(async () => expect((await received(path)).total).toBe(1));
    const [request] = (await received(path)).requests;
    expect(request?.body).toMatch(/^\{"type":"a\.b","timestamp":"[^"]+","data":/);
    expect(request?.body.slice(request.body.indexOf('"data":') + 7, -1)).toBe(EXACT);
    expect((await call('GET', `/v1/tenants/${tenant}/events/exact`)).text).toContain(`"data":${EXACT}`);
  });

  test('may be 256 KiB and not a byte more', async () => {
    const { subscribe, received, call, send, rejectedOf } = system();
    const { tenant, path } = scene('size');
    const { secret } = await subscribe(tenant, path);
    // Two bytes a character: the limit counts bytes. The quotes are two more.
    const full = 'é'.repeat(131_071);
    await send({ tenantId: tenant, id: 'full-sqs', type: 'a.b', data: full });
    await send({ tenantId: tenant, id: 'over-sqs', type: 'a.b', data: `${full}x` });
    const http = (id: string, data: string) =>
      call('POST', `/v1/tenants/${tenant}/events`, { body: { id, type: 'a.b', data } });
    expect((await http('full-http', full)).status).toBe(202);
    const over = await http('over-http', `${full}x`);
    expect(over).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ path: '/data' }] } });
    expect(over.text).toContain('262145');

    await eventually(async () => expect((await received(path)).total).toBe(2));
    for (const request of (await received(path)).requests) {
      expect(JSON.parse(request.body).data).toBe(full);
      verifyWithPackages(request, secret ?? '');
    }
    const [rejected, ...more] = await eventually(async () => {
      const found = await rejectedOf(tenant);
      expect(found).not.toHaveLength(0);
      return found;
    });
    expect(more).toEqual([]);
    expect(rejected).toMatchObject({ reason: { code: 'payload_too_large', errors: [{ path: '/data' }] } });
    expect(JSON.parse(rejected?.body ?? '').id).toBe('over-sqs');
  });

  test('is delivered once for an id, however often and however it comes', async () => {
    const { subscribe, received, publish, send, advance, deliveryOf, rejectedOf, queueSizes } = system();
    const { tenant, path } = scene('once');
    await subscribe(tenant, path);
    const event = { id: 'same', type: 'a.b', data: { n: 1 } };
    await Promise.all([
      ...Array.from({ length: 10 }, () => publish(tenant, event)),
      send(...Array.from({ length: 30 }, () => ({ tenantId: tenant, ...event }))),
    ]);
    await eventually(async () => expect((await received(path)).total).toBe(1));
    await publish(tenant, event);
    await publish(tenant, { id: 'later', type: 'a.b', data: 2 });
    await eventually(async () => expect((await received(path)).total).toBe(2));
    // Repetitions wait until the first attempt is on record: only when they are gone has nothing more come.
    await advance(120);
    await eventually(async () => expect(Object.values(await queueSizes()).every((size) => size === 0)).toBe(true));
    expect((await received(path)).requests.map(({ headers }) => headers['webhook-id'])).toEqual(['same', 'later']);
    expect(await deliveryOf(tenant, 'same')).toMatchObject({ status: 'succeeded', attempts: [{ number: 1 }] });
    expect(await rejectedOf(tenant)).toEqual([]);
  });

  test.each([
    ['data', { data: { n: 2 } }],
    ['type', { type: 'a.c' }],
    ['environment', { environment: 'development' }],
    ['occurredAt', { occurredAt: '2026-01-01T00:00:00Z' }],
  ])('is rejected, readably, if an id comes again with another %s', async (_, difference) => {
    const { subscribe, received, publish, send, rejectedOf, advance } = system();
    const { tenant, path } = scene('reused');
    await subscribe(tenant, path);
    await subscribe(tenant, path, { environment: 'development' });
    const event = { id: 'same', type: 'a.b', data: { n: 1 } };
    await publish(tenant, event);
    await eventually(async () => expect((await received(path)).total).toBe(1));
    const different = { tenantId: tenant, ...event, ...difference };
    await send(different);
    const rejected = await eventually(async () => {
      const found = await rejectedOf(tenant);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(rejected).toMatchObject([{ tenantId: tenant, reason: { code: 'id_reused', errors: [{ path: '/id' }] } }]);
    expect(JSON.parse(rejected[0]?.body ?? '')).toEqual(different);
    await advance(120);
    await publish(tenant, { id: 'control', type: 'a.b', data: 3 });
    await eventually(async () => expect((await received(path)).total).toBe(2));
    const ids = (await received(path)).requests.map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual(['same', 'control']);
  });
});

describe('lists of large things', () => {
  /** A function's answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. More is an error 500. */
  const LAMBDA_ANSWER_BYTES = 6 * 1_024 * 1_024;

  test.each([
    ['events', (tenant: string) => `/v1/tenants/${tenant}/events`],
    ['rejected events', (tenant: string) => `/v1/rejected-events?tenantId=${tenant}`],
  ])('%s fit into an answer of Lambda, and none is left out', async (what, listOf) => {
    const { publish, send, call } = system();
    const { tenant } = scene('large');
    // Random, so that no compression makes it small: DynamoDB answers a query with 1 MB at most.
    const data = randomBytes(196_000).toString('base64');
    const ids = Array.from({ length: 30 }, (_, number) => `large-${number}`);
    for (const id of ids) {
      if (what === 'events') await publish(tenant, { id, data });
      else await send({ tenantId: tenant, id, type: 'a.b', data: 1, wrong: data });
    }
    await eventually(async () => {
      const found: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const path: string = listOf(tenant);
        const { text }: { text: string } = await call(
          'GET',
          `${path}${path.includes('?') ? '&' : '?'}limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        found.push(...[...text.matchAll(/\\?"id\\?":\\?"(large-\d+)/g)].map((match) => match[1] ?? ''));
        expect(Buffer.byteLength(text)).toBeLessThan(LAMBDA_ANSWER_BYTES);
        cursor = z.object({ nextCursor: z.string().nullable() }).parse(JSON.parse(text)).nextCursor;
      }
      expect(found.sort()).toEqual([...ids].sort());
    });
  });
});
