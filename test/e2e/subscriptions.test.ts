import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Delivery, type ReceivedRequest, Subscription } from './client.ts';
import { attempted, passGap, startWatch, type Watch } from './scheduled.ts';
import { eventually } from './system.ts';
import { scene, useSystem } from './use-system.ts';
import { isVerified, signatures, verifyV1a } from './verify.ts';

const system = useSystem();
let watch: Watch;
beforeAll(async () => {
  watch = await startWatch(system());
});

const DAY = 86_400;
const Keys = z.object({
  secret: z.string().nullable(),
  publicKey: z.string().nullable(),
  previous: z.array(z.object({ secret: z.string().nullable(), endsAt: z.string() })),
});

/** A tenant with a subscription, and the path of the API where that is. */
async function subscribed(name: string, extra: Record<string, unknown> = {}) {
  const client = system();
  const { tenant, path } = scene(name);
  const { id, secret } = await client.subscribe(tenant, path, extra);
  return { client, tenant, path, id, secret: secret ?? '', one: `/v1/tenants/${tenant}/subscriptions/${id}` };
}

async function arrived(path: string, count: number): Promise<ReceivedRequest[]> {
  return eventually(async () => {
    const { total, requests } = await system().received(path);
    expect(total).toBe(count);
    return requests;
  });
}

async function expectStatus(tenant: string, eventId: string, status: string): Promise<Delivery> {
  return eventually(async () => {
    const delivery = await system().deliveryOf(tenant, eventId);
    expect(delivery.status).toBe(status);
    return delivery;
  });
}

const idsOf = (requests: ReceivedRequest[]) => requests.map(({ headers }) => headers['webhook-id']).sort();

/** Publishes events to a subscription that is paused, and waits until they are parked. */
async function parked(tenant: string, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => system().publish(tenant)));
  for (const id of ids) expect(await expectStatus(tenant, id, 'parked')).toMatchObject({ attempts: [] });
  return ids;
}

describe('a paused subscription', () => {
  test('parks its events, however long, and gets them all when it is resumed', async () => {
    const { client, tenant, path, one } = await subscribed('paused');
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
    expect(idsOf(await arrived(path, ids.length))).toEqual(ids.toSorted());
    for (const id of ids)
      expect(await expectStatus(tenant, id, 'succeeded')).toMatchObject({ attempts: [{ number: 1 }] });
    expect(await client.all(Delivery, `${one}/deliveries?status=parked`)).toEqual([]);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(ids.length);
  });

  test('parks a delivery whose retry is due, and goes on with it afterwards', async () => {
    const { client, tenant, path, one } = await subscribed('paused-retry');
    await client.behave(path, [{ status: 500 }], { status: 200 });
    const eventId = await client.publish(tenant);
    await attempted(client, tenant, eventId, 1);
    await client.call('POST', `${one}/pause`);
    await client.advance(60);
    expect(await expectStatus(tenant, eventId, 'parked')).toMatchObject({ attempts: [{ number: 1 }] });
    expect(
      (
        await client.call(
          'POST',
          `/v1/tenants/${tenant}/deliveries/${(await client.deliveryOf(tenant, eventId)).id}/retry`,
        )
      ).status,
    ).toBe(409);
    await client.call('POST', `${one}/resume`);
    expect(await expectStatus(tenant, eventId, 'succeeded')).toMatchObject({ attempts: [{}, { number: 2 }] });
    expect((await client.received(path)).total).toBe(2);
  });

  test('may be resumed without what was parked', async () => {
    const { client, tenant, path, one } = await subscribed('discard');
    await client.call('POST', `${one}/pause`);
    const ids = await parked(tenant, 5);
    await client.call('POST', `${one}/resume`, { body: { parked: 'discard' } });
    for (const id of ids)
      expect(await expectStatus(tenant, id, 'cancelled')).toMatchObject({ statusReason: { code: 'discarded' } });
    const later = await client.publish(tenant);
    expect(idsOf(await arrived(path, 1))).toEqual([later]);
    await client.advance(DAY);
    await watch.settle();
    expect((await client.received(path)).total).toBe(1);
  });

  test('may be resumed with what is newer than a moment', async () => {
    const { client, tenant, path, one } = await subscribed('since');
    await client.call('POST', `${one}/pause`);
    const older = await parked(tenant, 3);
    await client.advance(60);
    const since = new Date(await client.now()).toISOString();
    const newer = await parked(tenant, 3);
    await client.call('POST', `${one}/resume`, { body: { since } });
    for (const id of older)
      expect(await expectStatus(tenant, id, 'cancelled')).toMatchObject({ statusReason: { code: 'discarded' } });
    for (const id of newer) await expectStatus(tenant, id, 'succeeded');
    expect(idsOf(await arrived(path, 3))).toEqual(newer.toSorted());
  });

  test('holds up nobody else of its tenant, and a second pause or resume changes nothing', async () => {
    const { client, tenant, path, one } = await subscribed('neighbour');
    await client.subscribe(tenant, `${path}/other`);
    const first = await client.ask(Subscription, 'POST', `${one}/pause`);
    expect((await client.ask(Subscription, 'POST', `${one}/pause`)).statusReason).toEqual(first.statusReason);
    await client.publish(tenant);
    await arrived(`${path}/other`, 1);
    for (let round = 0; round < 2; round += 1) await client.call('POST', `${one}/resume`);
    await arrived(path, 1);
    await client.publish(tenant);
    await arrived(path, 2);
    await arrived(`${path}/other`, 2);
  });
});

