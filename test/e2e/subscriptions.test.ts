import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Delivery, Subscription } from './client.ts';
import { eventually } from './eventually.ts';
import { attempted, passGap, startWatch, type Watch } from './scheduled.ts';
import { arrived, expectStatus, idsOf, subscribed } from './steps.ts';
import { useSystem } from './use-system.ts';
import { isVerified, verifyV1a } from './verify.ts';

const system = useSystem();
let watch: Watch;
beforeAll(async () => {
  watch = await startWatch(system());
});

const DAY = 86_400;

/** Publishes events to a subscription that is paused, and waits until they are parked. */
async function parked(tenant: string, count: number): Promise<string[]> {
  const client = system();
  const ids = await Promise.all(Array.from({ length: count }, () => client.publish(tenant)));
  for (const id of ids) expect(await expectStatus(client, tenant, id, 'parked')).toMatchObject({ attempts: [] });
  return ids;
}

test('what waits by a limit that is raised goes on at once', async () => {
  const client = system();
  const { tenant, path, one } = await subscribed(client, 'raised', { maxPerSecond: 0.1 });
  const ids = await Promise.all(Array.from({ length: 12 }, () => client.publish(tenant)));
  await arrived(client, path, 1);
  await eventually(async () => {
    expect(await client.all(Delivery, `${one}/deliveries?status=pending`)).toHaveLength(11);
  });
  await client.call('PATCH', one, { body: { maxPerSecond: 50 } });
  expect(idsOf((await arrived(client, path, ids.length)).requests)).toEqual(ids.toSorted());
});

describe('a paused subscription', () => {
  test('parks its events, however long, and gets them all when it is resumed', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'paused');
    expect(await client.ask(Subscription, 'POST', `${one}/pause`)).toMatchObject({
      status: 'paused',
      statusReason: { code: 'paused' },
    });
    const ids = await parked(tenant, 30);
    await client.advance(2 * DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(0);
    const listed = await client.all(Delivery, `${one}/deliveries?status=parked`);
    expect(listed.map(({ eventId }) => eventId).sort()).toEqual(ids.toSorted());

    expect(await client.ask(Subscription, 'POST', `${one}/resume`)).toMatchObject({
      status: 'active',
      statusReason: null,
    });
    expect(idsOf((await arrived(client, path, ids.length)).requests)).toEqual(ids.toSorted());
    for (const id of ids)
      expect(await expectStatus(client, tenant, id, 'succeeded')).toMatchObject({ attempts: [{ number: 1 }] });
    expect(await client.all(Delivery, `${one}/deliveries?status=parked`)).toEqual([]);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(ids.length);
  });

  test('parks a delivery whose retry is due, and goes on with it afterwards', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'paused-retry');
    await client.behave(path, [{ status: 500 }], { status: 200 });
    const eventId = await client.publish(tenant);
    await attempted(client, tenant, eventId, 1);
    await client.call('POST', `${one}/pause`);
    await client.advance(60);
    expect(await expectStatus(client, tenant, eventId, 'parked')).toMatchObject({ attempts: [{ number: 1 }] });
    expect(
      (
        await client.call(
          'POST',
          `/v1/tenants/${tenant}/deliveries/${(await client.deliveryOf(tenant, eventId)).id}/retry`,
        )
      ).status,
    ).toBe(409);
    await client.call('POST', `${one}/resume`);
    expect(await expectStatus(client, tenant, eventId, 'succeeded')).toMatchObject({ attempts: [{}, { number: 2 }] });
    expect((await client.received(path)).total).toBe(2);
  });

  test('may be resumed without what was parked', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'discard');
    await client.call('POST', `${one}/pause`);
    const ids = await parked(tenant, 5);
    await client.call('POST', `${one}/resume`, { body: { parked: 'discard' } });
    for (const id of ids)
      expect(await expectStatus(client, tenant, id, 'cancelled')).toMatchObject({
        statusReason: { code: 'discarded' },
      });
    const later = await client.publish(tenant);
    expect(idsOf((await arrived(client, path, 1)).requests)).toEqual([later]);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(1);
  });

  test('may be resumed with what is newer than a moment', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'since');
    await client.call('POST', `${one}/pause`);
    const older = await parked(tenant, 3);
    await client.advance(60);
    const since = new Date(await client.now()).toISOString();
    const newer = await parked(tenant, 3);
    await client.call('POST', `${one}/resume`, { body: { since } });
    for (const id of older)
      expect(await expectStatus(client, tenant, id, 'cancelled')).toMatchObject({
        statusReason: { code: 'discarded' },
      });
    for (const id of newer) await expectStatus(client, tenant, id, 'succeeded');
    expect(idsOf((await arrived(client, path, 3)).requests)).toEqual(newer.toSorted());
  });

  test('holds up no other subscription of its tenant, and a second pause or resume changes nothing', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'neighbour');
    await client.subscribe(tenant, `${path}/other`);
    const first = await client.ask(Subscription, 'POST', `${one}/pause`);
    expect((await client.ask(Subscription, 'POST', `${one}/pause`)).statusReason).toEqual(first.statusReason);
    await client.publish(tenant);
    await arrived(client, `${path}/other`, 1);
    for (let round = 0; round < 2; round += 1) await client.call('POST', `${one}/resume`);
    await arrived(client, path, 1);
    await client.publish(tenant);
    await arrived(client, path, 2);
    await arrived(client, `${path}/other`, 2);
  });
});

