import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Delivery } from './client.ts';
import { eventually } from './eventually.ts';
import { startWatch } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';
import { verifyWithPackages } from './verify.ts';

const system = useSystem({
  environment: { NODE_OPTIONS: `--import=${new URL('./fixtures/names.ts', import.meta.url)}` },
});

describe('test-url', () => {
  const portOfReceiver = () => new URL(system().endpoints.receiverUrl).port;

  test.each([
    ['a success', { status: 201, body: 'thanks' }, { outcome: 'success', error: null }],
    ['an error', { status: 500, body: 'broken' }, { outcome: 'http_error', error: { code: 'http_status' } }],
    ['a redirect', { status: 301, headers: { location: '/' } }, { outcome: 'http_error', error: { code: 'redirect' } }],
  ])('tells of %s, and saves nothing', async (_, response, expected) => {
    const { behave, call, all, received, endpoints } = system();
    const { tenant, path } = scene('test-url');
    await behave(path, [response]);
    const answer = await call('POST', `/v1/tenants/${tenant}/test-url`, {
      body: { url: endpoints.receiverUrl + path },
    });
    expect(answer).toMatchObject({ status: 200, body: { ...expected, response: { status: response.status } } });
    if ('body' in response) expect(answer.body).toMatchObject({ response: { body: response.body } });
    const { requests } = await received(path);
    expect(requests).toHaveLength(1);
    const { type } = z.object({ type: z.string() }).parse(JSON.parse(requests[0]?.body ?? ''));
    expect(type).toBe('posthorn.test');
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^evt_/),
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(await all(z.unknown(), `/v1/tenants/${tenant}/events`)).toEqual([]);
    expect(await all(z.unknown(), `/v1/tenants/${tenant}/subscriptions`)).toEqual([]);
  });

  test.each([
    ['a port without a listener', () => 'http://127.0.0.1:1/', 'connection_refused', 'connection_refused'],
    ['a name that does not exist', () => 'http://unknown.posthorn.test/', 'dns_error', 'name_not_found'],
    [
      'a name of a private address',
      () => `http://private.posthorn.test:${portOfReceiver()}/`,
      'blocked_address',
      'blocked_address',
    ],
    ['https where http is spoken', () => `https://127.0.0.1:${portOfReceiver()}/`, 'tls_error', 'not_tls'],
  ])('tells why there is no answer: %s', async (_, urlOf, outcome, code) => {
    const { tenant } = scene('test-url');
    const answer = await system().call('POST', `/v1/tenants/${tenant}/test-url`, { body: { url: urlOf() } });
    expect(answer).toMatchObject({ status: 200, body: { outcome, response: null, error: { code } } });
  });

  test('sends basic auth, and shows it nowhere', async () => {
    const { endpoints, call, received } = system();
    const { tenant, path } = scene('test-url');
    const url = `${endpoints.receiverUrl.replace('://', '://ann:s3cr3t-7d@')}${path}`;
    const answer = await call('POST', `/v1/tenants/${tenant}/test-url`, { body: { url } });
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'success' } });
    const basic = Buffer.from('ann:s3cr3t-7d').toString('base64');
    expect((await received(path)).requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
    for (const text of [answer.text, system.output()]) expect(text).not.toMatch(new RegExp(`s3cr3t-7d|${basic}`));
  });
});

describe('a test of a subscription', () => {
  test('goes the way of real events to it alone, and is on record as a test', async () => {
    const { subscribe, ask, received, endpoints } = system();
    const { tenant, path } = scene('test');
    const { id, secret } = await subscribe(tenant, path, { eventTypes: ['never.published'] });
    await subscribe(tenant, `${path}/other`);
    const subscription = `/v1/tenants/${tenant}/subscriptions/${id}`;
    const queued = await ask(Delivery, 'POST', `${subscription}/test`);
    expect(queued).toMatchObject({ subscriptionId: id, eventType: 'posthorn.test', status: 'pending', attempts: [] });
    const delivery = await eventually(async () => {
      const found = await ask(Delivery, 'GET', `/v1/tenants/${tenant}/deliveries/${queued.id}`);
      expect(found.status).toBe('succeeded');
      return found;
    });
    expect(delivery.attempts).toMatchObject([
      { number: 1, trigger: 'test', outcome: 'success', request: { url: endpoints.receiverUrl + path } },
    ]);
    const { requests } = await received(path);
    expect(requests).toHaveLength(1);
    for (const request of requests) {
      verifyWithPackages(request, secret ?? '');
      expect(JSON.parse(request.body)).toMatchObject({ type: 'posthorn.test', data: { message: expect.any(String) } });
    }
    await (await startWatch(system())).settle();
    expect((await received(`${path}/other`)).total).toBe(0);
  });

  test("may send an event type's example", async () => {
    const { subscribe, ask, received, call } = system();
    const { tenant, path } = scene('test');
    const example = '{"big":9007199254740993,"one":1.0,"10":1,"9":2}';
    const rawBody = `{"name":"tested.type","example":${example}}`;
    expect((await call('POST', '/v1/event-types', { rawBody })).status).toBe(201);
    const { id } = await subscribe(tenant, path);
    await ask(Delivery, 'POST', `/v1/tenants/${tenant}/subscriptions/${id}/test`, {
      body: { eventType: 'tested.type' },
    });
    await eventually(async () => expect((await received(path)).total).toBe(1));
    const { body } = (await received(path)).requests[0] ?? { body: '' };
    expect(body).toMatch(/^\{"type":"tested\.type",/);
    expect(body).toContain(`"data":${example}}`);
  });

  test('is not repeated when it fails, and 410 still disables', async () => {
    const { subscribe, ask, received, behave, advance } = system();
    const { tenant, path } = scene('test');
    await behave(path, [{ status: 500 }, { status: 410 }]);
    const { id } = await subscribe(tenant, path);
    const subscription = `/v1/tenants/${tenant}/subscriptions/${id}`;
    const watch = await startWatch(system());
    const outcome = async () => {
      const queued = await ask(Delivery, 'POST', `${subscription}/test`);
      return eventually(async () => {
        const found = await ask(Delivery, 'GET', `/v1/tenants/${tenant}/deliveries/${queued.id}`);
        expect(found).toMatchObject({ status: 'failed', nextAttemptAt: null, attempts: [{ trigger: 'test' }] });
        return found;
      });
    };
    expect(await outcome()).toMatchObject({ statusReason: { code: 'test_failed' } });
    await advance(86_400);
    await watch.settle();
    expect((await received(path)).total).toBe(1);
    expect(await outcome()).toMatchObject({ statusReason: { code: 'receiver_gone' } });
    await eventually(async () =>
      expect(await ask(z.looseObject({ status: z.string() }), 'GET', subscription)).toMatchObject({
        status: 'disabled',
      }),
    );
  });
});
