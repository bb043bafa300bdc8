import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readEventTypePack, readFixture } from '../../event-type-packs/pack-files.ts';
import { Delivery } from '../client.ts';
import { eventually } from '../eventually.ts';
import { attempted, endOf, startWatch } from '../scheduled.ts';
import { scene } from '../use-system.ts';
import { startFaultyReceiver } from './faulty-receiver.ts';
import { BINDBEE_VERIFIERS, type Case, tampered } from './published-verifiers.ts';
import {
  arrived,
  ended,
  logOf,
  mistakesOf,
  originsOf,
  preview,
  register,
  type System,
  sendTest,
  testUrl,
} from './system-under-test.ts';

const SIGNATURE = 'x-bindbee-webhook-signature';
const Key = z.object({ key: z.string() });
const DATA = { connector: { id: 'con_1' }, data: { id: 'run_1', display_status: 'Syncing' } };
/** Ours: four gaps, as Bindbee promises how many retries there are, but not when. */
const GAPS_SECONDS = [1, 2, 3, 4];

/** The organisation's key, as on the page of its webhooks. */
const signingKey = async (system: System, tenant: string) =>
  (await system().ask(Key, 'GET', `/v1/tenants/${tenant}/signing-key`)).key;

export function bindbee(system: System): void {
  describe('a subscription', () => {
    test('has a name, a URL and events by checkbox, and no secret of its own', async () => {
      const registered = await register(system, 'bindbee', {
        eventTypes: ['connector_sync_started', 'connector_synced'],
      });
      expect(registered.secret).toBe('');
      const { client, tenant, path } = registered;
      await client.publish(tenant, { type: 'connector_sync_error', data: DATA });
      await client.publish(tenant, { type: 'connector_synced', data: DATA });
      const { body } = await arrived(client, path);
      expect(JSON.parse(body)).toMatchObject({ webhook: { event: 'connector_synced' } });
    });

    test.each([
      ['a name is missing', { eventTypes: ['*'] }, ['/name']],
      ['a secret is brought', { name: 'n', eventTypes: ['*'], secret: 'mine' }, ['/secret']],
      ['no event is chosen', { name: 'n', eventTypes: [] }, ['/eventTypes']],
    ])('is refused when %s', async (_, body, paths) => {
      expect(await mistakesOf(system, { profile: 'bindbee', ...body })).toEqual(paths);
    });

    test('is for Production or for Development, and hears nothing of the other', async () => {
      const place = scene('bindbee');
      const { client, tenant, path } = await register(system, 'bindbee', {}, place);
      const development = { environment: 'development' };
      const dev = await register(system, 'bindbee', development, { ...place, path: `${path}/dev` });
      await client.publish(tenant, { type: 'connector_synced', data: DATA, environment: 'development' });
      await arrived(client, `${path}/dev`);
      await client.publish(tenant, { type: 'connector_synced', data: DATA });
      await arrived(client, path);
      await (await startWatch(client)).settle();
      for (const one of [path, `${path}/dev`]) expect((await client.received(one)).total).toBe(1);
      const { eventId } = await sendTest(dev);
      expect(await client.ask(z.unknown(), 'GET', `/v1/tenants/${tenant}/events/${eventId}`)).toMatchObject(
        development,
      );
    });
  });

  describe('a request', () => {
    test('is the published sample', async () => {
      const sample = readFixture('bindbee-sync-started.json');
      const webhook = z.object({ webhook_id: z.string(), url: z.string(), event: z.string() }).parse(sample.webhook);
      const { body } = await preview(system, {
        profile: 'bindbee',
        event: { type: webhook.event, data: { connector: sample.connector, data: sample.data } },
        subscription: { id: webhook.webhook_id, url: webhook.url },
      });
      expect(JSON.parse(body)).toEqual(sample);
      expect(Object.keys(JSON.parse(body))).toEqual(['webhook', 'connector', 'data']);
    });

    test('carries each event of the pack in its envelope, signed so that the published code accepts it', async () => {
      const { client, tenant, path, id, url } = await register(system, 'bindbee');
      const secret = await signingKey(system, tenant);
      const cases: Case[] = [];
      for (const [index, { name, example }] of readEventTypePack('bindbee').eventTypes.entries()) {
        await client.publish(tenant, { type: name, data: example });
        const { body, headers, method } = await arrived(client, path, index + 1);
        const { connector, data } = z.object({ connector: z.json(), data: z.json() }).parse(example);
        expect(JSON.parse(body)).toEqual({ webhook: { webhook_id: id, url, event: name }, connector, data });
        expect({ method, type: headers['content-type'] }).toEqual({ method: 'POST', type: 'application/json' });
        // 32 bytes as urlsafe base64, with its padding and no prefix.
        expect(headers[SIGNATURE]).toMatch(/^[\w-]{43}=$/);
        cases.push({ secret, body, signature: headers[SIGNATURE] ?? '' });
      }
      for (const [name, verify] of BINDBEE_VERIFIERS) {
        expect(verify(cases), name).toEqual(cases.map(() => true));
        const others = cases.flatMap(tampered);
        expect(verify(others), name).toEqual(others.map(() => false));
      }
    });
  });

  describe('the key', () => {
    test("is the organisation's: its webhooks share it, and no other organisation has it", async () => {
      const place = scene('bindbee');
      const { client, tenant, path } = await register(system, 'bindbee', {}, place);
      await register(system, 'bindbee', {}, { ...place, path: `${path}/second` });
      const other = await register(system, 'bindbee');
      const secret = await signingKey(system, tenant);
      expect(await signingKey(system, other.tenant)).not.toBe(secret);
      await client.publish(tenant, { type: 'connector_synced', data: DATA });
      for (const one of [path, `${path}/second`]) {
        const { body, headers } = await arrived(client, one);
        const [, verify] = BINDBEE_VERIFIERS[0] ?? ['', () => []];
        expect(verify([{ secret, body, signature: headers[SIGNATURE] ?? '' }])).toEqual([true]);
      }
    });

    test('is regenerated at once: from then on the old one signs nothing', async () => {
      const { client, tenant, path } = await register(system, 'bindbee');
      const keys = [await signingKey(system, tenant)];
      const rotate = `/v1/tenants/${tenant}/signing-key/rotate`;
      keys.push((await client.ask(Key, 'POST', rotate)).key);
      keys.push((await client.ask(Key, 'POST', rotate, { body: { key: 'a key that was brought along' } })).key);
      expect(keys[2]).toBe('a key that was brought along');
      expect(new Set(keys).size).toBe(3);
      expect(await signingKey(system, tenant)).toBe(keys[2]);
      await client.publish(tenant, { type: 'connector_synced', data: DATA });
      const { body, headers } = await arrived(client, path);
      const [, verify] = BINDBEE_VERIFIERS[0] ?? ['', () => []];
      const cases = keys.map((secret) => ({ secret, body, signature: headers[SIGNATURE] ?? '' }));
      expect(verify(cases)).toEqual([false, false, true]);
      const { status } = await client.call('POST', `/v1/tenants/${tenant}/subscriptions/none/secret/rotate`);
      expect(status).toBe(404);
    });

    test('is changed between the attempts of one delivery, and the retry is signed with the new one', async () => {
      const { client, tenant, path } = await register(system, 'bindbee');
      // The answer is slow, so that the key is another before the retry, a second later.
      await client.behave(path, [{ status: 302, delayMs: 2_000 }], { status: 200 });
      await client.publish(tenant, { type: 'connector_synced', data: DATA });
      const first = await arrived(client, path);
      await client.ask(Key, 'POST', `/v1/tenants/${tenant}/signing-key/rotate`);
      const second = await arrived(client, path, 2);
      expect(second.body).toBe(first.body);
      expect(second.headers[SIGNATURE]).not.toBe(first.headers[SIGNATURE]);
    });
  });

  describe('attempts', () => {
    let faulty: Awaited<ReturnType<typeof startFaultyReceiver>>;
    beforeAll(async () => {
      faulty = await startFaultyReceiver();
    });
    afterAll(() => faulty.close());

    test('are never repeated for a status of the 4xx or 5xx', async () => {
      const place = scene('bindbee-status');
      const { tenant } = place;
      const statuses = [400, 401, 404, 408, 409, 410, 429, 500, 502, 503, 504];
      const all = await Promise.all(
        statuses.map(async (status) => {
          const path = `${place.path}/${status}`;
          await system().behave(path, [{ status, retryAfter: 1 }]);
          return { status, ...(await register(system, 'bindbee', {}, { tenant, path })) };
        }),
      );
      const eventId = await system().publish(tenant, { type: 'connector_synced', data: DATA });
      const deliveries = await eventually(async () => {
        const found = await system().deliveriesOf(tenant, eventId);
        expect(found.map(({ status }) => status)).toEqual(statuses.map(() => 'failed'));
        return found;
      });
      await system().advance(86_400);
      await (await startWatch(system())).settle();
      for (const { id, status, path, one } of all) {
        expect(deliveries.find(({ subscriptionId }) => subscriptionId === id)).toMatchObject({
          statusReason: { code: 'not_retried' },
          nextAttemptAt: null,
          attempts: [{ outcome: 'http_error', response: { status } }],
        });
        expect((await system().received(path)).total).toBe(1);
        // Nothing is promised that would switch a webhook off.
        expect(await system().ask(z.unknown(), 'GET', one)).toMatchObject({ status: 'active' });
      }
    });

    const categories: [category: string, url: () => string, outcome: string, requests: number][] = [
      ['connection error', () => 'http://127.0.0.1:1/', 'connection_refused', 0],
      ['read error', () => `${faulty.url}/reset`, 'connection_reset', 5],
      ['close error', () => `${faulty.url}/closed`, 'connection_reset', 5],
      ['read error in the middle', () => `${faulty.url}/cut-off`, 'connection_reset', 5],
      ['remote protocol error', () => `${faulty.url}/not-http`, 'protocol_error', 5],
      ['response decoding error', () => `${faulty.url}/two-lengths`, 'protocol_error', 5],
    ];

    test('are at most five within 60 s, of at most 10 s, in each category of failure', async () => {
      const client = system();
      const { tenant } = scene('bindbee-failures');
      const place = (url: string) => register(system, 'bindbee', { url }, { tenant, path: '' });
      const registered = await Promise.all(categories.map(([, url]) => place(url())));
      const slow = await place(`${faulty.url}/hang-once`);
      const eventId = await client.publish(tenant, { type: 'connector_synced', data: DATA });
      const deliveryTo = async (id: string) => {
        const found = (await client.deliveriesOf(tenant, eventId)).find(({ subscriptionId }) => subscriptionId === id);
        if (found === undefined) throw new Error('there is no delivery yet');
        return found;
      };

      const made = (count: number) =>
        eventually(async () => {
          const all = await Promise.all(registered.map(({ id }) => deliveryTo(id)));
          for (const { attempts } of all) expect(attempts.length).toBeGreaterThanOrEqual(count);
          return all;
        });
      await made(1);
      for (const [index, gap] of GAPS_SECONDS.entries()) {
        await client.advance(gap);
        await made(index + 2);
      }
      for (const [index, delivery] of (await made(5)).entries()) {
        const [, url = () => '', outcome, requests] = categories[index] ?? [];
        expect(delivery).toMatchObject({ status: 'failed', statusReason: { code: 'attempts_exhausted' } });
        expect(delivery.attempts.map((attempt) => attempt.outcome)).toEqual(Array(5).fill(outcome));
        const starts = delivery.attempts.map(({ startedAt }) => startedAt);
        expect((starts.at(-1) ?? Number.NaN) - (starts[0] ?? 0)).toBeLessThanOrEqual(60_000);
        for (const [retry, gap] of GAPS_SECONDS.entries()) {
          const before = delivery.attempts[retry];
          if (before === undefined) throw new Error('an attempt is missing');
          expect(starts[retry + 1]).toBeGreaterThanOrEqual(endOf(before) + gap * 1_000);
        }
        expect(faulty.counts.get(new URL(url()).pathname) ?? 0).toBe(requests);
      }

      // Meanwhile a receiver that did not answer was given 10 s, less than the deployment would, and was asked again.
      const answered = await eventually(async () => {
        const delivery = await deliveryTo(slow.id);
        expect(delivery.status).toBe('succeeded');
        return delivery;
      });
      expect(answered.attempts).toMatchObject([{ outcome: 'timeout', response: null }, { outcome: 'success' }]);
      expect(answered.attempts[0]?.durationMs).toBeGreaterThanOrEqual(9_900);
      expect(answered.attempts[0]?.durationMs).toBeLessThan(13_000);
      await client.advance(86_400);
      await (await startWatch(client)).settle();
      for (const { attempts } of await made(5)) expect(attempts).toHaveLength(5);
    });

    test('are not begun after the 60 s, not even one that was planned within them', async () => {
      const { client, tenant } = await register(system, 'bindbee', { url: 'http://127.0.0.1:1/' });
      const eventId = await client.publish(tenant, { type: 'connector_synced', data: DATA });
      const planned = await eventually(async () => {
        const delivery = await client.deliveryOf(tenant, eventId);
        expect(delivery.attempts).not.toEqual([]);
        return delivery;
      });
      expect(planned.nextAttemptAt).not.toBeNull();
      await client.advance(120);
      const { status, statusReason, attempts } = await ended(client, tenant, planned.id);
      expect({ status, code: statusReason?.code }).toEqual({ status: 'failed', code: 'attempts_exhausted' });
      expect(attempts.length).toBeLessThan(5);
      for (const { startedAt } of attempts) {
        expect(startedAt - (attempts[0]?.startedAt ?? 0)).toBeLessThanOrEqual(60_000);
      }
    });

    test('end with the first that succeeds', async () => {
      const { client, tenant, path } = await register(system, 'bindbee');
      // Redirects are not followed; too many of them is among the failures that are retried.
      await client.behave(path, [{ status: 302, headers: { location: '/elsewhere' } }], { status: 202 });
      const eventId = await client.publish(tenant, { type: 'connector_synced', data: DATA });
      expect(await attempted(client, tenant, eventId, 2)).toMatchObject({ status: 'succeeded', nextAttemptAt: null });
    });
  });

  test('a URL is tested before anything is saved', async () => {
    const { result, path } = await testUrl(system, 'bindbee');
    expect(result).toMatchObject({ outcome: 'success', response: { status: 200 }, error: null });
    const { body, headers } = await arrived(system(), path);
    expect(JSON.parse(body)).toMatchObject({ webhook: { event: expect.any(String) }, data: expect.anything() });
    expect(headers[SIGNATURE]).toMatch(/^[\w-]{43}=$/);
    const refused = await testUrl(system, 'bindbee', { url: 'http://127.0.0.1:1/' });
    expect(refused.result).toMatchObject({ outcome: 'connection_refused', error: { message: expect.any(String) } });
  });

  test("a webhook's page shows its log, tests included", async () => {
    const registered = await register(system, 'bindbee');
    const { client, tenant, path } = registered;
    await client.behave(path, [{ status: 404, body: 'no such page' }, { status: 200 }]);
    const eventId = await client.publish(tenant, { type: 'connector_synced', data: DATA });
    const { id } = await attempted(client, tenant, eventId, 1);
    expect((await ended(client, tenant, id)).status).toBe('failed');
    expect((await sendTest(registered)).status).toBe('succeeded');
    expect(await logOf(registered)).toMatchObject([
      { status: 'succeeded', attempts: [{ trigger: 'test', response: { status: 200 } }] },
      { status: 'failed', attempts: [{ trigger: 'automatic', response: { status: 404, body: 'no such page' } }] },
    ]);
    expect(await client.all(Delivery, `${registered.one}/deliveries?status=failed`)).toHaveLength(1);
  });

  test('says which of its values are promised', async () => {
    expect(await originsOf(system, 'bindbee')).toMatchObject({
      '/retry/deadlineSeconds': 'promised',
      '/retry/timeoutSeconds': 'promised',
      '/retry/gapsSeconds': 'ours',
      '/signatures/0/header': 'promised',
      '/signatures/0/encoding': 'public',
    });
  });
}
