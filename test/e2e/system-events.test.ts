import { expect, test } from 'vitest';
import * as z from 'zod';
import { Delivery } from './client.ts';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';
import { verifyWithPackages } from './verify.ts';

/** Where only known event types are accepted, system events are known. */
const system = useSystem({ context: { eventTypes: 'strict' } });

const Told = z.object({ type: z.string(), timestamp: z.string(), data: z.record(z.string(), z.unknown()) });

test('a receiver answers 410, and the company is told once, by a signed webhook', async () => {
  const { behave, call, subscribe, publish, received, all, deliveryOf, endpoints } = system();
  const { tenant, path } = scene('gone');
  expect((await call('POST', '/v1/event-types', { body: { name: 'thing.happened' } })).status).toBe(201);
  const company = await subscribe('posthorn', `${path}/company`, { eventTypes: ['posthorn.*'] });
  const customer = await subscribe(tenant, `${path}/customer`);
  await behave(`${path}/customer`, [{ status: 410 }]);

  const eventId = await publish(tenant);
  const { requests } = await eventually(async () => {
    const found = await received(`${path}/company`);
    expect(found.total).toBe(1);
    return found;
  });
  const [request] = requests;
  if (request === undefined) throw new Error('unreachable');
  verifyWithPackages(request, company.secret ?? '');
  const told = Told.parse(JSON.parse(request.body));
  expect(told).toEqual({
    type: 'posthorn.subscription.disabled',
    timestamp: expect.any(String),
    data: {
      tenantId: tenant,
      subscriptionId: customer.id,
      url: `${endpoints.receiverUrl}${path}/customer`,
      reason: { code: 'receiver_gone', message: expect.stringContaining('410') },
      since: told.timestamp,
    },
  });

  // It is an event like any other: listed, with its delivery.
  const [event] = await all(z.looseObject({ id: z.string(), type: z.string() }), '/v1/tenants/posthorn/events');
  expect(event).toMatchObject({ id: request.headers['webhook-id'], type: told.type });
  expect(await all(Delivery, `/v1/tenants/posthorn/events/${event?.id}/deliveries`)).toMatchObject([
    { subscriptionId: company.id, status: 'succeeded' },
  ]);
  // What owed it owes nothing any more.
  expect(await deliveryOf(tenant, eventId)).toMatchObject({ status: 'failed' });
  expect((await received(`${path}/company`)).total).toBe(1);
});

test('what fails for good and what is rejected is told once a minute, with its number', async () => {
  const { behave, call, subscribe, publish, send, received, rejectedOf, advance } = system();
  const { tenant, path } = scene('counted');
  const profile = {
    name: 'no-retries',
    envelope: { type: '{{event.type}}', data: '{{event.data}}' },
    retry: { gapsSeconds: [] },
  };
  expect((await call('POST', '/v1/profiles', { body: profile })).status).toBe(201);
  const eventTypes = ['posthorn.delivery.exhausted', 'posthorn.event.rejected'];
  const filter = { data: { tenantId: [tenant] } };
  await subscribe('posthorn', `${path}/company`, { eventTypes, filter });
  const customer = await subscribe(tenant, `${path}/customer`, { profile: profile.name });
  await behave(`${path}/customer`, [{ status: 500 }]);

  const eventIds = await Promise.all([1, 2, 3, 4, 5].map((data) => publish(tenant, { data })));
  await send(...[1, 2, 3].map((data) => ({ tenantId: tenant, type: 'thing.unknown', data })));
  await eventually(async () => {
    expect((await received(`${path}/customer`)).total).toBe(5);
    expect(await rejectedOf(tenant)).toHaveLength(3);
  });
  const told = await eventually(async () => {
    // What is counted after one step waits for the next.
    await advance(10);
    const { requests } = await received(`${path}/company`);
    const all = requests.map(({ body }) => Told.parse(JSON.parse(body)));
    const countOf = (type: string) =>
      all.filter((one) => one.type === type).reduce((sum, { data }) => sum + Number(data.count), 0);
    // The five may have fallen into two minutes.
    expect(eventTypes.map(countOf)).toEqual([5, 3]);
    expect(all.length).toBeLessThanOrEqual(4);
    return all;
  });
  const exhausted = told.find(({ type }) => type === 'posthorn.delivery.exhausted');
  expect(exhausted?.data).toMatchObject({
    subscriptionId: customer.id,
    attempts: 1,
    lastFailure: { outcome: 'http_error', status: 500 },
  });
  expect(eventIds).toContain(exhausted?.data.eventId);
  const rejected = told.find(({ type }) => type === 'posthorn.event.rejected');
  expect(rejected?.data).toMatchObject({ reason: { code: 'unknown_event_type' } });
  const ids = (await rejectedOf(tenant)).map(({ id }) => id);
  expect(ids).toContain(rejected?.data.rejectedEventId);
});

test('nobody else publishes for the reserved tenant, over HTTP or SQS, and it has no tokens', async () => {
  const { call, send, rejectedOf, all } = system();
  const before = await all(z.unknown(), '/v1/tenants/posthorn/events');
  const event = { type: 'thing.happened', data: 1 };
  expect(await call('POST', '/v1/tenants/posthorn/events', { body: event })).toMatchObject({
    status: 403,
    body: { code: 'forbidden', detail: expect.stringContaining('reserved') },
  });
  expect(await call('POST', '/v1/tenants/posthorn/portal-tokens', { body: {} })).toMatchObject({ status: 403 });
  await send(
    { tenantId: 'posthorn', ...event },
    { tenantId: 'posthorn', type: 'posthorn.job.ended', data: {} },
    { tenantId: 'posthorn', id: 'sys_forged' },
  );
  const rejected = await eventually(async () => {
    const found = await rejectedOf('posthorn');
    expect(found).toHaveLength(3);
    return found;
  });
  expect(rejected.map(({ reason }) => reason.code)).toEqual(Array(3).fill('reserved_tenant'));
  expect(await all(z.unknown(), '/v1/tenants/posthorn/events')).toEqual(before);
});
