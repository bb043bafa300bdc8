import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventType, readEventTypePack, readFixture } from '../../event-type-packs/pack-files.ts';
import { attempted } from '../scheduled.ts';
import { type Case, PEOPLEFORCE_VERIFIERS, tampered } from './published-verifiers.ts';
import {
  arrived,
  logOf,
  mistakesOf,
  originsOf,
  register,
  type System,
  sendTest,
  signatureHeaders,
  testUrl,
} from './system-under-test.ts';

const SIGNATURE = 'x-peopleforce-signature';
const SECRET = 'a string of the customer’s choice';

export function peopleforce(system: System): void {
  describe('a subscription', () => {
    test('has a name', async () => {
      expect(await mistakesOf(system, { profile: 'peopleforce', eventTypes: ['*'] })).toEqual(['/name']);
    });

    test('has a secret only if one is set, and signs only then', async () => {
      const { client, tenant, path, one, secret } = await register(system, 'peopleforce');
      expect(secret).toBe('');
      await client.publish(tenant, { type: 'employee_create', data: { id: 1 } });
      expect(signatureHeaders(await arrived(client, path))).toEqual([]);
      const rotated = await client.ask(z.looseObject({ secret: z.string() }), 'POST', `${one}/secret/rotate`, {
        body: { secret: SECRET },
      });
      expect(rotated.secret).toBe(SECRET);
      await client.publish(tenant, { type: 'employee_create', data: { id: 2 } });
      expect(signatureHeaders(await arrived(client, path, 2))).toEqual([SIGNATURE]);
    });

    test('has topics, several of them', async () => {
      const { client, tenant, path } = await register(system, 'peopleforce', {
        eventTypes: ['employee_create', 'leave_request_create'],
      });
      for (const type of ['employee_update', 'employee_create']) await client.publish(tenant, { type, data: {} });
      const { body } = await arrived(client, path);
      expect(body).toBe('{"action":"employee_create","data":{}}');
    });
  });

  test('the published payload arrives, and each verification that is published accepts it', async () => {
    const { client, tenant, path } = await register(system, 'peopleforce', { secret: SECRET });
    const sample = readFixture('peopleforce-employee-create.json');
    const payloads = [
      ...readEventTypePack('peopleforce').eventTypes.map(({ name, example }) => ({ action: name, data: example })),
      { action: 'employee_update', data: { name: 'Žofie Müller 李 🎉', path: 'a/b"c\\d', note: 'line\nbreak' } },
      sample,
    ];
    const cases: Case[] = [];
    for (const [index, { action, data }] of payloads.entries()) {
      await client.publish(tenant, { type: action, data });
      const { body, headers } = await arrived(client, path, index + 1);
      expect(JSON.parse(body)).toEqual({ action, data });
      expect(Object.keys(JSON.parse(body))).toEqual(['action', 'data']);
      expect(headers).toMatchObject({
        [SIGNATURE]: expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
        'content-type': 'application/json',
      });
      cases.push({ secret: SECRET, body, signature: headers[SIGNATURE] ?? '' });
    }
    for (const [name, verify] of PEOPLEFORCE_VERIFIERS) {
      expect(verify(cases), name).toEqual(cases.map(() => true));
      const others = [...cases.flatMap(tampered), ...cases.map((one) => ({ ...one, signature: '' }))];
      expect(verify(others), name).toEqual(others.map(() => false));
    }
  });

  test('410 switches nothing off, as nothing is promised; the schedule is ours, and tagged so', async () => {
    const { client, tenant, path, one } = await register(system, 'peopleforce');
    await client.behave(path, [{ status: 410 }], { status: 200 });
    const eventId = await client.publish(tenant, { type: 'employee_create', data: {} });
    expect((await attempted(client, tenant, eventId, 1)).status).toBe('pending');
    await client.advance(73);
    expect((await attempted(client, tenant, eventId, 2)).status).toBe('succeeded');
    expect(await client.ask(z.unknown(), 'GET', one)).toMatchObject({ status: 'active' });
    expect(await originsOf(system, 'peopleforce')).toMatchObject({
      '/retry': 'ours',
      '/responses/deactivate': 'ours',
      '/style': 'ours',
      '/signatures': 'promised',
      '/envelope': 'promised',
    });
  });

  test('a test sends what a real trigger would', async () => {
    const { example } = eventType('peopleforce', 'employee_create');
    const expected = { action: 'employee_create', data: example };
    const registered = await register(system, 'peopleforce', { eventTypes: ['employee_create'], secret: SECRET });
    expect(await sendTest(registered)).toMatchObject({ status: 'succeeded' });
    const { body, headers } = await arrived(registered.client, registered.path);
    expect(JSON.parse(body)).toEqual(expected);
    for (const [name, verify] of PEOPLEFORCE_VERIFIERS) {
      expect(verify([{ secret: SECRET, body, signature: headers[SIGNATURE] ?? '' }]), name).toEqual([true]);
    }
    const tested = await testUrl(system, 'peopleforce', { eventType: 'employee_create' });
    expect(tested.result).toMatchObject({ outcome: 'success' });
    expect(JSON.parse((await arrived(system(), tested.path)).body)).toEqual(expected);
  });

  test('the history has the raw data of each delivery', async () => {
    const registered = await register(system, 'peopleforce');
    const { client, tenant, path } = registered;
    await client.behave(path, [{ status: 500, body: 'Internal Server Error' }]);
    const eventId = await client.publish(tenant, { type: 'employee_create', data: { id: 130333 } });
    await attempted(client, tenant, eventId, 1);
    expect(await logOf(registered)).toMatchObject([
      {
        eventId,
        attempts: [
          {
            outcome: 'http_error',
            request: { url: registered.url, headers: { 'content-type': 'application/json' } },
            response: { status: 500, body: 'Internal Server Error' },
          },
        ],
      },
    ]);
    const stored = await client.ask(z.unknown(), 'GET', `/v1/tenants/${tenant}/events/${eventId}`);
    expect(stored).toMatchObject({ data: { id: 130333 } });
  });
}
