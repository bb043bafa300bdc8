import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createSqsClient } from '../../testing/queues.ts';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();

const DeadLetters = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      count: z.int(),
      oldestSentAt: z.string().nullable(),
      messages: z.array(z.object({ messageId: z.string(), body: z.string() })),
    }),
  ),
});

async function letters(): Promise<Record<string, string[]>> {
  const { queues } = await system().ask(DeadLetters, 'GET', '/v1/dead-letters');
  for (const { count, messages } of queues) expect(count).toBe(messages.length);
  return Object.fromEntries(queues.map(({ name, messages }) => [name, messages.map(({ body }) => body)]));
}

/** Puts messages where SQS puts those that were received too often. */
async function die(queue: 'Events' | 'Deliveries', ...bodies: string[]): Promise<void> {
  const { queueSizes, endpoints } = system();
  const name = Object.keys(await queueSizes()).find((one) => one.includes(`${queue}DeadLetters`));
  const sqs = createSqsClient(endpoints.sqsEndpoint);
  const QueueUrl = `${endpoints.sqsEndpoint}/000000000000/${name}`;
  for (const MessageBody of bodies) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  sqs.destroy();
}

test('dead letters are shown, and put back by the API or by the command, as what they were', async () => {
  const { subscribe, received, call, endpoints } = system();
  const { tenant, path } = scene('dead');
  await subscribe(tenant, path);
  const bodyOf = (data: number) => JSON.stringify({ tenantId: tenant, type: 'thing.happened', data });
  await die('Events', bodyOf(1), bodyOf(2));
  await die('Deliveries', '{}');
  expect(await letters()).toEqual({
    events: expect.arrayContaining([bodyOf(1), bodyOf(2)]),
    deliveries: ['{}'],
    retries: [],
    jobs: [],
  });
  // To show them changes nothing.
  expect((await letters()).events).toHaveLength(2);
  expect(await call('GET', '/v1/system')).toMatchObject({
    status: 200,
    body: {
      queues: [
        { name: 'events', size: { visible: 0, inFlight: 0, delayed: 0 } },
        { name: 'deliveries', size: { visible: 0, inFlight: 0, delayed: 0 } },
        { name: 'retries', deadLetters: { visible: 0, inFlight: 0, delayed: 0 } },
        { name: 'jobs' },
      ],
      overdue: { count: 0, isCapped: false, oldestDueAt: null },
      failing: [],
    },
  });

  const redriven = await call('POST', '/v1/dead-letters/redrive', { body: { queue: 'events' } });
  expect(redriven).toMatchObject({ status: 200, body: { queues: [{ name: 'events', moved: 2, isEmpty: true }] } });
  await eventually(async () => expect((await received(path)).total).toBe(2));
  expect(await letters()).toEqual({ events: [], deliveries: ['{}'], retries: [], jobs: [] });

  await die('Events', bodyOf(3));
  const args = ['bin/redrive.ts', 'events', '--url', endpoints.apiUrl, '--key', endpoints.adminKey];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe('events: 1 messages were put back\n');
  await eventually(async () => expect((await received(path)).total).toBe(3));
  expect(await call('POST', '/v1/dead-letters/redrive', { body: { queue: 'none' } })).toMatchObject({ status: 422 });
});