describe('a rotated secret', () => {
  const rotate = async (one: string, body?: object) =>
    system().ask(Keys, 'POST', `${one}/secret/rotate`, body === undefined ? {} : { body });

  test('signs beside the old one until the overlap ends, and alone afterwards', async () => {
    const { client, tenant, path, one, secret } = await subscribed('rotated');
    const rotated = await rotate(one, { overlapSeconds: 600 });
    const fresh = rotated.secret ?? '';
    expect(fresh).not.toBe(secret);
    expect(rotated.previous).toEqual(
      [{ secret, publicKey: null, endsAt: expect.any(String) }].map(Keys.shape.previous.element.parse),
    );
    const leftSeconds = (Date.parse(rotated.previous[0]?.endsAt ?? '') - (await client.now())) / 1_000;
    expect(leftSeconds).toBeGreaterThan(570);
    expect(leftSeconds).toBeLessThanOrEqual(600);
    expect(await client.ask(Keys, 'GET', `${one}/secret`)).toEqual(rotated);

    await client.publish(tenant);
    const [during] = await arrived(path, 1);
    if (during === undefined) throw new Error('unreachable');
    expect(signatures(during.headers, 'v1')).toHaveLength(2);
    expect([isVerified(during, fresh), isVerified(during, secret)]).toEqual([true, true]);

    await client.advance(601);
    await client.publish(tenant);
    const [, after] = await arrived(path, 2);
    if (after === undefined) throw new Error('unreachable');
    expect(signatures(after.headers, 'v1')).toHaveLength(1);
    expect([isVerified(after, fresh), isVerified(after, secret)]).toEqual([true, false]);
    expect(await client.ask(Keys, 'GET', `${one}/secret`)).toMatchObject({ secret: fresh, previous: [] });
  });

  test('signs alone at once if there is no overlap', async () => {
    const { client, tenant, path, one, secret } = await subscribed('rotated-at-once');
    const { secret: fresh, previous } = await rotate(one, { overlapSeconds: 0 });
    expect(previous).toEqual([]);
    await client.publish(tenant);
    const [request] = await arrived(path, 1);
    if (request === undefined) throw new Error('unreachable');
    expect(signatures(request.headers, 'v1')).toHaveLength(1);
    expect([isVerified(request, fresh ?? ''), isVerified(request, secret)]).toEqual([true, false]);
  });

  test('may be brought, overlaps for a day unless said otherwise, and rotates again meanwhile', async () => {
    const { client, tenant, path, one, secret } = await subscribed('rotated-twice');
    const brought = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    expect((await rotate(one, { secret: brought })).secret).toBe(brought);
    const { secret: fresh } = await rotate(one);
    await client.advance(DAY - 120);
    await client.publish(tenant);
    const [request] = await arrived(path, 1);
    if (request === undefined) throw new Error('unreachable');
    expect([secret, brought, fresh ?? ''].map((key) => isVerified(request, key))).toEqual([true, true, true]);
    await client.advance(240);
    await client.publish(tenant);
    const [, later] = await arrived(path, 2);
    if (later === undefined) throw new Error('unreachable');
    expect([secret, brought, fresh ?? ''].map((key) => isVerified(later, key))).toEqual([false, false, true]);
  });

  test('rotates both kinds of keys', async () => {
    const { client, tenant, path, one } = await subscribed('rotated-both', { signatureVersions: ['v1', 'v1a'] });
    const before = await client.ask(Keys, 'GET', `${one}/secret`);
    const after = await rotate(one, { overlapSeconds: 0 });
    await client.publish(tenant);
    const [request] = await arrived(path, 1);
    if (request === undefined) throw new Error('unreachable');
    expect(verifyV1a(request, after.publicKey ?? '')).toBe(true);
    expect(verifyV1a(request, before.publicKey ?? '')).toBe(false);
    expect([isVerified(request, after.secret ?? ''), isVerified(request, before.secret ?? '')]).toEqual([true, false]);
  });

  test('also signs the retry of an event that was first sent before', async () => {
    const { client, tenant, path, one, secret } = await subscribed('rotated-retry');
    await client.behave(path, [{ status: 500 }], { status: 200 });
    const delivery = await attempted(client, tenant, await client.publish(tenant), 1);
    const { secret: fresh } = await rotate(one, { overlapSeconds: 0 });
    const { request } = await passGap(client, watch, { tenant, path, delivery });
    expect([isVerified(request, fresh ?? ''), isVerified(request, secret)]).toEqual([true, false]);
  });
});