describe('a change', () => {
  test('merges: what is absent stays, null clears', async () => {
    const client = system();
    const { one } = await subscribed(client, 'merged', {
      name: 'before',
      headers: { 'X-A': '1', 'X-B': '2' },
      metadata: { a: '1', b: '2' },
    });
    const patch = async (body: object) => (await client.call('PATCH', one, { body })).body;
    const before = await client.ask(z.record(z.string(), z.unknown()), 'GET', one);
    expect(await patch({})).toEqual({ ...before, updatedAt: expect.any(String) });
    const changes = { headers: { 'X-B': null, 'X-C': '3' }, metadata: { a: null } };
    expect(await patch(changes)).toEqual({
      ...before,
      headers: { 'X-A': '[redacted]', 'X-C': '[redacted]' },
      metadata: { b: '2' },
      updatedAt: expect.any(String),
    });
    expect((await client.call('GET', `${one}?show=headers`)).body).toMatchObject({
      headers: { 'X-A': '1', 'X-C': '3' },
      metadata: { b: '2' },
    });
    expect(await patch({ name: null, headers: null, metadata: null })).toEqual({
      ...before,
      name: null,
      headers: {},
      metadata: {},
      updatedAt: expect.any(String),
    });
    // Half of a wrong change is no change.
    expect((await client.call('PATCH', one, { body: { name: 'after', eventTypes: [] } })).status).toBe(422);
    expect((await client.call('GET', one)).body).toMatchObject({ name: null, eventTypes: ['*'] });
  });

  test('of URL, types, environment and signatures holds for the next event', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'changed', { eventTypes: ['old.type'] });
    await client.publish(tenant, { id: 'old', type: 'old.type' });
    await arrived(client, path, 1);
    const body = {
      url: `${client.endpoints.receiverUrl}${path}/new`,
      eventTypes: ['new.*'],
      environment: 'development',
      signatureVersions: ['v1', 'v1a'],
    };
    expect((await client.call('PATCH', one, { body })).body).toMatchObject(body);
    await client.publish(tenant, { id: 'old-type', type: 'old.type', environment: 'development' });
    await client.publish(tenant, { id: 'old-environment', type: 'new.type' });
    await client.publish(tenant, { id: 'new', type: 'new.type', environment: 'development' });
    const { last: request } = await arrived(client, `${path}/new`, 1);
    expect(request.headers['webhook-id']).toBe('new');
    await watch.settle();
    expect(await client.deliveriesOf(tenant, 'old-type')).toEqual([]);
    expect(await client.deliveriesOf(tenant, 'old-environment')).toEqual([]);
    expect((await client.received(path)).total).toBe(1);
    expect(isVerified(request, secret)).toBe(true);
    expect(
      verifyV1a(request, (await client.ask(z.object({ publicKey: z.string() }), 'GET', `${one}/secret`)).publicKey),
    ).toBe(true);
  });

  test('made while a retry waits holds for the retry', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'repaired');
    await client.behave(path, [{ status: 500 }]);
    const delivery = await attempted(client, tenant, await client.publish(tenant), 1);
    await client.call('PATCH', one, { body: { url: `${client.endpoints.receiverUrl}${path}/repaired` } });
    const made = await passGap(client, watch, { tenant, path: `${path}/repaired`, delivery });
    expect(made.delivery.status).toBe('succeeded');
    expect((await client.received(path)).total).toBe(1);
  });
});

