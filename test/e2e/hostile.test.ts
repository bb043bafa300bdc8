import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { HOSTILE_MESSAGES, type HostileMessage, SPOILING_MESSAGES } from './hostile-messages.ts';
import { type HostileRequest, hostileRequests, type Scenery } from './hostile-requests.ts';
import { REFUSED_URLS } from './hostile-urls.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem({
  environment: { NODE_OPTIONS: `--import=${new URL('./fixtures/names.ts', import.meta.url)}` },
});

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().min(10),
  errors: z.array(z.object({ path: z.string(), message: z.string().min(3) })),
});

/** The rows are written before there is a system: what they name is filled in when they run. */
const NOBODY: Scenery = {
  subscription: 'sub_x',
  delivery: 'dlv_x',
  neighbour: { subscription: 'sub_y', event: 'evt_y', delivery: 'dlv_y' },
  fullToken: 'x',
  readOnlyToken: 'x',
  receiverUrl: 'http://127.0.0.1:1',
};

async function expectRefusal({ method, path, status, errors = [], ...options }: HostileRequest): Promise<void> {
  const answer = await system().call(method, path, options);
  expect([status].flat(), answer.text.slice(0, 500)).toContain(answer.status);
  if (answer.status < 400) return;
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(answer.body);
  expect(problem.status).toBe(answer.status);
  expect(problem.errors.map((error) => error.path)).toEqual(expect.arrayContaining(errors));
  if (answer.status === 422) expect(problem.errors).not.toHaveLength(0);
}

