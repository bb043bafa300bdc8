import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { ReceivedRequest } from '../client.ts';
import { eventually } from '../eventually.ts';
import { attempted, passGap, plannedGap, startWatch } from '../scheduled.ts';
import { scene } from '../use-system.ts';
import { isVerified } from '../verify.ts';
import { arrived, preview, register, type System, sendTest, testUrl } from './system-under-test.ts';

const DOCS = readFileSync(new URL('../../../docs/profiles.md', import.meta.url), 'utf8');

/** The JSON document that follows a heading of docs/profiles.md: what is written there is what is tested. */
function documented(heading: string) {
  const [, section = ''] = DOCS.split(`# ${heading}\n`, 2);
  const [, text = ''] = /```json\n(.*?)```/s.exec(section) ?? [];
  return z
    .looseObject({
      envelope: z.record(z.string(), z.json()).optional(),
      headers: z.record(z.string(), z.string()),
      signatures: z.array(z.record(z.string(), z.json())),
    })
    .parse(JSON.parse(text));
}
const HARBOUR = documented('A fifth vendor, from nothing');
const MIGRATION = documented('Moving its customers to Standard Webhooks');
/** The first with the additions of the second. */
const BOTH = {
  ...HARBOUR,
  headers: { ...HARBOUR.headers, ...MIGRATION.headers },
  signatures: [...HARBOUR.signatures, ...MIGRATION.signatures],
};

const ProfileVersion = z.looseObject({ name: z.string(), version: z.int(), builtIn: z.boolean() });

/** As a customer of Harbour HR would verify. */
function verifies({ body, headers }: Pick<ReceivedRequest, 'body' | 'headers'>, secret: string): boolean {
  const [, time, signature] = /^t=(\d+),v1=([0-9A-F]{64})$/.exec(headers['x-harbour-signature'] ?? '') ?? [];
  return createHmac('sha256', secret).update(`${time}.${body}`).digest('hex').toUpperCase() === signature;
}

const shownBy = (request: ReceivedRequest) =>
  z
    .looseObject({
      notification: z.strictObject({ ref: z.string(), kind: z.string(), at: z.string(), attempt: z.int() }),
    })
    .parse(JSON.parse(request.body));

