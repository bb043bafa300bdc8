import { expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem({ context: { eventTypes: 'strict' } });

/** Longer than the functions remember event types. */
const REMEMBERED_SECONDS = 31;

const addType = async (name: string) =>
  expect((await system().call('POST', '/v1/event-types', { body: { name } })).status).toBe(201);

const subscribe = (tenant: string, path: string, fields: object) =>
  system().call('POST', `/v1/tenants/${tenant}/subscriptions`, {
    body: { url: system().endpoints.receiverUrl + path, ...fields },
  });

async function idsAt(path: string): Promise<string[]> {
  return (await system().received(path)).requests.map(({ headers }) => String(headers['webhook-id'])).sort();
}

test('a subscription may name known event types, and unknown ones are named in the answer', async () => {
  const { call } = system();
  const { tenant, path } = scene('named');
  for (const name of ['leave.requested', 'leave.approved', 'pay.run.closed']) await addType(name);
  const refused = await subscribe(tenant, path, {
    eventTypes: ['leave.requested', 'leave.aproved', 'pay.*', 'nothing.*', 'pay'],
  });
  expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
  const { errors } = z
    .object({ errors: z.array(z.object({ path: z.string(), message: z.string() })) })
    .parse(refused.body);
  expect(errors.map(({ path }) => path)).toEqual(['/eventTypes/1', '/eventTypes/3', '/eventTypes/4']);
  expect(errors.map(({ message }) => /"(.+)"/.exec(message)?.[1])).toEqual(['leave.aproved', 'nothing.*', 'pay']);
  expect(await subscribe(tenant, path, { eventTypes: undefined, event: 'leave.gone' })).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/event' }] },
  });

  for (const pattern of ['leave.requested', 'leave.*', 'pay.*', 'pay.run.*', '*'])
    expect((await subscribe(tenant, path, { eventTypes: [pattern] })).status, pattern).toBe(201);
  const made = await subscribe(tenant, path, { eventTypes: ['leave.*'] });
  const one = `/v1/tenants/${tenant}/subscriptions/${z.looseObject({ id: z.string() }).parse(made.body).id}`;
  expect(await call('PATCH', one, { body: { eventTypes: ['*', 'leave.gone'] } })).toMatchObject({
    status: 422,
    body: { errors: [{ path: '/eventTypes/1', message: expect.stringContaining('leave.gone') }] },
  });
  expect((await call('GET', one)).body).toMatchObject({ eventTypes: ['leave.*'] });
  expect((await call('PATCH', one, { body: { eventTypes: ['pay.*'] } })).status).toBe(200);
});

test('an event of an unknown type becomes a rejected event with the reason, and disturbs none beside it', async () => {
  const { send, publish, rejectedOf, all } = system();
  const { tenant, path } = scene('unknown');
  await addType('known.type');
  await subscribe(tenant, path, { eventTypes: ['*'] });
  const event = (id: string, type: string) => ({ tenantId: tenant, id, type, data: { id } });
  await send(event('good-1', 'known.type'), event('bad-1', 'known.typo'), event('good-2', 'known.type'));
  // 202 promises that it is queued, not that its type is known.
  await publish(tenant, { id: 'bad-2', type: 'known', data: 1 });
  await publish(tenant, { id: 'good-3', type: 'known.type', data: 1 });
  await eventually(async () => expect(await idsAt(path)).toEqual(['good-1', 'good-2', 'good-3']));
  const rejected = await eventually(async () => {
    const found = await rejectedOf(tenant);
    expect(found).toHaveLength(2);
    return found;
  });
  for (const { reason } of rejected) {
    expect(reason).toMatchObject({ code: 'unknown_event_type', errors: [{ path: '/type' }] });
    expect(reason.message).toMatch(/"known(\.typo)?" is unknown/);
  }
  const bodies = rejected.map(({ body }) => z.looseObject({ id: z.string() }).parse(JSON.parse(body)).id);
  expect(bodies.sort()).toEqual(['bad-1', 'bad-2']);
  const filtered = await all(z.unknown(), `/v1/rejected-events?tenantId=${tenant}&code=unknown_event_type`);
  expect(filtered).toHaveLength(2);
  expect(await all(z.unknown(), `/v1/rejected-events?tenantId=${tenant}&code=invalid_event`)).toEqual([]);
  expect(await all(z.unknown(), `/v1/tenants/${tenant}/events`)).toHaveLength(3);
});

