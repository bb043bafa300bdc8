import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventType, readEventTypePack } from '../../event-type-packs/pack-files.ts';
import { eventually } from '../eventually.ts';
import { attempted, plannedGap, startWatch } from '../scheduled.ts';
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

const TYPE = 'Employee_Created';
/** Publishing `data` of its own shape for each test. */
const event = (data: unknown = { id: 7, firstName: 'Ann' }) => ({ type: TYPE, data });
const subscribe = (system: System, extra: Record<string, unknown> = {}) =>
  register(system, 'staffology', { name: null, eventTypes: [TYPE], ...extra });

export function staffology(system: System): void {
  describe('a subscription', () => {
    test.each([
      ['two events', { eventTypes: [TYPE, 'Employee_Updated'] }, ['/eventTypes']],
      ['a pattern', { eventTypes: ['*'] }, ['/eventTypes']],
      ['a secret, for which there is no field', { eventTypes: [TYPE], secret: 'mine' }, ['/secret']],
    ])('cannot have %s', async (_, body, paths) => {
      expect(await mistakesOf(system, { profile: 'staffology', ...body })).toEqual(paths);
    });

    test('cannot be given a second event later', async () => {
      const { client, one } = await subscribe(system);
      const answer = await client.call('PATCH', one, { body: { eventTypes: [TYPE, 'Employee_Updated'] } });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: '/eventTypes' }] } });
    });

    test('hears of its one event, until it is ended by the API', async () => {
      const { client, tenant, path, one } = await subscribe(system);
      await client.publish(tenant, { ...event(), type: 'Employee_Updated' });
      await client.publish(tenant, event());
      await arrived(client, path);
      expect((await client.call('DELETE', one)).status).toBe(204);
      await client.publish(tenant, event());
      await (await startWatch(client)).settle();
      expect((await client.received(path)).total).toBe(1);
    });
  });

  test('each event of the pack comes as an array of one item, and no signature is promised', async () => {
    for (const { name, example } of readEventTypePack('staffology').eventTypes) {
      const { client, tenant, path } = await subscribe(system, { eventTypes: [name] });
      await client.publish(tenant, { type: name, data: example });
      const { body, headers } = await arrived(client, path);
      expect(JSON.parse(body)).toEqual([example]);
      expect(headers['content-type']).toBe('application/json');
      expect(signatureHeaders({ headers })).toEqual([]);
    }
  });

  test.each([
    ['a list', '[1,2]', '[[1,2]]'],
    ['null', 'null', '[null]'],
    ['an amount', '{"net":1.10,"big":12345678901234567890}', '[{"net":1.10,"big":12345678901234567890}]'],
  ])('data that is %s is one item', async (_, data, expected) => {
    const { client, tenant, path } = await subscribe(system);
    await client.call('POST', `/v1/tenants/${tenant}/events`, { rawBody: `{"type":"${TYPE}","data":${data}}` });
    expect((await arrived(client, path)).body).toBe(expected);
  });

  test.each([409, 410])('a %i deactivates, and what happens until it is active again waits', async (status) => {
    const { client, tenant, path, one } = await subscribe(system);
    await client.behave(path, [{ status }], { status: 200 });
    const eventId = await client.publish(tenant, event());
    expect(await attempted(client, tenant, eventId, 1)).toMatchObject({
      status: 'failed',
      statusReason: { code: 'receiver_gone' },
      nextAttemptAt: null,
    });
    await eventually(async () =>
      expect(await client.ask(z.unknown(), 'GET', one)).toMatchObject({
        status: 'disabled',
        statusReason: { code: 'receiver_gone', message: expect.stringContaining(String(status)) },
      }),
    );
    const parked = await client.publish(tenant, event({ id: 8 }));
    await eventually(async () => expect((await client.deliveryOf(tenant, parked)).status).toBe('parked'));
    expect((await client.received(path)).total).toBe(1);
    expect((await client.call('POST', `${one}/resume`)).status).toBe(200);
    expect(JSON.parse((await arrived(client, path, 2)).body)).toEqual([{ id: 8 }]);
  });

  test('other failures do not, and are tried again on a schedule of ours', async () => {
    const { client, tenant, path, one } = await subscribe(system);
    await client.behave(path, [{ status: 404 }]);
    const eventId = await client.publish(tenant, event());
    const delivery = await attempted(client, tenant, eventId, 1);
    expect(delivery.status).toBe('pending');
    expect(plannedGap(delivery)).toBeGreaterThanOrEqual(47.9);
    expect(plannedGap(delivery)).toBeLessThanOrEqual(72.1);
    expect(await client.ask(z.unknown(), 'GET', one)).toMatchObject({ status: 'active' });
    expect(await originsOf(system, 'staffology')).toMatchObject({
      '/retry': 'ours',
      '/signatures': 'ours',
      '/envelope': 'promised',
      '/responses/deactivate': 'promised',
    });
  });

  test('the sample payload is had by API, and is what a test sends', async () => {
    const { example } = eventType('staffology', TYPE);
    const path = `/v1/event-types/${TYPE}/samples?profile=staffology`;
    // An array of bodies, each shaped like a delivery.
    expect(await system().ask(z.unknown(), 'GET', path)).toEqual([[example]]);

    const registered = await subscribe(system);
    expect(await sendTest(registered)).toMatchObject({ status: 'succeeded', eventType: TYPE });
    expect(JSON.parse((await arrived(registered.client, registered.path)).body)).toEqual([example]);

    const tested = await testUrl(system, 'staffology', { eventType: TYPE });
    expect(tested.result).toMatchObject({ outcome: 'success' });
    expect(JSON.parse((await arrived(system(), tested.path)).body)).toEqual([example]);
  });

  test('the log has the event, its payload and the response code of each time', async () => {
    const registered = await subscribe(system);
    const { client, tenant, path } = registered;
    await client.behave(path, [{ status: 503, body: 'later' }], { status: 204 });
    const eventId = await client.publish(tenant, event({ id: 9 }));
    await attempted(client, tenant, eventId, 1);
    await client.advance(73);
    await attempted(client, tenant, eventId, 2);
    expect(await logOf(registered)).toMatchObject([
      {
        eventId,
        eventType: TYPE,
        status: 'succeeded',
        attempts: [{ response: { status: 503, body: 'later' } }, { response: { status: 204 } }],
      },
    ]);
    const stored = await client.ask(z.unknown(), 'GET', `/v1/tenants/${tenant}/events/${eventId}`);
    expect(stored).toMatchObject({ type: TYPE, data: { id: 9 } });
  });
}
