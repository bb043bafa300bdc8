import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AwsCall, createCalls } from '../../functions/adapters/aws/calls.ts';
import { createClockBuffer } from '../../local/clock.ts';
import { type EmulatorThread, startEmulator } from '../../local/emulators/start-emulator.ts';
import { failedIds, type Mapping, type Poller, startPoller } from '../../local/resources/event-sources.ts';
import { FunctionError } from '../../local/resources/functions/handlers.ts';
import { CREDENTIALS, createSqsClient } from '../../testing/queues.ts';
import { SOON } from './soon.ts';

const dir = mkdtempSync(join(tmpdir(), 'posthorn-poller-'));
let emulator: EmulatorThread;
let sqs: SQSClient;
const pollers: Poller[] = [];
let queueNumber = 0;

beforeAll(async () => {
  emulator = await startEmulator({ kind: 'sqs', port: 0, dir, clock: createClockBuffer(0) }, (error) => {
    throw error;
  });
  sqs = createSqsClient(emulator.url);
});
afterAll(async () => {
  await Promise.all(pollers.map((poller) => poller.stop()));
  sqs.destroy();
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function createQueue(visibilitySeconds: number): Promise<string> {
  const QueueName = `queue-${queueNumber++}`;
  await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: String(visibilitySeconds) } }));
  return `${emulator.url}/000000000000/${QueueName}`;
}

