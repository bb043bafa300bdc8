import { expect } from 'vitest';
import * as z from 'zod';
import { jobKey } from '../../functions/adapters/dynamodb/keys.ts';
import type { Delivery, ReceivedRequest } from '../e2e/client.ts';
import { subscribed } from '../e2e/steps.ts';
import { verifyWithPackages } from '../e2e/verify.ts';
import { functionId, synthesise } from './assembly.ts';
import type { Deployment } from './deployment.ts';

/** A deployment, and the patience with which things are waited for. */
export interface World extends Deployment {
  until<T>(attempt: () => Promise<T>): Promise<T>;
}

/** A part of what people do with a deployment, which needs no other part. It throws if something is not as it has to be. */
export interface Step {
  name: string;
  run(world: World): Promise<unknown>;
}

const Page = z.object({ data: z.array(z.unknown()), nextCursor: z.string().nullable() });
const Job = z.looseObject({ id: z.string(), status: z.string() });

/** Waits until so many requests have come to a path; gives the last one. */
function arrived({ client, until }: World, path: string, count: number): Promise<ReceivedRequest> {
  return until(async () => {
    const { total, requests } = await client.received(path);
    expect(total).toBe(count);
    const last = requests.at(-1);
    if (last === undefined) throw new Error(`nothing has come to ${path}`);
    return last;
  });
}

function ofStatus({ client, until }: World, tenant: string, eventId: string, status: string): Promise<Delivery> {
  return until(async () => {
    const delivery = await client.deliveryOf(tenant, eventId);
    expect(delivery.status).toBe(status);
    return delivery;
  });
}

function ended({ client, until }: World, { id }: { id: string }): Promise<unknown> {
  return until(async () => expect(await client.ask(Job, 'GET', `/v1/jobs/${id}`)).toMatchObject({ status: 'done' }));
}

/** As the schedule does. */
export async function sweep({ aws }: Pick<World, 'aws'>): Promise<void> {
  const name = (await aws.resources()).get(functionId((await synthesise()).changed.template, 'sweep'));
  await aws.call({ service: 'lambda', method: 'POST', path: `/2015-03-31/functions/${name}/invocations`, body: '{}' });
}

