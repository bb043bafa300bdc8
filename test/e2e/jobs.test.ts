import { expect, test } from 'vitest';
import * as z from 'zod';
import type { Client } from './client.ts';
import { eventually } from './eventually.ts';
import { arrived, expectStatus, subscribed } from './steps.ts';
import { useSystem } from './use-system.ts';

const system = useSystem();

const Job = z.looseObject({ id: z.string(), kind: z.string(), status: z.string(), progress: z.looseObject({}) });

/** @param seconds how far the clock goes between two looks */
async function ended(client: Client, { id }: { id: string }, seconds = 0) {
  return eventually(async () => {
    const job = await client.ask(Job, 'GET', `/v1/jobs/${id}`);
    if (job.status === 'running' && seconds > 0) await client.advance(seconds);
    expect(job.status).not.toBe('running');
    return job;
  }, 40_000);
}

test('one event is replayed to its subscription', async () => {
  const client = system();
  const { tenant, path, id } = await subscribed(client, 'again');
  const eventId = await client.publish(tenant);
  await arrived(client, path, 1);
  await expectStatus(client, tenant, eventId, 'succeeded');
  const job = await client.ask(Job, 'POST', `/v1/tenants/${tenant}/events/${eventId}/replay`, {
    body: { subscriptionId: id },
  });
  await arrived(client, path, 2);
  expect(await ended(client, job)).toMatchObject({ kind: 'replay_event', status: 'done', progress: { done: 1 } });
  await eventually(async () => {
    const { attempts } = await client.deliveryOf(tenant, eventId);
    expect(attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'replay']);
  });
  const other = await client.call('POST', `/v1/tenants/${tenant}x/events/${eventId}/replay`);
  expect(other.status).toBe(404);
});

test('what waits is cancelled, and the end of the job is told', async () => {
  const client = system();
  const told = await subscribed(client, 'told');
  const { tenant, one } = await subscribed(client, 'given-up');
  const watcher = `/watcher-${told.tenant}`;
  await client.subscribe('posthorn', watcher, { eventTypes: ['posthorn.job.ended'] });
  await client.ask(z.unknown(), 'POST', `${one}/pause`);
  const eventId = await client.publish(tenant);
  await expectStatus(client, tenant, eventId, 'parked');
  const job = await client.ask(Job, 'POST', `${one}/cancellations`, { body: {} });
  expect(await ended(client, job)).toMatchObject({ kind: 'cancel', status: 'done', progress: { done: 1, failed: 0 } });
  await expectStatus(client, tenant, eventId, 'cancelled');
  const { requests } = await arrived(client, watcher, 1);
  expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
    type: 'posthorn.job.ended',
    data: { tenantId: tenant, job: { id: job.id, status: 'done' } },
  });
});

test('rejected events are published again once their schema is mended', async () => {
  const client = system();
  const { tenant, path } = await subscribed(client, 'mended');
  const schema = (type: string) => ({ type: 'object', properties: { id: { type } } });
  await client.ask(z.unknown(), 'POST', '/v1/event-types', {
    body: { name: 'mended.thing', schema: schema('string'), validate: true },
  });
  // The functions remember for a while that there was no such type.
  await client.advance(120);
  for (let index = 0; index < 3; index += 1)
    await client.send({ tenantId: tenant, type: 'mended.thing', data: { id: 1 } });
  const rejected = await eventually(async () => {
    const found = await client.rejectedOf(tenant);
    expect(found.map(({ reason }) => reason.code)).toEqual(Array(3).fill('invalid_data'));
    return found;
  });
  await client.ask(z.unknown(), 'PATCH', '/v1/event-types/mended.thing', { body: { schema: schema('integer') } });
  // The functions remember an event type for a while.
  await client.advance(120);
  await client.ask(z.unknown(), 'POST', `/v1/rejected-events/${rejected[0]?.id}/republish`);
  await arrived(client, path, 1);
  const body = { from: '2020-01-01T00:00:00Z', code: 'invalid_data' };
  const job = await client.ask(Job, 'POST', '/v1/republications', { body });
  await arrived(client, path, 3);
  expect(await ended(client, job)).toMatchObject({
    kind: 'republish',
    status: 'done',
    progress: { done: 2, failed: 0 },
  });
  expect((await client.rejectedOf(tenant)).every(({ republishedAt }) => typeof republishedAt === 'string')).toBe(true);
});

test('a tenant is erased, and the job has proven it', { timeout: 120_000 }, async () => {
  const client = system();
  const erased = await subscribed(client, 'erased');
  const kept = await subscribed(client, 'kept');
  for (const { tenant, path } of [erased, kept]) {
    await client.publish(tenant, { data: { name: 'a person' } });
    await arrived(client, path, 1);
  }
  const job = await client.ask(Job, 'POST', `/v1/tenants/${erased.tenant}/erasure`);
  expect(await ended(client, job, 61)).toMatchObject({ kind: 'erase', status: 'done', result: { left: 0 } });
  expect(await client.all(z.unknown(), `/v1/tenants/${erased.tenant}/events`)).toEqual([]);
  expect((await client.call('GET', `/v1/tenants/${erased.tenant}`)).status).toBe(404);
  expect((await client.call('GET', erased.one)).status).toBe(404);
  expect(await client.all(z.unknown(), `/v1/tenants/${kept.tenant}/events`)).toHaveLength(1);
  expect((await client.call('GET', kept.one)).status).toBe(200);
  expect((await client.call('POST', '/v1/tenants/posthorn/erasure')).status).toBe(403);
});