async function send(queueUrl: string, bodies: string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies.slice(start, start + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

async function left(queueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
}

interface Call {
  at: number;
  records: SQSRecord[];
}

/** Starts a poller whose function is `run`, and gives the calls that it got. */
function startPolling(
  sqs: AwsCall,
  queueUrl: string,
  run: (records: SQSRecord[], call: number) => unknown,
  mapping: Partial<Mapping> = {},
) {
  const calls: Call[] = [];
  const poller = startPoller({
    sqs,
    say: () => {},
    invoke: async (_name, event) => {
      const { Records } = event as SQSEvent;
      calls.push({ at: performance.now(), records: Records });
      return run(Records, calls.length);
    },
    mapping: {
      queueUrl,
      queueArn: 'arn:aws:sqs:us-east-1:000000000000:queue',
      functionName: 'function',
      batchSize: 10,
      maxConcurrency: 2,
      ...mapping,
    },
  });
  pollers.push(poller);
  return { calls, poller };
}

const bodies = (calls: Call[]) => calls.map(({ records }) => records.map(({ body }) => body).sort());

const ways: [string, () => AwsCall][] = [
  ['asks its emulator by HTTP', () => createCalls('sqs', { ...CREDENTIALS, endpoint: () => emulator.url })],
  ["asks its emulator's thread", () => emulator.call],
];

describe.concurrent.each(ways)('an event source mapping that %s', (_way, sqsCall) => {
  const poll = (queueUrl: string, run: Parameters<typeof startPolling>[2], mapping?: Partial<Mapping>) =>
    startPolling(sqsCall(), queueUrl, run, mapping);

  test('hands over batches as Lambda does and deletes what succeeded', async ({ expect }) => {
    const queueUrl = await createQueue(30);
    await send(queueUrl, ['a', 'b 😀']);
    const { calls } = poll(queueUrl, () => ({ batchItemFailures: [] }));
    await expect.poll(() => left(queueUrl), SOON).toBe(0);
    expect(bodies(calls)).toEqual([['a', 'b 😀']]);
    expect(calls[0]?.records[0]).toMatchObject({
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
      awsRegion: 'us-east-1',
      messageAttributes: {},
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/) },
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  test('deletes all but the messages that the function reports, which come back after their visibility timeout', async ({
    expect,
  }) => {
    const queueUrl = await createQueue(1);
    await send(queueUrl, ['good', 'bad']);
    const { calls } = poll(queueUrl, (records, call) => ({
      batchItemFailures: records
        .filter(({ body }) => call === 1 && body === 'bad')
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    }));
    await expect.poll(() => calls.length, SOON).toBe(2);
    await expect.poll(() => left(queueUrl), SOON).toBe(0);
    expect(bodies(calls)).toEqual([['bad', 'good'], ['bad']]);
    expect(calls[1]?.records[0]?.attributes.ApproximateReceiveCount).toBe('2');
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(800);
  });

  test('leaves a failed message the visibility timeout that the function gave it', async ({ expect }) => {
    const queueUrl = await createQueue(60);
    await send(queueUrl, ['soon', 'late']);
    const { calls } = poll(queueUrl, async (records, call) => {
      if (call > 1) return null;
      const soon = records.find(({ body }) => body === 'soon');
      const change = { QueueUrl: queueUrl, ReceiptHandle: soon?.receiptHandle, VisibilityTimeout: 1 };
      await sqs.send(new ChangeMessageVisibilityCommand(change));
      return { batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    });
    await expect.poll(() => calls.length, SOON).toBe(2);
    expect(bodies(calls)[1]).toEqual(['soon']);
    // The other one stays hidden for the queue's own 60 seconds.
    await expect.poll(() => left(queueUrl), SOON).toBe(1);
  });

  test('takes a message made visible at once again at once', async ({ expect }) => {
    const queueUrl = await createQueue(60);
    await send(queueUrl, ['now']);
    const { calls } = poll(queueUrl, async ([record], call) => {
      if (call > 1) return null;
      const change = { QueueUrl: queueUrl, ReceiptHandle: record?.receiptHandle, VisibilityTimeout: 0 };
      await sqs.send(new ChangeMessageVisibilityCommand(change));
      return { batchItemFailures: [{ itemIdentifier: record?.messageId }] };
    });
    await expect.poll(() => calls.length, SOON).toBe(2);
    expect(calls[1]?.records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  test.for<[string, () => unknown]>([
    ['throws', () => Promise.reject(new FunctionError('Error', 'told to'))],
    ['times out', () => Promise.reject(new FunctionError('Sandbox.Timedout', 'Task timed out'))],
    ['reports an id that was not in the batch', () => ({ batchItemFailures: [{ itemIdentifier: 'nobody' }] })],
  ])('gets the whole batch back if the function %s', async ([_what, failing], { expect }) => {
    const queueUrl = await createQueue(1);
    await send(queueUrl, ['a', 'b']);
    const { calls } = poll(queueUrl, (_records, call) => (call === 1 ? failing() : null));
    await expect.poll(() => left(queueUrl), SOON).toBe(0);
    expect(bodies(calls).flat().sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  test('runs no more invocations at once than its maximum concurrency, and that many', async ({ expect }) => {
    const queueUrl = await createQueue(30);
    await send(
      queueUrl,
      Array.from({ length: 12 }, (_, index) => String(index)),
    );
    let running = 0;
    let most = 0;
    poll(
      queueUrl,
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 60));
        running--;
      },
      { batchSize: 1, maxConcurrency: 3 },
    );
    await expect.poll(() => left(queueUrl), SOON).toBe(0);
    expect(most).toBe(3);
  });

  test('stops only when its invocations have ended', async ({ expect }) => {
    const queueUrl = await createQueue(30);
    await send(queueUrl, ['a']);
    const { calls, poller } = poll(queueUrl, () => new Promise((resolve) => setTimeout(resolve, 1_300)));
    await expect.poll(() => calls.length, SOON).toBe(1);
    await poller.stop();
    expect(await left(queueUrl)).toBe(0);
  });
});

test("an emulator's thread refuses what SQS refuses", async () => {
  const QueueUrl = `${emulator.url}/000000000000/none`;
  await expect(emulator.call('ReceiveMessage', { QueueUrl })).rejects.toThrow(/was answered 400: .*QueueDoesNotExist/);
  await expect(emulator.call('Nothing', {})).rejects.toThrow('Nothing was answered 400');
});

describe('the answer of a function', () => {
  const records = [{ messageId: 'a' }, { messageId: 'b' }] as SQSRecord[];
  test.each([
    [null, []],
    [undefined, []],
    [{}, []],
    [{ batchItemFailures: null }, []],
    [{ batchItemFailures: [] }, []],
    [{ batchItemFailures: [{ itemIdentifier: 'b' }] }, ['b']],
  ])('%j reports %j', (answer, ids) => {
    expect(failedIds(answer, records)).toEqual(new Set(ids));
  });
  test.each([
    ['ok'],
    [{ batchItemFailures: 'a' }],
    [{ batchItemFailures: [{}] }],
    [{ batchItemFailures: [null] }],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }],
    [{ batchItemFailures: [{ itemIdentifier: null }] }],
    [{ batchItemFailures: [{ id: 'a' }] }],
    [{ batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'c' }] }],
  ])('%j fails the whole batch', (answer) => {
    expect(failedIds(answer, records)).toBeUndefined();
  });
});
