import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventType } from '../../event-type-packs/pack-files.ts';
import { NewSubscription, Subscription } from '../client.ts';
import { eventually } from '../eventually.ts';
import { attempted, startWatch } from '../scheduled.ts';
import { scene } from '../use-system.ts';
import { startHandshakeReceiver } from './handshake-receiver.ts';
import { arrived, ended, type System } from './system-under-test.ts';

const PROFILE = { envelope: '{{event.data}}', subscription: { secret: 'none' }, retry: { gapsSeconds: [60] } };

/** Adds a profile of one's own for such hooks. */
async function addProfile(system: System, name: string, extra: Record<string, unknown>): Promise<void> {
  const { status, text } = await system().call('POST', '/v1/profiles', { body: { ...PROFILE, name, ...extra } });
  expect(status, text).toBe(201);
}

export function restHooks(system: System): void {
  beforeAll(async () => {
    await addProfile(system, 'zap', { responses: { deactivate: ['410'], deactivation: 'remove' } });
  });

  /** As Zapier's platform does it: one URL and one event, in its own words. */
  async function hook(extra: Record<string, unknown> = {}) {
    const client = system();
    const { tenant, path } = scene('zap');
    await client.call('PUT', `/v1/tenants/${tenant}`, { body: { defaultProfile: 'zap' } });
    const target_url = client.endpoints.receiverUrl + path;
    const answer = await client.call('POST', `/v1/tenants/${tenant}/subscriptions`, {
      body: { target_url, event: 'employee.created', ...extra },
    });
    expect(answer.status, answer.text).toBe(201);
    const { id } = NewSubscription.parse(answer.body);
    return { client, tenant, path, target_url, one: `/v1/tenants/${tenant}/subscriptions/${id}`, body: answer.body };
  }
  const event = { type: 'employee.created', data: { id: 1 } };

  test('subscribe in the words of Zapier, and are unsubscribed by their id', async () => {
    const { client, tenant, path, target_url, one, body } = await hook({
      subscription_url: 'https://zapier.example/old',
    });
    expect(body).toMatchObject({ url: target_url, eventTypes: ['employee.created'], profile: 'zap' });
    await client.publish(tenant, event);
    expect((await arrived(client, path)).body).toBe('{"id":1}');
    expect((await client.call('DELETE', one)).status).toBe(204);
    expect((await client.call('GET', one)).status).toBe(404);
    await client.publish(tenant, event);
    await (await startWatch(client)).settle();
    expect((await client.received(path)).total).toBe(1);
  });

  test('may be several for one event', async () => {
    const { client, tenant, path, target_url } = await hook();
    const second = { target_url: `${target_url}/second`, event: 'employee.created' };
    expect((await client.call('POST', `/v1/tenants/${tenant}/subscriptions`, { body: second })).status).toBe(201);
    await client.publish(tenant, event);
    for (const one of [path, `${path}/second`]) await arrived(client, one);
  });

  test('that answer 410 are removed, as their profile says', async () => {
    const { client, tenant, path, one } = await hook();
    await client.behave(path, [{ status: 410 }]);
    await client.publish(tenant, event);
    await eventually(async () => expect((await client.call('GET', one)).status).toBe(404));
    await client.publish(tenant, event);
    await (await startWatch(client)).settle();
    expect((await client.received(path)).total).toBe(1);
  });

  test('end when they expire', async () => {
    const expiresAt = new Date((await system().now()) + 3_600_000).toISOString();
    const { client, tenant, path, one, body } = await hook({ expiresAt });
    expect(body).toMatchObject({ expiresAt });
    await client.publish(tenant, event);
    await arrived(client, path);
    // One is under way at that moment.
    await client.behave(path, [{ status: 500 }]);
    const underWay = await client.publish(tenant, event);
    const { id } = await attempted(client, tenant, underWay, 1);
    await client.advance(3_601);
    await client.publish(tenant, event);
    expect(await ended(client, tenant, id)).toMatchObject({
      status: 'cancelled',
      statusReason: { code: 'subscription_expired' },
    });
    await (await startWatch(client)).settle();
    expect((await client.received(path)).total).toBe(2);
    expect((await client.call('POST', `${one}/test`)).status).toBe(409);
  });

  test('are shown samples as a list, in the shape of deliveries', async () => {
    const { example } = eventType('keypay', 'EmployeeCreated');
    const samples = await system().ask(z.unknown(), 'GET', '/v1/event-types/EmployeeCreated/samples?profile=zap');
    expect(samples).toEqual([example]);
  });

  describe('the handshake', () => {
    let receiver: Awaited<ReturnType<typeof startHandshakeReceiver>>;
    beforeAll(async () => {
      receiver = await startHandshakeReceiver();
      for (const verification of ['x-hook-secret', 'ms-echo', 'cloudevents']) {
        const headers = verification === 'cloudevents' ? { 'WebHook-Request-Origin': 'posthorn' } : {};
        await addProfile(system, verification, { verification, headers });
      }
    });
    afterAll(() => receiver.close());

    async function subscribe(profile: string, path: string) {
      const { tenant } = scene('handshake');
      const body = { url: receiver.url + path, eventTypes: ['*'], profile };
      const made = await system().ask(NewSubscription, 'POST', `/v1/tenants/${tenant}/subscriptions`, { body });
      return { ...made, tenant, one: `/v1/tenants/${tenant}/subscriptions/${made.id}` };
    }
    /** Requests since then that were deliveries. */
    async function deliveriesAfterOne(tenant: string, path: string): Promise<number> {
      const before = receiver.seen(path).length;
      await system().publish(tenant, event);
      await (await startWatch(system())).settle();
      return receiver.seen(path).length - before;
    }

    test.each([
      ['x-hook-secret', '/hook-secret', 'POST'],
      ['ms-echo', '/echo?old=query', 'GET'],
      ['cloudevents', '/origin-any', 'OPTIONS'],
    ])('%s: a receiver that agrees is active, and receives', async (profile, target, method) => {
      const { tenant, status, statusReason } = await subscribe(profile, target);
      const path = target.split('?', 1)[0] ?? '';
      expect({ status, statusReason }).toEqual({ status: 'active', statusReason: null });
      const [asked] = receiver.seen(path);
      expect(asked?.method).toBe(method);
      if (profile === 'ms-echo') expect(asked?.url).toMatch(/^\/echo\?echo=[0-9a-f]{32}$/);
      if (profile === 'cloudevents') expect(asked?.headers['webhook-request-origin']).toBe('posthorn');
      await system().publish(tenant, event);
      await eventually(() => expect(receiver.seen(path)).toHaveLength(2));
      const delivery = receiver.seen(path)[1];
      expect(delivery).toMatchObject({ method: 'POST', url: target, headers: { 'content-type': 'application/json' } });
      if (profile === 'cloudevents') expect(delivery?.headers['webhook-request-origin']).toBe('posthorn');
    });

    test.each([
      ['x-hook-secret', '/silent', /X-Hook-Secret/],
      ['x-hook-secret', '/hook-secret-wrong', /X-Hook-Secret/],
      ['x-hook-secret', '/hook-secret-refused', /403/],
      ['ms-echo', '/echo-wrong', /"echo"/],
      ['cloudevents', '/quiet', /WebHook-Allowed-Origin/],
      ['cloudevents', '/origin-other', /elsewhere\.example/],
    ])('%s: a receiver like %s is unverified, receives nothing, and is told why', async (profile, path, why) => {
      const { tenant, one, status } = await subscribe(profile, path);
      expect(status).toBe('unverified');
      expect(await deliveriesAfterOne(tenant, path)).toBe(0);
      expect(await system().ask(Subscription, 'GET', one)).toMatchObject({
        status: 'unverified',
        statusReason: { code: 'unverified', message: expect.stringMatching(why) },
      });
      // None of the other ways to become active leads around the handshake.
      for (const action of ['resume', 'pause', 'test']) {
        expect(await system().call('POST', `${one}/${action}`)).toMatchObject({
          status: 409,
          body: { code: 'conflict' },
        });
      }
      expect(await system().ask(Subscription, 'POST', `${one}/verify`)).toMatchObject({ status: 'unverified' });
      expect(await deliveriesAfterOne(tenant, path)).toBe(0);
    });

    test('noecho in the URL skips the echo', async () => {
      const { tenant, status } = await subscribe('ms-echo', '/plain?noecho');
      expect(status).toBe('active');
      expect(receiver.seen('/plain')).toEqual([]);
      expect(await deliveriesAfterOne(tenant, '/plain')).toBe(1);
    });

    test('x-hook-secret: a receiver may confirm later, with the secret that it was sent and no other', async () => {
      const path = '/later';
      const { tenant, one, status } = await subscribe('x-hook-secret', path);
      expect(status).toBe('unverified');
      const secret = receiver.seen(path)[0]?.headers['x-hook-secret'];
      expect(secret).toMatch(/^[\w-]{32}$/);
      const refused = await system().call('POST', `${one}/verify`, { body: { secret: 'a guess' } });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: '/secret' }] } });
      expect(await deliveriesAfterOne(tenant, path)).toBe(0);
      const confirmed = await system().ask(Subscription, 'POST', `${one}/verify`, { body: { secret } });
      expect(confirmed).toMatchObject({ status: 'active', statusReason: null });
      expect(await deliveriesAfterOne(tenant, path)).toBe(1);
    });

    test('is held again with another URL, whose consent does not end a pause', async () => {
      const { one } = await subscribe('x-hook-secret', '/hook-secret');
      expect((await system().call('POST', `${one}/pause`)).status).toBe(200);
      const patch = (url: string) => system().ask(Subscription, 'PATCH', one, { body: { url: receiver.url + url } });
      expect((await patch('/hook-secret?2')).status).toBe('paused');
      expect((await patch('/other')).status).toBe('unverified');
      expect((await patch('/hook-secret?3')).status).toBe('paused');
    });

    test('holds back what is under way, until the receiver agrees', async () => {
      const { tenant, one } = await subscribe('x-hook-secret', '/hook-secret-then-500');
      const { publish, ask, advance, deliveryOf } = system();
      const eventId = await publish(tenant, event);
      await attempted(system(), tenant, eventId, 1);
      const moved = await ask(Subscription, 'PATCH', one, { body: { url: `${receiver.url}/moved` } });
      expect(moved.status).toBe('unverified');
      await advance(61);
      await eventually(async () =>
        expect(await deliveryOf(tenant, eventId)).toMatchObject({
          status: 'parked',
          statusReason: { message: expect.stringContaining('Verify it') },
        }),
      );
      const secret = receiver.seen('/moved')[0]?.headers['x-hook-secret'];
      expect(await ask(Subscription, 'POST', `${one}/verify`, { body: { secret } })).toMatchObject({
        status: 'active',
      });
      expect(await attempted(system(), tenant, eventId, 2)).toMatchObject({ status: 'succeeded' });
      expect(receiver.seen('/moved')).toHaveLength(2);
    });
  });
}