describe('what will not be delivered', () => {
  const cancel = (tenant: string, id: string) => system().call('POST', `/v1/tenants/${tenant}/deliveries/${id}/cancel`);

  test('a pending and a parked delivery can be cancelled, once, and nothing comes of them', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'cancelled');
    await client.behave(path, [{ status: 500 }]);
    const pending = await attempted(client, tenant, await client.publish(tenant), 1);
    expect((await cancel(tenant, pending.id)).body).toMatchObject({
      status: 'cancelled',
      statusReason: { code: 'cancelled' },
      nextAttemptAt: null,
    });
    expect((await cancel(tenant, pending.id)).status).toBe(409);
    await client.call('POST', `${one}/pause`);
    const [waiting = ''] = await parked(tenant, 1);
    const { id } = await client.deliveryOf(tenant, waiting);
    expect((await cancel(tenant, id)).body).toMatchObject({ status: 'cancelled' });
    await client.call('POST', `${one}/resume`);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(1);
    for (const event of [pending.eventId, waiting])
      expect((await client.deliveryOf(tenant, event)).status).toBe('cancelled');

    await client.behave(path, [{ status: 200 }]);
    const done = await client.publish(tenant);
    expect((await cancel(tenant, (await expectStatus(client, tenant, done, 'succeeded')).id)).status).toBe(409);
    // By hand even what was cancelled can be sent.
    await client.call('POST', `/v1/tenants/${tenant}/deliveries/${pending.id}/retry`);
    await expectStatus(client, tenant, pending.eventId, 'succeeded');
  });

  /** What an event became before its subscription went away. */
  const states = {
    pending: (tenant: string) => system().publish(tenant),
    parked: async (tenant: string, one: string) => {
      await system().call('POST', `${one}/pause`);
      return system().publish(tenant);
    },
  };

  test.each([
    ['pending', 'subscription'],
    ['parked', 'subscription'],
    ['pending', 'tenant'],
    ['parked', 'tenant'],
  ] as const)('what was %s when its %s was deleted', async (state, what) => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'deleted');
    await client.behave(path, [{ status: 503, retryAfter: '3600' }]);
    const { id, attempts } = await expectStatus(client, tenant, await states[state](tenant, one), state);
    const deleted = what === 'tenant' ? `/v1/tenants/${tenant}` : one;
    expect((await client.call('DELETE', deleted)).status).toBe(204);
    expect((await client.call('GET', one)).status).toBe(404);
    expect((await client.call('DELETE', deleted)).status).toBe(404);
    // Its next attempt would come in an hour.
    await eventually(
      async () =>
        expect(await client.ask(Delivery, 'GET', `/v1/tenants/${tenant}/deliveries/${id}`)).toMatchObject({
          status: 'cancelled',
          statusReason: { code: 'subscription_deleted' },
          nextAttemptAt: null,
        }),
      5_000,
    );
    await client.publish(tenant);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.call('POST', `/v1/tenants/${tenant}/deliveries/${id}/retry`)).status).toBe(409);
    expect((await client.received(path)).total).toBe(attempts.length);
  });

  test('of an expunged event: its data is gone everywhere, and what was still to come is cancelled', async () => {
    const client = system();
    const { tenant, path } = await subscribed(client, 'expunged');
    await client.behave(path, [{ status: 500 }]);
    const eventId = await client.publish(tenant, { data: { iban: 'XX00-expunge-me' } });
    const other = await client.publish(tenant, { data: 'stays' });
    const delivery = await attempted(client, tenant, eventId, 1);
    const event = `/v1/tenants/${tenant}/events/${eventId}`;
    expect((await client.call('GET', event)).text).toContain('XX00-expunge-me');
    expect((await client.call('DELETE', `${event}/data`)).status).toBe(204);
    expect((await client.call('DELETE', `${event}/data`)).status).toBe(204);
    await client.behave(path, [{ status: 200 }]);
    await client.advance(60);
    expect(await expectStatus(client, tenant, eventId, 'cancelled')).toMatchObject({
      statusReason: { code: 'event_gone' },
      attempts: [{ number: 1 }],
    });
    await expectStatus(client, tenant, other, 'succeeded');
    expect((await client.call('GET', event)).body).toMatchObject({ id: eventId, data: null });
    for (const path of [event, `/v1/tenants/${tenant}/events`, `${event}/deliveries`])
      expect((await client.call('GET', path)).text, path).not.toContain('XX00');
    expect((await client.call('GET', `/v1/tenants/${tenant}/events/${other}`)).text).toContain('stays');
    // Neither asking for it nor publishing it once more brings it back.
    await client.call('POST', `/v1/tenants/${tenant}/deliveries/${delivery.id}/retry`);
    await client.publish(tenant, { id: eventId, data: { iban: 'XX00-expunge-me' } });
    await client.advance(DAY);
    await watch.settle();
    await expectStatus(client, tenant, eventId, 'cancelled');
    expect((await client.call('GET', event)).body).toMatchObject({ data: null });
    const ids = (await client.received(path)).requests.map(({ headers }) => headers['webhook-id']);
    expect(ids.filter((id) => id === eventId)).toHaveLength(1);
  });
});
