import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readEventTypePack, readFixture } from '../../event-type-packs/pack-files.ts';
import type { ReceivedRequest } from '../client.ts';
import { eventually } from '../eventually.ts';
import { attempted, endOf, passGap, plannedGap, startWatch, type Watch } from '../scheduled.ts';
import { scene } from '../use-system.ts';
import { keyPayRecipe, tampered } from './published-verifiers.ts';
import {
  arrived,
  logOf,
  mistakesOf,
  originsOf,
  preview,
  register,
  type System,
  sendTest,
  signatureHeaders,
  testUrl,
} from './system-under-test.ts';

/** As published, to the byte: the signature holds for two spaces, CRLF and no newline at the end. */
const GOLDEN = {
  secret: 'OLgCtvLZU4h9GYzZgamuYGdn4e7Zk651',
  signature: 'sha256=d33766c44cd7ce49134833e072d10866a6e021053bff7f72b92b1da07b85cd3e',
  body: [
    '{',
    '  "Id": "f62319a8e9594b1da89ee456525711ea",',
    '  "Attempt": 1,',
    '  "Properties": {},',
    '  "Notifications": [',
    '    {',
    '      "Action": "BankAccountDeleted",',
    '      "Type": "Test Message from Application"',
    '    }',
    '  ]',
    '}',
  ].join('\r\n'),
};
const GOLDEN_EVENT = {
  id: 'f62319a8e9594b1da89ee456525711ea',
  type: 'BankAccountDeleted',
  data: { Type: 'Test Message from Application' },
};

const MINUTE = 60;
const GAPS_SECONDS = [1, 2, 4, 8, 15, 30, 60].map((minutes) => minutes * MINUTE);

const WorkItem = z.strictObject({
  Id: z.string().regex(/^[0-9a-f]{32}$/),
  Attempt: z.int(),
  Properties: z.record(z.string(), z.string()),
  Notifications: z.array(z.looseObject({ Action: z.string() })).length(1),
});

/** What .NET's Json writes of this value. */
const indented = (value: unknown) => JSON.stringify(value, null, 2).replaceAll('\n', '\r\n');

function expectVerified({ body, headers }: ReceivedRequest, secret: string): void {
  const one = { secret, body, signature: headers['ms-signature'] ?? '' };
  expect(keyPayRecipe(one)).toBe(true);
  expect(tampered(one).map(keyPayRecipe)).toEqual(tampered(one).map(() => false));
}