test('a type works from the moment when it is added, even if it was asked for in vain just before', async () => {
  const { publish, rejectedOf } = system();
  const { tenant, path } = scene('added');
  await subscribe(tenant, path, { eventTypes: ['*'] });
  const ids: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const type = `added.type${round}`;
    await publish(tenant, { type, data: round });
    await eventually(async () => expect(await rejectedOf(tenant)).toHaveLength(round + 1));
    expect((await subscribe(tenant, path, { eventTypes: [type] })).status).toBe(422);
    await addType(type);
    ids.push(await publish(tenant, { type, data: round }));
    expect((await subscribe(tenant, `${path}/own`, { eventTypes: [type] })).status).toBe(201);
  }
  await eventually(async () => expect(await idsAt(path)).toEqual(ids.sort()));
  expect(await rejectedOf(tenant)).toHaveLength(5);
});

test('an archived type is refused, and works again when it is brought back', async () => {
  const { publish, rejectedOf, call, advance } = system();
  const { tenant, path } = scene('archived');
  await addType('archived.type');
  await addType('other.type');
  await subscribe(tenant, path, { eventTypes: ['archived.type', 'other.type'] });
  await publish(tenant, { id: 'before', type: 'archived.type' });
  await eventually(async () => expect(await idsAt(path)).toEqual(['before']));

  expect((await call('POST', '/v1/event-types/archived.type/archive')).body).toMatchObject({ archived: true });
  for (const pattern of ['archived.type', 'archived.*'])
    expect(await subscribe(tenant, path, { eventTypes: [pattern] })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/eventTypes/0', message: expect.stringMatching(/archived.*PATCH/) }] },
    });
  await advance(REMEMBERED_SECONDS);
  await publish(tenant, { id: 'archived', type: 'archived.type' });
  await publish(tenant, { id: 'other', type: 'other.type' });
  await eventually(async () => expect(await idsAt(path)).toEqual(['before', 'other']));
  await eventually(async () =>
    expect(await rejectedOf(tenant)).toMatchObject([
      { reason: { code: 'unknown_event_type', message: expect.stringMatching(/archived.*PATCH/) } },
    ]),
  );

  await call('PATCH', '/v1/event-types/archived.type', { body: { archived: false } });
  await publish(tenant, { id: 'back', type: 'archived.type' });
  await eventually(async () => expect(await idsAt(path)).toEqual(['back', 'before', 'other']));
});

test('patterns match new event types without a change of the subscription', async () => {
  const { publish } = system();
  const { tenant, path } = scene('patterns');
  await addType('shift.created');
  await subscribe(tenant, `${path}/prefix`, { eventTypes: ['shift.*'] });
  await subscribe(tenant, `${path}/exact`, { eventTypes: ['shift.created'] });
  await subscribe(tenant, `${path}/all`, { eventTypes: ['*'] });
  await addType('shift.swap.requested');
  await addType('shiftwork.created');
  for (const type of ['shift.created', 'shift.swap.requested', 'shiftwork.created'])
    await publish(tenant, { id: type.replaceAll('.', '_'), type });
  await eventually(async () => {
    expect(await idsAt(`${path}/prefix`)).toEqual(['shift_created', 'shift_swap_requested']);
    expect(await idsAt(`${path}/exact`)).toEqual(['shift_created']);
    expect(await idsAt(`${path}/all`)).toEqual(['shift_created', 'shift_swap_requested', 'shiftwork_created']);
  });
});