export const JOURNEY: Step[] = [
  {
    name: 'strangers are refused',
    async run({ client }) {
      expect((await client.call('GET', '/v1/tenants/acme/events', { token: null })).status).toBe(401);
    },
  },
  {
    name: 'the console loads, with its scripts and styles',
    async run({ apiUrl }) {
      const page = await fetch(`${apiUrl}/console`);
      expect(page.headers.get('content-type')).toContain('text/html');
      const files = [...(await page.text()).matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(
        ([, path = '']) => path,
      );
      expect(files.length).toBeGreaterThan(1);
      for (const file of files) expect((await fetch(new URL(file, `${apiUrl}/console/`))).status).toBe(200);
    },
  },
  {
    name: 'published over HTTP: signed, delivered and on record',
    async run(world) {
      const { client } = world;
      const { tenant, path, secret } = await subscribed(client, 'http');
      const eventId = await client.publish(tenant, { data: { name: 'Zoë' } });
      const last = await arrived(world, path, 1);
      expect(JSON.parse(last.body).data).toEqual({ name: 'Zoë' });
      verifyWithPackages(last, secret);
      const { attempts } = await ofStatus(world, tenant, eventId, 'succeeded');
      expect(attempts).toMatchObject([{ number: 1, outcome: 'success', response: { status: 200 } }]);
    },
  },
  {
    name: 'published over SQS',
    async run(world) {
      const { client } = world;
      const { tenant, path } = await subscribed(client, 'sqs');
      await client.send({ tenantId: tenant, type: 'thing.happened', data: 1 });
      await arrived(world, path, 1);
    },
  },
  {
    name: 'published over EventBridge',
    async run(world) {
      const { client, aws } = world;
      const { tenant, path } = await subscribed(client, 'bridge');
      const Detail = JSON.stringify({ tenantId: tenant, type: 'thing.happened', data: 1 });
      const Entries = [{ Source: 'rehearsal', DetailType: 'anything', Detail, EventBusName: 'default' }];
      await aws.json('events', 'AWSEvents.PutEvents', { Entries });
      await arrived(world, path, 1);
    },
  },
  {
    name: 'a failure is tried again, after it was swept from the journal',
    async run(world) {
      const { client, until } = world;
      const { tenant, path } = await subscribed(client, 'retried');
      await client.behave(path, [{ status: 500 }, { status: 200 }]);
      const eventId = await client.publish(tenant);
      await until(async () => expect((await client.deliveryOf(tenant, eventId)).attempts).toHaveLength(1));
      await sweep(world);
      const { attempts } = await ofStatus(world, tenant, eventId, 'succeeded');
      expect(attempts).toMatchObject([{ outcome: 'http_error' }, { outcome: 'success', trigger: 'automatic' }]);
    },
  },
  {
    name: 'paused: what comes is parked; resumed: it is delivered',
    async run(world) {
      const { client } = world;
      const { tenant, path, one } = await subscribed(client, 'paused');
      await client.ask(z.unknown(), 'POST', `${one}/pause`);
      const eventId = await client.publish(tenant);
      await ofStatus(world, tenant, eventId, 'parked');
      expect((await client.received(path)).total).toBe(0);
      await client.ask(z.unknown(), 'POST', `${one}/resume`);
      await arrived(world, path, 1);
      await ofStatus(world, tenant, eventId, 'succeeded');
    },
  },
  {
    name: 'rotated: both secrets count',
    async run(world) {
      const { client } = world;
      const { tenant, path, one, secret } = await subscribed(client, 'rotated');
      const rotated = await client.ask(z.object({ secret: z.string() }), 'POST', `${one}/secret/rotate`);
      await client.publish(tenant);
      const last = await arrived(world, path, 1);
      verifyWithPackages(last, secret);
      verifyWithPackages(last, rotated.secret);
    },
  },
  {
    name: 'replayed',
    async run(world) {
      const { client } = world;
      const { tenant, path, one } = await subscribed(client, 'replayed');
      const eventId = await client.publish(tenant);
      await ofStatus(world, tenant, eventId, 'succeeded');
      const body = { from: new Date(Date.now() - 60_000).toISOString(), status: 'all' };
      const job = await client.ask(Job, 'POST', `${one}/replays`, { body });
      await arrived(world, path, 2);
      await ended(world, job);
      const { attempts } = await client.deliveryOf(tenant, eventId);
      expect(attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'replay']);
    },
  },
  {
    name: 'deleted: nothing comes any more',
    async run(world) {
      const { client } = world;
      const { tenant, path, one } = await subscribed(client, 'deleted');
      const { tenant: other, path: control } = await subscribed(client, 'control');
      expect((await client.call('DELETE', one)).status).toBe(204);
      await client.publish(tenant);
      await client.publish(other);
      await arrived(world, control, 1);
      expect((await client.received(path)).total).toBe(0);
      expect((await client.call('GET', one)).status).toBe(404);
    },
  },
];