export function keypay(system: System): void {
  let watch: Watch;
  beforeAll(async () => {
    watch = await startWatch(system());
  });

  describe('the published example', () => {
    test('arrives as it is published, byte for byte', async () => {
      const { client, tenant, path } = await register(system, 'keypay', { secret: GOLDEN.secret });
      await client.publish(tenant, GOLDEN_EVENT);
      const { body, headers, method } = await arrived(client, path);
      expect(body).toBe(GOLDEN.body);
      expect(Buffer.byteLength(body)).toBe(214);
      expect(headers).toMatchObject({
        'ms-signature': GOLDEN.signature,
        'content-type': 'application/json; charset=utf-8',
        'content-length': '214',
      });
      expect(method).toBe('POST');
      expect(signatureHeaders({ headers })).toEqual(['ms-signature']);
    });

    test('is what a preview shows', async () => {
      const shown = await preview(system, { profile: 'keypay', event: GOLDEN_EVENT, secret: GOLDEN.secret });
      expect(shown.body).toBe(GOLDEN.body);
      expect(shown.headers['ms-signature']).toBe(GOLDEN.signature);
    });

    test('says the same as the sample in the pack', () => {
      expect(JSON.parse(GOLDEN.body)).toEqual(readFixture('keypay-test-message.json'));
    });
  });

  describe('a registration', () => {
    test('is active at once, with a secret of 32 letters and digits unless it brings one', async () => {
      const { secret } = await register(system, 'keypay', { name: null });
      expect(secret).toMatch(/^[A-Za-z0-9]{32}$/);
    });

    test('needs an event', async () => {
      expect(await mistakesOf(system, { profile: 'keypay' })).toEqual(['/eventTypes']);
    });

    test('has a secret of its own, which is replaced and signs from then on alone', async () => {
      const { client, tenant, path, one, secret } = await register(system, 'keypay');
      const Secret = z.looseObject({ secret: z.string(), previous: z.array(z.unknown()) });
      const fresh = await client.ask(Secret, 'POST', `${one}/secret/rotate`);
      expect(fresh.secret).not.toBe(secret);
      expect(fresh.previous).toEqual([]);
      await client.publish(tenant, GOLDEN_EVENT);
      const request = await arrived(client, path);
      // The header has room for one signature.
      expectVerified(request, fresh.secret);
    });

    test('hands its properties on', async () => {
      const { client, tenant, path } = await register(system, 'keypay', { metadata: { business: '42' } });
      await client.publish(tenant, GOLDEN_EVENT);
      expect(JSON.parse((await arrived(client, path)).body)).toMatchObject({ Properties: { business: '42' } });
    });
  });

  test('each event of the pack is a work item, to the byte', async () => {
    const { client, tenant, path, secret } = await register(system, 'keypay');
    const ids = new Set<string>();
    const { eventTypes } = readEventTypePack('keypay');
    for (const [index, { name, example }] of eventTypes.entries()) {
      await client.publish(tenant, { type: name, data: example });
      const request = await arrived(client, path, index + 1);
      const { Id } = WorkItem.parse(JSON.parse(request.body));
      const item = { Action: name, ...z.record(z.string(), z.json()).parse(example) };
      expect(request.body).toBe(indented({ Id, Attempt: 1, Properties: {}, Notifications: [item] }));
      expectVerified(request, secret);
      ids.add(Id);
    }
    expect(ids.size).toBe(eventTypes.length);
  });

  test.each([
    ['a bare id', '123', '{"Action":"PayRunDeleted","Id":123}'],
    [
      'large numbers and their order',
      '{"10":9007199254740993,"9":1.0}',
      '{"Action":"PayRunDeleted","10":9007199254740993,"9":1.0}',
    ],
    ['nothing', '{}', '{"Action":"PayRunDeleted"}'],
  ])('data may be %s', async (_, data, notification) => {
    const { client, tenant, path, secret } = await register(system, 'keypay');
    const { status } = await client.call('POST', `/v1/tenants/${tenant}/events`, {
      rawBody: `{"type":"PayRunDeleted","data":${data}}`,
    });
    expect(status).toBe(202);
    const request = await arrived(client, path);
    expect(request.body.replaceAll(/\r\n */g, '').replaceAll('": ', '":')).toContain(
      `"Notifications":[${notification}]`,
    );
    expectVerified(request, secret);
  });

  test('the schedule: at once, then after 1, 2, 4, 8, 15, 30 and 60 minutes, then never again', async () => {
    const { client, tenant, path, secret } = await register(system, 'keypay');
    await client.behave(path, [{ status: 500 }]);
    const eventId = await client.publish(tenant, { type: 'EmployeeCreated', data: { Id: 1 } });
    let delivery = await attempted(client, tenant, eventId, 1);
    for (const gap of GAPS_SECONDS) {
      expect(delivery.status).toBe('pending');
      expect(plannedGap(delivery)).toBeCloseTo(gap, 1);
      ({ delivery } = await passGap(client, watch, { tenant, path, delivery }));
    }
    expect(delivery).toMatchObject({
      status: 'failed',
      statusReason: { code: 'attempts_exhausted' },
      nextAttemptAt: null,
    });
    await client.advance(86_400);
    await watch.settle();

    const { total, requests } = await client.received(path);
    expect(total).toBe(8);
    const items = requests.map(({ body }) => WorkItem.parse(JSON.parse(body)));
    expect(items.map(({ Attempt }) => Attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(items.map(({ Id }) => Id)).size).toBe(1);
    for (const request of requests) expectVerified(request, secret);
    for (const of of [(one: ReceivedRequest) => one.body, (one: ReceivedRequest) => one.headers['ms-signature']]) {
      expect(new Set(requests.map(of)).size).toBe(8);
    }
    const [first, ...later] = delivery.attempts;
    for (const [index, attempt] of later.entries()) {
      const before = index === 0 ? first : later[index - 1];
      if (before === undefined) throw new Error('an attempt is missing');
      expect(attempt.startedAt - endOf(before)).toBeGreaterThanOrEqual((GAPS_SECONDS[index] ?? 0) * 1_000);
    }
  });

  test('whatever is no success is tried again after a minute, and nothing switches a registration off', async () => {
    const { tenant, path } = scene('keypay-status');
    const statuses = [301, 304, 400, 401, 404, 409, 410, 429, 500, 503];
    const all = await Promise.all(
      statuses.map(async (status) => {
        const place = { tenant, path: `${path}/${status}` };
        // Retry-After is not honoured: nothing says that it is.
        await system().behave(place.path, [{ status, retryAfter: 7_200 }], { status: 201 });
        return register(system, 'keypay', {}, place);
      }),
    );
    const refused = await register(system, 'keypay', { url: 'http://127.0.0.1:1/' }, { tenant, path: '' });
    const eventId = await system().publish(tenant, GOLDEN_EVENT);
    const deliveries = (count: number) =>
      eventually(async () => {
        const found = await system().deliveriesOf(tenant, eventId);
        expect(found.map(({ attempts }) => attempts.length)).toEqual(Array(statuses.length + 1).fill(count));
        return found;
      });
    for (const delivery of await deliveries(1)) {
      expect(delivery.status).toBe('pending');
      expect(plannedGap(delivery)).toBeCloseTo(MINUTE, 1);
    }
    await system().advance(MINUTE);
    for (const { subscriptionId, status } of await deliveries(2)) {
      expect(status).toBe(subscriptionId === refused.id ? 'pending' : 'succeeded');
    }
    for (const { one } of [...all, refused]) {
      expect(await system().ask(z.unknown(), 'GET', one)).toMatchObject({ status: 'active' });
    }
  });

  describe('the Test button', () => {
    const message = { Notifications: [{ Type: 'Test Message from Application' }] };

    test('sends a small fixed message, not the real data', async () => {
      const registered = await register(system, 'keypay', { eventTypes: ['EmployeeCreated'] });
      expect(await sendTest(registered)).toMatchObject({ status: 'succeeded', attempts: [{ trigger: 'test' }] });
      const request = await arrived(registered.client, registered.path);
      const { Notifications } = WorkItem.parse(JSON.parse(request.body));
      expect(Notifications).toEqual([{ Action: 'EmployeeCreated', Type: 'Test Message from Application' }]);
      expectVerified(request, registered.secret);
    });

    test('works before anything is saved', async () => {
      const { result, path } = await testUrl(system, 'keypay', { eventType: 'BankAccountDeleted' });
      expect(result).toMatchObject({ outcome: 'success' });
      const { body, headers } = await arrived(system(), path);
      expect(JSON.parse(body)).toMatchObject(message);
      expect(JSON.parse(body)).toMatchObject({ Notifications: [{ Action: 'BankAccountDeleted' }] });
      expect(headers['ms-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
    });

    test('is not repeated when it fails', async () => {
      const registered = await register(system, 'keypay');
      await registered.client.behave(registered.path, [{ status: 500 }]);
      expect(await sendTest(registered)).toMatchObject({ status: 'failed', statusReason: { code: 'test_failed' } });
      expect(await logOf(registered)).toMatchObject([{ attempts: [{ trigger: 'test', response: { status: 500 } }] }]);
    });
  });

  test('says which of its values are promised', async () => {
    expect(await originsOf(system, 'keypay')).toMatchObject({
      '/retry/gapsSeconds': 'promised',
      '/style': 'promised',
      '/signatures/0/prefix': 'promised',
      '/retry/timeoutSeconds': 'ours',
    });
  });
}