export function fifthVendor(system: System): void {
  test('is added by its document alone', async () => {
    const { ask, call } = system();
    const added = await ask(ProfileVersion, 'POST', '/v1/profiles', { body: HARBOUR });
    expect(added).toMatchObject({ name: 'harbour', version: 1, builtIn: false, document: HARBOUR });
    expect((await call('POST', '/v1/profiles', { body: HARBOUR })).status).toBe(409);
    const { data } = await ask(z.object({ data: z.array(ProfileVersion) }), 'GET', '/v1/profiles');
    expect(data.map(({ name }) => name)).toEqual([
      'bindbee',
      'harbour',
      'keypay',
      'peopleforce',
      'staffology',
      'standard',
    ]);
  });

  test('sends what its documentation promises, to the byte, as the preview shows it', async () => {
    const { client, tenant, path, secret, id, url } = await register(system, 'harbour');
    const event = { type: 'person.hired', id: 'h-1', occurredAt: '2026-11-22T10:00:00.000Z' };
    const rawBody = JSON.stringify({ ...event, data: 0 }).replace(
      /0\}$/,
      '{"id":9007199254740993,"pay":10.50,"tags":[],"more":{}}}',
    );
    await client.call('POST', `/v1/tenants/${tenant}/events`, { rawBody });
    const request = await arrived(client, path);
    expect(request.body).toBe(
      [
        '{',
        '    "notification": {',
        '        "ref": "hrb_h-1",',
        '        "kind": "person.hired",',
        '        "at": "2026-11-22T10:00:00.000Z",',
        '        "attempt": 1',
        '    },',
        `    "account": "${tenant}",`,
        '    "id": 9007199254740993,',
        '    "pay": 10.50,',
        '    "tags": [],',
        '    "more": {}',
        '}',
      ].join('\n'),
    );
    expect(request.headers).toMatchObject({
      'x-harbour-topic': 'person.hired',
      'x-harbour-delivery': expect.stringMatching(/^dlv_/),
      'content-type': 'application/json; charset=utf-8',
    });
    expect(verifies(request, secret)).toBe(true);
    expect(verifies({ ...request, body: request.body.replace('10.50', '90.50') }, secret)).toBe(false);

    const [, time] = /^t=(\d+)/.exec(request.headers['x-harbour-signature'] ?? '') ?? [];
    const { answer } = await client
      .call('POST', '/v1/profiles/preview', {
        rawBody: JSON.stringify({
          profile: HARBOUR,
          tenantId: tenant,
          secret,
          subscription: { id, url },
          at: new Date(Number(time) * 1_000).toISOString(),
          event: 0,
        }).replace(/0\}$/, `${rawBody}}`),
      })
      .then(({ body }) => ({
        answer: z.looseObject({ body: z.string(), headers: z.record(z.string(), z.string()) }).parse(body),
      }));
    expect(answer.body).toBe(request.body);
    expect(answer.headers['X-Harbour-Signature']).toBe(request.headers['x-harbour-signature']);
  });

  test('is retried after its own gaps, each time signed anew, and then no more', async () => {
    const { client, tenant, path, secret } = await register(system, 'harbour');
    await client.behave(path, [{ status: 500 }, { status: 429, retryAfter: 9_000 }, { status: 503 }]);
    const watch = await startWatch(client);
    const eventId = await client.publish(tenant, { type: 'person.hired' });
    let delivery = await attempted(client, tenant, eventId, 1);
    for (const gap of [30, 300, 3_600]) {
      expect(plannedGap(delivery)).toBeCloseTo(gap, 1);
      ({ delivery } = await passGap(client, watch, { tenant, path, delivery }));
    }
    expect(delivery).toMatchObject({ status: 'failed', statusReason: { code: 'attempts_exhausted' } });
    const { requests } = await client.received(path);
    for (const request of requests) expect(verifies(request, secret)).toBe(true);
    expect(requests.map((request) => shownBy(request).notification.attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(requests.map(({ headers }) => headers['x-harbour-signature'])).size).toBe(4);
    expect(new Set(requests.map((request) => shownBy(request).notification.ref)).size).toBe(1);
  });

  test.each([
    [201, 'failed', 'not_retried'],
    [302, 'failed', 'not_retried'],
    [400, 'failed', 'not_retried'],
    [202, 'succeeded', undefined],
  ])('takes %i as %s', async (status, expected, code) => {
    const { client, tenant, path } = await register(system, 'harbour');
    await client.behave(path, [{ status }]);
    const delivery = await attempted(client, tenant, await client.publish(tenant), 1);
    expect([delivery.status, delivery.statusReason?.code]).toEqual([expected, code]);
  });

  test.each([404, 410])('removes a webhook that answers %i', async (status) => {
    const { client, tenant, path, one } = await register(system, 'harbour');
    await client.behave(path, [{ status }]);
    await client.publish(tenant);
    await eventually(async () => expect((await client.call('GET', one)).status).toBe(404));
  });

  test('is tested with its own greeting', async () => {
    const registered = await register(system, 'harbour', { eventTypes: ['person.hired'] });
    expect((await sendTest(registered)).status).toBe('succeeded');
    const request = await arrived(registered.client, registered.path);
    expect(JSON.parse(request.body)).toMatchObject({ message: 'Greetings from Harbour HR' });
    expect(verifies(request, registered.secret)).toBe(true);
    expect((await testUrl(system, 'harbour')).result).toMatchObject({ outcome: 'success' });
    // A test means by success what a delivery does.
    const { receiverUrl } = system().endpoints;
    const { path } = scene('created');
    await system().behave(path, [{ status: 201 }]);
    const created = await testUrl(system, 'harbour', { url: receiverUrl + path });
    expect(created.result).toMatchObject({ outcome: 'http_error', response: { status: 201 } });
  });

  describe('a new version', () => {
    test('holds for what starts afterwards; what is under way keeps its own, and both schemes sign at once', async () => {
      const { client, tenant, path, secret } = await register(system, 'harbour');
      await client.behave(path, [{ status: 500 }], { status: 200 });
      const old = await client.publish(tenant, { type: 'person.hired' });
      await attempted(client, tenant, old, 1);
      const put = await client.ask(ProfileVersion, 'PUT', '/v1/profiles/harbour', { body: BOTH });
      expect(put).toMatchObject({ version: 2, document: BOTH });
      const young = await client.publish(tenant, { type: 'person.hired' });
      const ofYoung = await arrived(client, path, 2);
      await client.advance(31);
      const ofOld = await arrived(client, path, 3);

      expect(await attempted(client, tenant, old, 2)).toMatchObject({ status: 'succeeded', profileVersion: 1 });
      expect(await attempted(client, tenant, young, 1)).toMatchObject({ profile: 'harbour', profileVersion: 2 });
      expect(shownBy(ofOld).notification).toMatchObject({ ref: `hrb_${old}`, attempt: 2 });
      expect(ofOld.headers).not.toHaveProperty('webhook-signature');
      for (const request of [ofOld, ofYoung]) expect(verifies(request, secret)).toBe(true);
      // The customer's own secret, as its new library wants it.
      const whsec = `whsec_${Buffer.from(secret).toString('base64')}`;
      expect(isVerified(ofYoung, whsec)).toBe(true);
      expect(isVerified({ ...ofYoung, body: `${ofYoung.body} ` }, whsec)).toBe(false);
    });

    test('must be right whole: a mistake is named, and the old version stays', async () => {
      const { call, ask } = system();
      const [scheme] = BOTH.signatures;
      const wrong = {
        ...BOTH,
        envelope: { ...BOTH.envelope, account: '{{tenant.nmae}}' },
        signatures: [{ ...scheme, prefix: 't={{delivery.time}},v1={{' }],
      };
      const answer = await call('PUT', '/v1/profiles/harbour', { body: wrong });
      expect(answer.status).toBe(422);
      const { errors } = z.object({ errors: z.array(z.object({ path: z.string() })) }).parse(answer.body);
      expect(new Set(errors.map(({ path }) => path))).toEqual(new Set(['/envelope/account', '/signatures/0/prefix']));
      expect(await ask(ProfileVersion, 'GET', '/v1/profiles/harbour')).toMatchObject({ version: 2 });
    });
  });

  test('can be deleted only when no subscription uses it', async () => {
    const { call, ask } = system();
    const name = 'harbour-east';
    await ask(ProfileVersion, 'POST', '/v1/profiles', { body: { ...HARBOUR, name } });
    const address = `/v1/profiles/${name}`;
    const { one } = await register(system, name);
    const { tenant } = scene('default');
    await ask(z.unknown(), 'PUT', `/v1/tenants/${tenant}`, { body: { defaultProfile: name } });

    const used = { status: 409, body: { detail: expect.stringContaining('Subscriptions use it') } };
    expect(await call('DELETE', address)).toMatchObject(used);
    expect((await call('DELETE', one)).status).toBe(204);
    expect(await call('DELETE', address)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(tenant) },
    });
    await ask(z.unknown(), 'PUT', `/v1/tenants/${tenant}`, { body: { defaultProfile: null } });
    expect((await call('DELETE', address)).status).toBe(204);
    expect((await call('GET', address)).status).toBe(404);
    // Its name goes on counting, so that no version ever means two things.
    expect(await ask(ProfileVersion, 'POST', '/v1/profiles', { body: { ...HARBOUR, name } })).toMatchObject({
      version: 2,
    });
  });

  test('the preview of the documentation is what it says', async () => {
    const [, section = ''] = DOCS.split('# Preview\n', 2);
    const [, text = ''] = /```json\n(.*?)```/s.exec(section) ?? [];
    const { headers } = await preview(system, z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    expect(headers['ms-signature']).toBe('sha256=d33766c44cd7ce49134833e072d10866a6e021053bff7f72b92b1da07b85cd3e');
  });
}