/** What else the functions' grants are for. */
export const ERRANDS: Step[] = [
  {
    name: 'the canary’s address takes nothing that is not signed',
    async run({ client }) {
      const { status } = await client.call('POST', '/canary', { token: null, body: { data: { sentAt: 0 } } });
      expect(status).toBe(401);
    },
  },
  {
    name: 'a person on call looks around',
    async run({ client }) {
      const { tenant, one } = await subscribed(client, 'looked-at');
      const paths = ['tenants', 'jobs', 'audit', 'event-types', 'profiles', 'rejected-events', 'api-keys', 'system'];
      for (const path of paths) await client.ask(z.unknown(), 'GET', `/v1/${path}`);
      for (const path of [`${one}/deliveries?status=failed`, `${one}/stats`, `/v1/tenants/${tenant}/events`])
        await client.ask(z.unknown(), 'GET', path);
    },
  },
  {
    name: 'dead letters are shown and put back',
    async run(world) {
      const { client, aws } = world;
      const { tenant, path } = await subscribed(client, 'dead');
      // What names nothing that is there is acknowledged.
      const gone = { v: 1, kind: 'delivery', tenantId: tenant, eventId: 'evt_gone', subscriptionId: 'sub_gone' };
      const letters = {
        Events: { tenantId: tenant, type: 'thing.happened', data: 1 },
        Deliveries: gone,
        Retries: gone,
        Jobs: { v: 1, kind: 'job', jobId: 'job_gone', ticket: 1 },
      };
      for (const [queue, letter] of Object.entries(letters)) {
        const url = await aws.idOf(`PosthornQueues${queue}DeadLetters`);
        const message = { QueueUrl: url, MessageBody: JSON.stringify(letter) };
        await aws.json('sqs', 'AmazonSQS.SendMessage', message);
      }
      await client.ask(z.unknown(), 'GET', '/v1/dead-letters');
      const Moved = z.object({ queues: z.array(z.object({ name: z.string(), moved: z.int() })) });
      const { queues } = await client.ask(Moved, 'POST', '/v1/dead-letters/redrive', { body: {} });
      expect(queues.map(({ moved }) => moved)).toEqual([1, 1, 1, 1]);
      await arrived(world, path, 1);
    },
  },
  {
    name: 'keys and tokens are made, used and revoked',
    async run({ client }) {
      const { tenant, one } = await subscribed(client, 'keys');
      const key = await client.ask(z.object({ id: z.string(), key: z.string() }), 'POST', '/v1/api-keys', {
        body: { name: 'a reader', role: 'read' },
      });
      const tokens = `/v1/tenants/${tenant}/portal-tokens`;
      const token = await client.ask(z.object({ id: z.string(), token: z.string() }), 'POST', tokens, { body: {} });
      for (const bearer of [key.key, token.token]) await client.ask(z.unknown(), 'GET', one, { token: bearer });
      expect((await client.call('DELETE', `/v1/api-keys/${key.id}`)).status).toBe(204);
      expect((await client.call('DELETE', `${tokens}/${token.id}`)).status).toBe(204);
    },
  },
  {
    name: 'a request is repeated with its idempotency key',
    async run({ client }) {
      const { tenant } = await subscribed(client, 'repeated');
      const body = { url: `${client.endpoints.receiverUrl}/repeated`, eventTypes: ['*'] };
      const headers = { 'idempotency-key': crypto.randomUUID() };
      const make = () => client.call('POST', `/v1/tenants/${tenant}/subscriptions`, { body, headers });
      const [first, second] = [await make(), await make()];
      expect(second.text).toBe(first.text);
      const wrong = { body: { ...body, eventTypes: [] }, headers: { 'idempotency-key': crypto.randomUUID() } };
      expect((await client.call('POST', `/v1/tenants/${tenant}/subscriptions`, wrong)).status).toBe(422);
    },
  },
  {
    name: 'event types are loaded and changed',
    async run({ client }) {
      await client.ask(z.unknown(), 'POST', '/v1/event-type-packs/keypay/load');
      const name = `changed.t${crypto.randomUUID().slice(0, 8)}`;
      await client.ask(z.unknown(), 'POST', '/v1/event-types', { body: { name } });
      await client.ask(z.unknown(), 'PATCH', `/v1/event-types/${name}`, { body: { description: 'changed' } });
    },
  },
  {
    name: 'an event that is none is rejected, and published again',
    async run(world) {
      const { client, until } = world;
      const { tenant } = await subscribed(client, 'rejected');
      // One by one: what tells of the second finds that of the first.
      await client.send({ tenantId: tenant, type: 'thing.happened', misspelt: {} });
      await until(async () => expect(await client.rejectedOf(tenant)).toHaveLength(1));
      await client.send({ tenantId: tenant, type: 'thing.happened', misspelt: {} });
      const rejected = await until(async () => {
        const [one, ...others] = await client.rejectedOf(tenant);
        if (one === undefined || others.length === 0) throw new Error('two were not rejected');
        return one;
      });
      await client.ask(z.unknown(), 'POST', `/v1/rejected-events/${rejected.id}/republish`);
      const body = { from: new Date(Date.now() - 60_000).toISOString() };
      await ended(world, await client.ask(Job, 'POST', '/v1/republications', { body }));
    },
  },
  {
    name: 'a profile of the company is made, and removes a subscription that is gone',
    async run(world) {
      const { client, until } = world;
      const name = `own-${crypto.randomUUID().slice(0, 8)}`;
      const Stored = z.object({ document: z.looseObject({ responses: z.looseObject({}) }) });
      const { provenance: _, ...document } = (await client.ask(Stored, 'GET', '/v1/profiles/standard')).document;
      const responses = { ...document.responses, deactivate: ['410'], deactivation: 'remove' };
      await client.ask(z.unknown(), 'POST', '/v1/profiles', { body: { ...document, name, responses } });
      const { tenant, path, one } = await subscribed(client, 'removed', { profile: name });
      await client.behave(path, [{ status: 410 }]);
      await client.publish(tenant);
      await until(async () => expect((await client.call('GET', one)).status).toBe(404));
    },
  },
  {
    name: 'a subscription that is gone is disabled, which is told by a webhook and on the bus',
    async run(world) {
      const { client, until } = world;
      const watcher = `/watcher-${crypto.randomUUID()}`;
      await client.subscribe('posthorn', watcher, { eventTypes: ['posthorn.subscription.disabled'] });
      const { tenant, path, one } = await subscribed(client, 'disabled');
      await client.behave(path, [{ status: 410 }]);
      await client.publish(tenant);
      await until(async () => expect(await client.ask(z.unknown(), 'GET', one)).toMatchObject({ status: 'disabled' }));
      await until(async () => {
        const { requests } = await client.received(watcher);
        expect(requests.map(({ body }) => JSON.parse(body).data.tenantId)).toContain(tenant);
      });
    },
  },
  {
    name: 'a failing receiver gets its first attempts in the lane of the retries',
    async run(world) {
      const { client, until } = world;
      const { tenant, path } = await subscribed(client, 'failing');
      await client.behave(path, [{ status: 500 }, { status: 200 }]);
      const failed = await client.publish(tenant);
      await until(async () => expect((await client.deliveryOf(tenant, failed)).attempts).toHaveLength(1));
      const next = await client.publish(tenant);
      await ofStatus(world, tenant, next, 'succeeded');
      const delivery = await client.deliveryOf(tenant, failed);
      await client.ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/deliveries/${delivery.id}/retry`);
      await ofStatus(world, tenant, failed, 'succeeded');
    },
  },
  {
    name: 'limits of a subscription are kept',
    async run(world) {
      const { client } = world;
      const { tenant, path } = await subscribed(client, 'limited', { maxPerSecond: 2, maxConcurrent: 1 });
      await client.behave(path, [{ status: 200, delayMs: 300 }]);
      for (let count = 0; count < 3; count += 1) await client.publish(tenant);
      await arrived(world, path, 3);
    },
  },
  {
    name: 'a tenant with many subscriptions is read once, and its changes are heeded',
    async run(world) {
      const { client } = world;
      const { tenant, path } = await subscribed(client, 'many');
      const idle = Array.from({ length: 20 }, () => client.subscribe(tenant, '/many/idle', { eventTypes: ['other'] }));
      await Promise.all(idle);
      await client.publish(tenant);
      await arrived(world, path, 1);
      await client.subscribe(tenant, `${path}/late`);
      await client.publish(tenant);
      await arrived(world, `${path}/late`, 1);
    },
  },
  {
    name: 'an event comes twice',
    async run(world) {
      const { client } = world;
      const { tenant, path } = await subscribed(client, 'twice');
      await client.publish(tenant, { id: 'same' });
      await ofStatus(world, tenant, 'same', 'succeeded');
      await client.publish(tenant, { id: 'same' });
      await client.publish(tenant, { id: 'other' });
      await ofStatus(world, tenant, 'other', 'succeeded');
      expect((await client.received(path)).total).toBe(2);
    },
  },
  {
    name: 'a test event is sent',
    async run(world) {
      const { client } = world;
      const { tenant, path, one } = await subscribed(client, 'tried');
      await client.ask(z.unknown(), 'POST', `${one}/test`);
      await arrived(world, path, 1);
      const body = { url: `${client.endpoints.receiverUrl}${path}` };
      const tried = await client.ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/test-url`, { body });
      expect(tried).toMatchObject({ outcome: 'success' });
    },
  },
  {
    name: 'a replay takes several pages, of which the message of one is lost',
    async run(world) {
      const { client, aws, until } = world;
      const { tenant, path, one } = await subscribed(client, 'paged');
      const events = Array.from({ length: 11 }, () => ({ type: 'thing.happened', data: 1 }));
      await client.ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/events`, { body: { events } });
      await arrived(world, path, 11);
      // Pages of ten, ten seconds apart.
      const body = { from: new Date(Date.now() - 60_000).toISOString(), status: 'all', maxPerSecond: 1 };
      const job = await client.ask(Job, 'POST', `${one}/replays`, { body });
      await until(async () =>
        expect(await client.ask(Job, 'GET', `/v1/jobs/${job.id}`)).toMatchObject({ progress: { done: 10 } }),
      );
      await makeDue(aws, job.id);
      await sweep(world);
      await ended(world, job);
    },
  },
  {
    name: 'what waited for a resume, and does not fit on two pages, is sent by a job',
    async run(world) {
      const { client, until } = world;
      const { tenant, path, one } = await subscribed(client, 'waited');
      await client.ask(z.unknown(), 'POST', `${one}/pause`);
      const events = Array.from({ length: 70 }, () => ({ type: 'thing.happened', data: 1 }));
      const body = { body: { events } };
      const publish = () => client.ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/events`, body);
      await Promise.all([publish(), publish(), publish()]);
      await until(async () => {
        let cursor = '';
        // The third page has the rest.
        for (let page = 0; page < 2; page += 1) {
          const { nextCursor } = await client.ask(Page, 'GET', `${one}/deliveries?status=parked&limit=100${cursor}`);
          if (nextCursor === null) throw new Error('they are not all parked');
          cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
        }
        const { data } = await client.ask(Page, 'GET', `${one}/deliveries?status=parked&limit=100${cursor}`);
        expect(data).toHaveLength(10);
      });
      await client.ask(z.unknown(), 'POST', `${one}/resume`);
      await arrived(world, path, 210);
      await until(async () =>
        expect((await client.ask(Page, 'GET', `/v1/tenants/${tenant}/jobs`)).data).toMatchObject([
          { kind: 'settle_parked', status: 'done', progress: { done: 210, total: 210 } },
        ]),
      );
    },
  },
  {
    name: 'what waits is cancelled, and what was sent is expunged',
    async run(world) {
      const { client } = world;
      const { tenant, one } = await subscribed(client, 'cancelled');
      await client.ask(z.unknown(), 'POST', `${one}/pause`);
      const eventId = await client.publish(tenant);
      await ofStatus(world, tenant, eventId, 'parked');
      await ended(world, await client.ask(Job, 'POST', `${one}/cancellations`, { body: {} }));
      await ofStatus(world, tenant, eventId, 'cancelled');
      expect((await client.call('DELETE', `/v1/tenants/${tenant}/events/${eventId}/data`)).status).toBeLessThan(300);
    },
  },
  {
    name: 'a tenant is deleted, one is erased, and one with its log kept',
    async run(world) {
      const { client, until } = world;
      const deleted = await subscribed(client, 'deleted-tenant');
      expect((await client.call('DELETE', `/v1/tenants/${deleted.tenant}`)).status).toBe(204);
      for (const keepLog of [false, true]) {
        const { tenant } = await subscribed(client, 'erased');
        const eventId = await client.publish(tenant);
        await ofStatus(world, tenant, eventId, 'succeeded');
        await client.send({ tenantId: tenant, type: 'thing.happened', misspelt: {} });
        await until(async () => expect(await client.rejectedOf(tenant)).toHaveLength(1));
        await client.ask(Job, 'POST', `/v1/tenants/${tenant}/erasure`, { body: { keepLog } });
        const erased = keepLog ? { status: 200, body: { data: null } } : { status: 404 };
        await until(async () =>
          expect(await client.call('GET', `/v1/tenants/${tenant}/events/${eventId}`)).toMatchObject(erased),
        );
      }
    },
  },
  {
    name: 'events whose messages were lost are looked for',
    async run(world) {
      const body = { from: new Date(Date.now() - 3_600_000).toISOString() };
      await ended(world, await world.client.ask(Job, 'POST', '/v1/recoveries', { body }));
    },
  },
  {
    name: 'an event of a tenant that is new',
    async run({ client, until }) {
      const tenant = `new-${crypto.randomUUID()}`;
      await client.send({ tenantId: tenant, type: 'thing.happened', data: 1 });
      await until(async () => expect((await client.call('GET', `/v1/tenants/${tenant}`)).status).toBe(200));
    },
  },
];

/** As if a job's message had been lost minutes ago. */
async function makeDue(aws: World['aws'], jobId: string): Promise<void> {
  const { pk, sk } = jobKey(jobId);
  await aws.json('dynamodb', 'DynamoDB_20120810.UpdateItem', {
    TableName: await aws.idOf('PosthornStorageJournal'),
    Key: { pk: { S: pk }, sk: { S: sk } },
    UpdateExpression: 'SET dueAt = :now',
    ExpressionAttributeValues: { ':now': { N: String(Date.now()) } },
  });
}
