import { expect } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { arrived, expectStatus, subscribed } from '../e2e/steps.ts';
import { verifyWithPackages } from '../e2e/verify.ts';
import { functionId, synthesise } from './assembly.ts';
import type { Deployment } from './deployment.ts';

/** A part of what people do with a deployment, which needs no other part. It throws if something is not as it has to be. */
export interface Step {
  name: string;
  run(deployment: Deployment): Promise<unknown>;
}

const Job = z.looseObject({ id: z.string(), status: z.string() });

/** As the schedule does. */
async function sweep({ aws }: Deployment): Promise<void> {
  const name = (await aws.resources()).get(functionId(synthesise().changed.template, 'sweep'));
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
    name: 'published over HTTP: signed, delivered and on record',
    async run({ client }) {
      const { tenant, path, secret } = await subscribed(client, 'http');
      const eventId = await client.publish(tenant, { data: { name: 'Zoë' } });
      const { last } = await arrived(client, path, 1);
      expect(JSON.parse(last.body).data).toEqual({ name: 'Zoë' });
      verifyWithPackages(last, secret);
      const { attempts } = await expectStatus(client, tenant, eventId, 'succeeded');
      expect(attempts).toMatchObject([{ number: 1, outcome: 'success', response: { status: 200 } }]);
    },
  },
  {
    name: 'published over SQS',
    async run({ client }) {
      const { tenant, path } = await subscribed(client, 'sqs');
      await client.send({ tenantId: tenant, type: 'thing.happened', data: 1 });
      await arrived(client, path, 1);
    },
  },
  {
    name: 'published over EventBridge',
    async run({ client, aws }) {
      const { tenant, path } = await subscribed(client, 'bridge');
      const Detail = JSON.stringify({ tenantId: tenant, type: 'thing.happened', data: 1 });
      const Entries = [{ Source: 'rehearsal', DetailType: 'anything', Detail, EventBusName: 'default' }];
      await aws.json('events', 'AWSEvents.PutEvents', { Entries });
      await arrived(client, path, 1);
    },
  },
  {
    name: 'a failure is tried again, after it was swept from the journal',
    async run(deployment) {
      const { client } = deployment;
      const { tenant, path } = await subscribed(client, 'retried');
      await client.behave(path, [{ status: 500 }, { status: 200 }]);
      const eventId = await client.publish(tenant);
      await eventually(async () => expect((await client.deliveryOf(tenant, eventId)).attempts).toHaveLength(1));
      await sweep(deployment);
      const { attempts } = await expectStatus(client, tenant, eventId, 'succeeded');
      expect(attempts).toMatchObject([{ outcome: 'http_error' }, { outcome: 'success', trigger: 'automatic' }]);
    },
  },
  {
    name: 'paused: what comes is parked; resumed: it is delivered',
    async run({ client }) {
      const { tenant, path, one } = await subscribed(client, 'paused');
      await client.ask(z.unknown(), 'POST', `${one}/pause`);
      const eventId = await client.publish(tenant);
      await expectStatus(client, tenant, eventId, 'parked');
      expect((await client.received(path)).total).toBe(0);
      await client.ask(z.unknown(), 'POST', `${one}/resume`);
      await arrived(client, path, 1);
      await expectStatus(client, tenant, eventId, 'succeeded');
    },
  },
  {
    name: 'rotated: both secrets count',
    async run({ client }) {
      const { tenant, path, one, secret } = await subscribed(client, 'rotated');
      const rotated = await client.ask(z.object({ secret: z.string() }), 'POST', `${one}/secret/rotate`);
      await client.publish(tenant);
      const { last } = await arrived(client, path, 1);
      verifyWithPackages(last, secret);
      verifyWithPackages(last, rotated.secret);
    },
  },
  {
    name: 'replayed',
    async run({ client }) {
      const { tenant, path, one } = await subscribed(client, 'replayed');
      const eventId = await client.publish(tenant);
      await expectStatus(client, tenant, eventId, 'succeeded');
      const body = { from: new Date(Date.now() - 60_000).toISOString(), status: 'all' };
      const { id } = await client.ask(Job, 'POST', `${one}/replays`, { body });
      await arrived(client, path, 2);
      await ended({ client }, id);
      const { attempts } = await client.deliveryOf(tenant, eventId);
      expect(attempts.map(({ trigger }) => trigger)).toEqual(['automatic', 'replay']);
    },
  },
  {
    name: 'deleted: nothing comes any more',
    async run({ client }) {
      const { tenant, path, one } = await subscribed(client, 'deleted');
      const { tenant: other, path: control } = await subscribed(client, 'control');
      expect((await client.call('DELETE', one)).status).toBe(204);
      await client.publish(tenant);
      await client.publish(other);
      await arrived(client, control, 1);
      expect((await client.received(path)).total).toBe(0);
      expect((await client.call('GET', one)).status).toBe(404);
    },
  },
];

async function ended({ client }: Pick<Deployment, 'client'>, id: string): Promise<void> {
  await eventually(async () =>
    expect(await client.ask(Job, 'GET', `/v1/jobs/${id}`)).toMatchObject({ status: 'done' }),
  );
}
