import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Subscription } from './client.ts';
import { attempted, passGap, startWatch, type Watch } from './scheduled.ts';
import { arrived, subscribed } from './steps.ts';
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

describe('a rotated secret', () => {
  const rotate = async (one: string, body?: object) =>
    system().ask(Keys, 'POST', `${one}/secret/rotate`, body === undefined ? {} : { body });

  test('signs beside the old one until the overlap ends, and alone afterwards', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'rotated');
    const rotated = await rotate(one, { overlapSeconds: 600 });
    const fresh = rotated.secret ?? '';
    expect(fresh).not.toBe(secret);
    expect(rotated.previous.map((key) => key.secret)).toEqual([secret]);
    const leftSeconds = (Date.parse(rotated.previous[0]?.endsAt ?? '') - (await client.now())) / 1_000;
    expect(leftSeconds).toBeGreaterThan(570);
    expect(leftSeconds).toBeLessThanOrEqual(600);
    expect(await client.ask(Keys, 'GET', `${one}/secret`)).toEqual(rotated);

    await client.publish(tenant);
    const { last: during } = await arrived(client, path, 1);
    expect(signatures(during.headers, 'v1')).toHaveLength(2);
    expect([isVerified(during, fresh), isVerified(during, secret)]).toEqual([true, true]);

    await client.advance(601);
    await client.publish(tenant);
    const { last: after } = await arrived(client, path, 2);
    expect(signatures(after.headers, 'v1')).toHaveLength(1);
    expect([isVerified(after, fresh), isVerified(after, secret)]).toEqual([true, false]);
    expect(await client.ask(Keys, 'GET', `${one}/secret`)).toMatchObject({ secret: fresh, previous: [] });
  });

  test('signs alone at once if there is no overlap', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'rotated-at-once');
    const { secret: fresh, previous } = await rotate(one, { overlapSeconds: 0 });
    expect(previous).toEqual([]);
    await client.publish(tenant);
    const { last: request } = await arrived(client, path, 1);
    expect(signatures(request.headers, 'v1')).toHaveLength(1);
    expect([isVerified(request, fresh ?? ''), isVerified(request, secret)]).toEqual([true, false]);
  });

  test('may be brought, overlaps for a day unless said otherwise, and rotates again meanwhile', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'rotated-twice');
    const brought = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    expect((await rotate(one, { secret: brought })).secret).toBe(brought);
    const { secret: fresh } = await rotate(one);
    await client.advance(DAY - 120);
    await client.publish(tenant);
    const { last: request } = await arrived(client, path, 1);
    expect([secret, brought, fresh ?? ''].map((key) => isVerified(request, key))).toEqual([true, true, true]);
    await client.advance(240);
    await client.publish(tenant);
    const { last: later } = await arrived(client, path, 2);
    expect([secret, brought, fresh ?? ''].map((key) => isVerified(later, key))).toEqual([false, false, true]);
  });

  test('rotates both kinds of keys', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'rotated-both', { signatureVersions: ['v1', 'v1a'] });
    const before = await client.ask(Keys, 'GET', `${one}/secret`);
    const after = await rotate(one, { overlapSeconds: 0 });
    await client.publish(tenant);
    const { last: request } = await arrived(client, path, 1);
    expect(verifyV1a(request, after.publicKey ?? '')).toBe(true);
    expect(verifyV1a(request, before.publicKey ?? '')).toBe(false);
    expect([isVerified(request, after.secret ?? ''), isVerified(request, before.secret ?? '')]).toEqual([true, false]);
  });

  test('also signs the retry of an event that was first sent before', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'rotated-retry');
    await client.behave(path, [{ status: 500 }], { status: 200 });
    const delivery = await attempted(client, tenant, await client.publish(tenant), 1);
    const { secret: fresh } = await rotate(one, { overlapSeconds: 0 });
    const { request } = await passGap(client, watch, { tenant, path, delivery });
    expect([isVerified(request, fresh ?? ''), isVerified(request, secret)]).toEqual([true, false]);
  });
});

describe('what a subscription sends along', () => {
  test('its headers and basic auth arrive, and neither is shown in the log of anything', async () => {
    const client = system();
    const { tenant, path } = scene('headers');
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
    for (const { headers } of (await arrived(client, path, 2)).requests) {
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
    // The values of its headers are shown on request only.
    expect((await client.call('GET', `${subscription}?show=headers`)).text).toContain('key-91c4e7');
    for (const place of ['read', 'listed', 'patched', 'delivery', 'deliveries', 'log'] as const) {
      expect(shown[place], place).not.toContain('key-91c4e7');
    }
    expect(shown.delivery).toContain('X-Api-Key');
    // A change that leaves the URL alone leaves the basic auth alone.
    await client.publish(tenant);
    expect((await arrived(client, path, 3)).last.headers.authorization).toBe(basic);
    // The URL as it is shown, sent back, leaves it alone, too.
    await client.call('PATCH', subscription, { body: { url: client.endpoints.receiverUrl + path } });
    expect(await client.ask(Subscription, 'GET', subscription)).toMatchObject({ hasCredentials: true });
    // A new URL takes it away.
    await client.call('PATCH', subscription, { body: { url: `${client.endpoints.receiverUrl}${path}-moved` } });
    expect(await client.ask(Subscription, 'GET', subscription)).toMatchObject({ hasCredentials: false });
    await client.publish(tenant);
    expect((await arrived(client, `${path}-moved`, 1)).last.headers).not.toHaveProperty('authorization');
  });

  test('no secret is in the log', async () => {
    const client = system();
    const { tenant, path, one, secret } = await subscribed(client, 'logged');
    const { secret: fresh } = await client.ask(Keys, 'POST', `${one}/secret/rotate`);
    await client.publish(tenant);
    await arrived(client, path, 1);
    const shown = (await client.call('GET', one)).text + (await client.call('GET', `${one}/deliveries`)).text;
    for (const text of [shown, system.output()]) {
      expect(text).not.toContain(secret.slice(6));
      expect(text).not.toContain((fresh ?? 'whsec_').slice(6));
    }
  });
});