describe('requests', () => {
  let scenery = NOBODY;

  beforeAll(async () => {
    const { subscribe, publish, deliveryOf, ask, endpoints } = system();
    const own = await subscribe('hostile', '/hostile');
    const theirs = await subscribe('neighbour', '/neighbour');
    const events = [await publish('hostile'), await publish('neighbour', { id: 'theirs' })];
    const token = async (readOnly: boolean) =>
      (await ask(z.object({ token: z.string() }), 'POST', '/v1/tenants/hostile/portal-tokens', { body: { readOnly } }))
        .token;
    await ask(z.unknown(), 'POST', '/v1/event-types', { body: { name: 'hostile.known' } });
    scenery = {
      subscription: own.id,
      delivery: (await eventually(() => deliveryOf('hostile', events[0] ?? ''))).id,
      neighbour: {
        subscription: theirs.id,
        event: 'theirs',
        delivery: (await eventually(() => deliveryOf('neighbour', 'theirs'))).id,
      },
      fullToken: await token(false),
      readOnlyToken: await token(true),
      receiverUrl: endpoints.receiverUrl,
    };
  });

  test.each(hostileRequests(NOBODY).map(({ what }, index) => [what, index] as const))('%s', async (what, index) => {
    const request = hostileRequests(scenery)[index];
    if (request?.what !== what) throw new Error('the table has changed its order');
    await expectRefusal(request);
  });

  test('headers of 20 KB are refused', async () => {
    // API Gateway takes 10,240 bytes of headers, and answers by itself.
    const answer = await fetch(`${system().endpoints.apiUrl}/v1/tenants`, { headers: { 'x-big': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
  });

  test('and what they were aimed at is unharmed', async () => {
    const { call, ask } = system();
    const [own, theirs] = [
      `/v1/tenants/hostile/subscriptions/${scenery.subscription}`,
      `/v1/tenants/neighbour/subscriptions/${scenery.neighbour.subscription}`,
    ];
    expect((await call('GET', own, { token: scenery.fullToken })).body).toMatchObject({
      status: 'active',
      headers: {},
    });
    expect((await call('GET', theirs)).body).toMatchObject({ status: 'active' });
    expect(
      await ask(
        z.object({ attempts: z.array(z.unknown()).length(1) }),
        'GET',
        `/v1/tenants/neighbour/deliveries/${scenery.neighbour.delivery}`,
      ),
    ).toBeDefined();
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });
});

describe('receiver URLs', () => {
  test.each(REFUSED_URLS)('refused at creation: %s', async (_, url) => {
    const answer = await system().call('POST', '/v1/tenants/ssrf/subscriptions', { body: { url, eventTypes: ['*'] } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: '/url' }] } });
  });

  test.each([
    ['a private address', 'private.posthorn.test'],
    ['the metadata service', 'metadata.posthorn.test'],
    ['a mapped private address', 'mapped.posthorn.test'],
    ['a unique local address', 'ula.posthorn.test'],
    ['an allowed and a private address', 'mixed.posthorn.test'],
  ])('blocked when connecting: a name of %s', async (_, host) => {
    const { subscribe, publish, deliveryOf, endpoints, call, received } = system();
    const { tenant, path } = scene('name');
    const { port } = new URL(endpoints.receiverUrl);
    const url = `http://${host}:${port}${path}`;
    await subscribe(tenant, path, { url });
    const id = await publish(tenant);
    await eventually(async () => {
      expect(await deliveryOf(tenant, id)).toMatchObject({
        status: 'pending',
        attempts: [{ outcome: 'blocked_address', response: null, error: { code: expect.any(String) } }],
      });
    });
    const tested = await call('POST', `/v1/tenants/${tenant}/test-url`, { body: { url } });
    expect(tested).toMatchObject({ status: 200, body: { outcome: 'blocked_address', response: null } });
    // What is inside the network is nobody's business outside it.
    expect(tested.text).not.toMatch(/10\.0\.0\.1|169\.254|fd00|192\.168/);
    expect((await received(path)).total).toBe(0);
  });

  test('a name of an allowed address is delivered to', async () => {
    const { subscribe, publish, endpoints, received } = system();
    const { tenant, path } = scene('name');
    await subscribe(tenant, path, {
      url: `http://receiver.posthorn.test:${new URL(endpoints.receiverUrl).port}${path}`,
    });
    await publish(tenant);
    await eventually(async () => expect((await received(path)).total).toBe(1));
  });

  test.each([
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['another path of the receiver', '/redirected'],
    ['a file', 'file:///etc/passwd'],
  ])('a redirect is not followed: to %s', async (_, location) => {
    const { subscribe, publish, behave, received, deliveryOf, call, endpoints } = system();
    const { tenant, path } = scene('redirect');
    const statuses = [301, 302, 303, 307, 308];
    await behave(
      path,
      statuses.map((status) => ({
        status,
        headers: { location: location.replace(/^\//, `${endpoints.receiverUrl}${path}/`) },
      })),
    );
    const tests = await Promise.all(
      statuses
        .slice(1)
        .map(() => call('POST', `/v1/tenants/${tenant}/test-url`, { body: { url: endpoints.receiverUrl + path } })),
    );
    for (const { body } of tests) expect(body).toMatchObject({ outcome: 'http_error' });
    await subscribe(tenant, path);
    const id = await publish(tenant);
    await eventually(async () =>
      expect(await deliveryOf(tenant, id)).toMatchObject({
        status: 'pending',
        attempts: [{ outcome: 'http_error', response: { status: 308 } }],
      }),
    );
    expect((await received(`${path}/redirected`)).total).toBe(0);
  });
});

describe('messages of the events queue', () => {
  const recordOf = async (body: string) =>
    (
      await system().all(
        z.looseObject({ body: z.string(), reason: z.unknown(), bodyTruncated: z.boolean() }),
        '/v1/rejected-events',
      )
    ).filter((one) => one.body === body);

  test(`${HOSTILE_MESSAGES.length} bad ones are recorded, and the good ones between them are delivered`, async () => {
    const { subscribe, send, received, all } = system();
    const { path } = scene('messages');
    await subscribe('hostile-messages', path);
    const good = (number: number) => ({
      tenantId: 'hostile-messages',
      id: `good-${number}`,
      type: 'a.b',
      data: number,
    });
    for (const [number, { body }] of HOSTILE_MESSAGES.entries())
      await send(good(2 * number), body, good(2 * number + 1));

    await eventually(async () => expect((await received(path)).total).toBe(2 * HOSTILE_MESSAGES.length));
    const records = await eventually(async () => {
      const found = await all(Rejection, '/v1/rejected-events');
      expect(found.length).toBeGreaterThanOrEqual(HOSTILE_MESSAGES.length);
      return found;
    });
    const got = HOSTILE_MESSAGES.map(({ what, body }) => ({
      what,
      found: records.filter((one) => one.body === body).map(summary),
    }));
    expect(got).toEqual(HOSTILE_MESSAGES.map((row) => ({ what: row.what, found: [expectedOf(row)] })));
    expect(records).toHaveLength(HOSTILE_MESSAGES.length);
  });

  test.each(SPOILING_MESSAGES.map((row) => [row.what, row] as const))('%s do no harm', async (_, { body, code }) => {
    const { subscribe, send, received, all } = system();
    const { tenant, path } = scene('spoiling');
    await subscribe(tenant, path);
    const before = (await all(Rejection, '/v1/rejected-events')).length;
    await send(body, { tenantId: tenant, id: 'good', type: 'a.b', data: 1 });
    await eventually(async () => expect((await received(path)).total).toBe(1), 10_000);
    await eventually(async () => {
      const records = await all(Rejection, '/v1/rejected-events');
      expect(records).toHaveLength(before + 1);
      expect(records[0]).toMatchObject({ reason: { code } });
      expect(body.startsWith(records[0]?.body ?? 'nothing')).toBe(true);
    }, 10_000);
  });

  test('odd ones that are right are delivered as they are', async () => {
    const { subscribe, send, received } = system();
    const { tenant, path } = scene('odd');
    await subscribe(tenant, path);
    const deep = `${'['.repeat(60)}${']'.repeat(60)}`;
    const odd = [
      `{"tenantId":"${tenant}","id":"deep","type":"a.b","data":${deep}}`,
      `{"tenantId":"nobody","tenantId":"${tenant}","id":"twice","type":"x","type":"a.b","data":1,"d\\u0061ta":{"a":1,"a":2}}`,
      `\n {\t"data" : null ,"type":"a.b" , "id":"__proto__","tenantId":"${tenant}" } \r\n`,
      `{"tenantId":"${tenant}","id":"keys","type":"a.b","data":{"__proto__":1,"constructor":{"prototype":2}}}`,
      `{"tenantId":"${tenant}","id":"pair","type":"a.b","data":"\\ud83d\\ude00\\u0000\\uffff"}`,
    ];
    for (const message of odd) await send(message);
    const bodies = await eventually(async () => {
      const { requests } = await received(path);
      expect(requests).toHaveLength(odd.length);
      return new Map(
        requests.map(({ headers, body }) => [headers['webhook-id'], body.slice(body.indexOf('"data":') + 7, -1)]),
      );
    });
    expect(Object.fromEntries(bodies)).toEqual(
      Object.fromEntries([
        ['deep', deep],
        ['twice', '{"a":1,"a":2}'],
        ['keys', '{"__proto__":1,"constructor":{"prototype":2}}'],
        ['pair', '"\\ud83d\\ude00\\u0000\\uffff"'],
        ['__proto__', 'null'],
      ]),
    );
    expect(await recordOf(odd[0] ?? '')).toEqual([]);
  });

  test('a body that no record can hold is kept in part', async () => {
    const { send, all } = system();
    const body = `{"tenantId":"too-long","x":"${'é'.repeat(400_000)}`;
    await send(body);
    const [record] = await eventually(async () => {
      const found = (await all(Rejection, '/v1/rejected-events')).filter((one) => one.body.includes('"too-long"'));
      expect(found).toHaveLength(1);
      return found;
    });
    expect(record).toMatchObject({ bodyTruncated: true, reason: { code: 'malformed_json' } });
    expect(record?.body.length).toBeGreaterThan(10_000);
    expect(body.startsWith(record?.body.replace(/\ufffd$/, '') ?? 'nothing')).toBe(true);
  });
});

const Rejection = z.looseObject({
  body: z.string(),
  bodyTruncated: z.boolean(),
  reason: z.object({ code: z.string(), errors: z.array(z.object({ path: z.string() })) }),
});
function summary({ reason }: z.infer<typeof Rejection>) {
  return { code: reason.code, path: reason.errors.map(({ path }) => path) };
}
function expectedOf({ code, path }: HostileMessage) {
  return { code, path: path === undefined ? expect.any(Array) : [path] };
}

test('nothing of all this is in a dead-letter queue, or stuck', async () => {
  await eventually(async () => {
    // Rejected events are told of when their minute is over, by a message that waits for that.
    await system().advance(10);
    // Nothing of all this is a fault of ours: whatever lands in a dead-letter queue is.
    const sizes = Object.entries(await system().queueSizes());
    const dead = sizes.filter(([name]) => name.includes('DeadLetters'));
    expect(dead.map(([, size]) => size)).toEqual([0, 0, 0, 0]);
    expect(sizes.filter(([name]) => /Events|Deliveries/.test(name)).map(([, size]) => size)).toEqual([0, 0, 0, 0]);
  });
});