describe('what a subscription sends along', () => {
  test('its headers and basic auth arrive, and neither is shown in the log of anything', async () => {
    const { client, tenant, path } = { client: system(), ...scene('headers') };
    const credentials = { name: 'ann%40example', password: 'pass%2Fword-5f2a' };
    const url = client.endpoints.receiverUrl.replace('://', `://${credentials.name}:${credentials.password}@`) + path;
    const body = { url, eventTypes: ['*'], headers: { 'X-Team': 'payroll', 'X-Api-Key': 'key-91c4e7' } };
    const created = await client.call('POST', `/v1/tenants/${tenant}/subscriptions`, { body });
    const { id } = Subscription.parse(created.body);
    await client.behave(path, [{ status: 500 }], { status: 200 });
    const eventId = await client.publish(tenant);
    const delivery = await attempted(client, tenant, eventId, 1);
    await passGap(client, watch, { tenant, path, delivery });
    const basic = `Basic ${Buffer.from('ann@example:pass/word-5f2a').toString('base64')}`;
    for (const { headers } of await arrived(path, 2)) {
      expect(headers).toMatchObject({ 'x-team': 'payroll', 'x-api-key': 'key-91c4e7', authorization: basic });
    }

    const subscription = `/v1/tenants/${tenant}/subscriptions/${id}`;
    expect(created.body).toMatchObject({ url: client.endpoints.receiverUrl + path, hasCredentials: true });
    const shown = {
      created: created.text,
      read: (await client.call('GET', subscription)).text,
      listed: (await client.call('GET', `/v1/tenants/${tenant}/subscriptions`)).text,
      patched: (await client.call('PATCH', subscription, { body: { name: 'named' } })).text,
      delivery: (await client.call('GET', `/v1/tenants/${tenant}/deliveries/${delivery.id}`)).text,
      deliveries: (await client.call('GET', `${subscription}/deliveries`)).text,
      log: system.output(),
    };
    const secrets = ['pass%2Fword-5f2a', 'pass/word-5f2a', basic, basic.slice(6), 'ann%40example', 'ann@example'];
    for (const [place, text] of Object.entries(shown)) {
      expect(text.length, place).toBeGreaterThan(50);
      for (const secret of secrets) expect(text, place).not.toContain(secret);
    }
    // The values of its headers are its owner's to read where they are set, and nowhere else.
    expect(shown.read).toContain('key-91c4e7');
    for (const place of ['delivery', 'deliveries', 'log'] as const) {
      expect(shown[place], place).not.toContain('key-91c4e7');
    }
    expect(shown.delivery).toContain('X-Api-Key');
    // A change that leaves the URL alone leaves the basic auth alone.
    await client.publish(tenant);
    expect((await arrived(path, 3))[2]?.headers.authorization).toBe(basic);
    // A new URL takes it away.
    await client.call('PATCH', subscription, { body: { url: client.endpoints.receiverUrl + path } });
    expect(await client.ask(Subscription, 'GET', subscription)).toMatchObject({ hasCredentials: false });
    await client.publish(tenant);
    expect((await arrived(path, 4))[3]?.headers).not.toHaveProperty('authorization');
  });

  test('no secret is in the log', async () => {
    const { client, tenant, path, one, secret } = await subscribed('logged');
    const { secret: fresh } = await client.ask(Keys, 'POST', `${one}/secret/rotate`);
    await client.publish(tenant);
    await arrived(path, 1);
    const shown = (await client.call('GET', one)).text + (await client.call('GET', `${one}/deliveries`)).text;
    for (const text of [shown, system.output()]) {
      expect(text).not.toContain(secret.slice(6));
      expect(text).not.toContain((fresh ?? 'whsec_').slice(6));
    }
  });
});

describe('a change', () => {
  test('merges: what is absent stays, null clears', async () => {
    const { client, one } = await subscribed('merged', {
      name: 'before',
      headers: { 'X-A': '1', 'X-B': '2' },
      metadata: { a: '1', b: '2' },
    });
    const patch = async (body: object) => (await client.call('PATCH', one, { body })).body;
    const before = await client.ask(z.record(z.string(), z.unknown()), 'GET', one);
    expect(await patch({})).toMatchObject({ ...before, updatedAt: expect.any(String) });
    expect(await patch({ headers: { 'X-B': null, 'X-C': '3' }, metadata: { a: null } })).toMatchObject({
      name: 'before',
      url: before.url,
      eventTypes: ['*'],
    });
    expect(await client.ask(Subscription, 'GET', one)).toMatchObject({ name: 'before' });
    const merged = (await client.call('GET', one)).body;
    expect(z.looseObject({ headers: z.unknown(), metadata: z.unknown() }).parse(merged)).toMatchObject({
      headers: { 'X-A': '1', 'X-C': '3' },
      metadata: { b: '2' },
    });
    expect(JSON.stringify(merged)).not.toMatch(/"X-B"|"a":"1"/);
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
    const { client, tenant, path, one, secret } = await subscribed('changed', { eventTypes: ['old.type'] });
    await client.publish(tenant, { id: 'old', type: 'old.type' });
    await arrived(path, 1);
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
    const [request] = await arrived(`${path}/new`, 1);
    if (request === undefined) throw new Error('unreachable');
    expect(request.headers['webhook-id']).toBe('new');
    await watch.settle();
    expect(await client.deliveriesOf(tenant, 'old-type')).toEqual([]);
    expect(await client.deliveriesOf(tenant, 'old-environment')).toEqual([]);
    expect((await client.received(path)).total).toBe(1);
    expect(isVerified(request, secret)).toBe(true);
    expect(verifyV1a(request, (await client.ask(Keys, 'GET', `${one}/secret`)).publicKey ?? '')).toBe(true);
  });

  test('made while a retry waits holds for the retry', async () => {
    const { client, tenant, path, one } = await subscribed('repaired');
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
    const { client, tenant, path, one } = await subscribed('cancelled');
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
    expect((await cancel(tenant, (await expectStatus(tenant, done, 'succeeded')).id)).status).toBe(409);
    // By hand even what was cancelled can be sent.
    await client.call('POST', `/v1/tenants/${tenant}/deliveries/${pending.id}/retry`);
    await expectStatus(tenant, pending.eventId, 'succeeded');
  });

  test.each([
    ['subscription', ({ one }: { tenant: string; one: string }) => one],
    ['tenant', ({ tenant }: { tenant: string; one: string }) => `/v1/tenants/${tenant}`],
  ])('of a deleted %s: what was pending or parked', async (_, pathOf) => {
    const { client, tenant, path, one } = await subscribed('deleted');
    await client.behave(path, [{ status: 500 }]);
    const delivery = await attempted(client, tenant, await client.publish(tenant), 1);
    await client.call('POST', `${one}/pause`);
    const [waiting = ''] = await parked(tenant, 1);
    const parkedDelivery = await client.deliveryOf(tenant, waiting);
    expect((await client.call('DELETE', pathOf({ tenant, one }))).status).toBe(204);
    expect((await client.call('GET', one)).status).toBe(404);
    expect((await client.call('DELETE', pathOf({ tenant, one }))).status).toBe(404);
    await client.publish(tenant);
    await client.advance(DAY);
    await watch.settle();
    for (const { id } of [delivery, parkedDelivery]) {
      const read = () => client.ask(Delivery, 'GET', `/v1/tenants/${tenant}/deliveries/${id}`);
      await eventually(
        async () =>
          expect(await read()).toMatchObject({
            status: 'cancelled',
            statusReason: { code: 'subscription_deleted' },
            nextAttemptAt: null,
          }),
        5_000,
      );
      expect((await client.call('POST', `/v1/tenants/${tenant}/deliveries/${id}/retry`)).status).toBe(409);
    }
    expect((await client.received(path)).total).toBe(1);
  });

  test('of an expunged event: its data is gone everywhere, and what was still to come is cancelled', async () => {
    const { client, tenant, path } = await subscribed('expunged');
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
    expect(await expectStatus(tenant, eventId, 'cancelled')).toMatchObject({
      statusReason: { code: 'event_gone' },
      attempts: [{ number: 1 }],
    });
    await expectStatus(tenant, other, 'succeeded');
    expect((await client.call('GET', event)).body).toMatchObject({ id: eventId, data: null });
    for (const path of [event, `/v1/tenants/${tenant}/events`, `${event}/deliveries`])
      expect((await client.call('GET', path)).text, path).not.toContain('XX00');
    expect((await client.call('GET', `/v1/tenants/${tenant}/events/${other}`)).text).toContain('stays');
    // Nor does asking for it, or publishing it once more, bring it back.
    await client.call('POST', `/v1/tenants/${tenant}/deliveries/${delivery.id}/retry`);
    await client.advance(60);
    await expectStatus(tenant, eventId, 'cancelled');
    const ids = (await client.received(path)).requests.slice(1).map(({ headers }) => headers['webhook-id']);
    expect(ids.filter((id) => id === eventId).length).toBeLessThanOrEqual(1);
  });
});
