import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startSqs } from '../../local/emulators/sqs.ts';
import { InFlight, WaitingMessages } from '../../local/emulators/waiting-messages.ts';
import { createSqsClient } from '../../testing/queues.ts';

describe('the emulated queues', () => {
  const dir = mkdtempSync(join(tmpdir(), 'posthorn-fair-'));
  let emulator: Emulator;
  let sqs: SQSClient;
  let queues = 0;

  async function start(): Promise<void> {
    emulator = await startSqs({ port: 0, dir });
    sqs = createSqsClient(emulator.url);
  }
  async function end(): Promise<void> {
    sqs.destroy();
    await emulator.close();
  }
  beforeAll(start);
  afterAll(async () => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  });

  async function createQueue(): Promise<string> {
    const name = `fair-${queues++}`;
    await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '60' } }));
    return name;
  }

  const urlOf = (queue: string) => `${emulator.url}/000000000000/${queue}`;

  async function send(queue: string, group: string | undefined, bodies: string[]): Promise<void> {
    const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody, MessageGroupId: group }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: urlOf(queue), Entries }));
  }

  async function receive(queue: string, most: number) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: urlOf(queue),
        MaxNumberOfMessages: most,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    return Messages;
  }

  const bodiesOf = (messages: { Body?: string | undefined }[]) => messages.map(({ Body }) => Body);
  const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);

  test('hand out a quiet group before one that has many in flight, though the other has waited for longer', async () => {
    const queue = await createQueue();
    for (let round = 0; round < 3; round += 1) await send(queue, 'noisy', numbered(`noisy${round}-`, 10));
    await receive(queue, 10);
    await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(queue), MessageBody: 'quiet', MessageGroupId: 'quiet' }));
    const [first, ...others] = await receive(queue, 10);
    expect(first).toMatchObject({ Body: 'quiet', Attributes: { MessageGroupId: 'quiet' } });
    expect(bodiesOf(others)).toEqual(numbered('noisy1-', 9));
  });

  test('forget what is in flight once it is deleted', async () => {
    const queue = await createQueue();
    await send(queue, 'a', numbered('a', 6));
    const taken = await receive(queue, 5);
    await send(queue, 'b', numbered('b', 2));
    expect(bodiesOf(await receive(queue, 1))).toEqual(['b0']);
    const Entries = taken.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: urlOf(queue), Entries }));
    expect(bodiesOf(await receive(queue, 1))).toEqual(['a5']);
  });

  test('hand out messages without a group in their order', async () => {
    const queue = await createQueue();
    await send(queue, undefined, numbered('m', 10));
    expect(bodiesOf(await receive(queue, 10))).toEqual(numbered('m', 10));
  });

  test('know the groups of what was sent, and what is in flight, after a restart', async () => {
    const queue = await createQueue();
    await send(queue, 'a', numbered('a', 6));
    await receive(queue, 4);
    await send(queue, 'b', numbered('b', 1));
    await end();
    await start();
    expect(bodiesOf(await receive(queue, 10))).toEqual(['b0', 'a4', 'a5']);
  });
});

const groups = fc.constantFrom('a', 'b', 'c', undefined);

test('whatever comes and goes, a message is taken from a group with the fewest in flight, and the oldest of it', () => {
  const step = fc.oneof(
    fc.record({ push: groups }),
    fc.constant('take' as const),
    fc.record({ settle: fc.nat({ max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const inFlight = new InFlight<{ number: number; messageGroupId?: string }>();
      const waiting = new WaitingMessages(inFlight);
      const model: { number: number; messageGroupId?: string }[] = [];
      const flying = (group: string | undefined) =>
        [...inFlight.values()].filter(({ message }) => message.messageGroupId === group).length;
      for (const [number, one] of steps.entries()) {
        if (one === 'take') {
          const least = Math.min(...model.map(({ messageGroupId }) => flying(messageGroupId)));
          const taken = waiting.shift();
          if (taken === undefined) {
            expect(model).toEqual([]);
            continue;
          }
          expect(flying(taken.messageGroupId)).toBe(least);
          expect(model.find(({ messageGroupId }) => messageGroupId === taken.messageGroupId)).toBe(taken);
          model.splice(model.indexOf(taken), 1);
          inFlight.set(String(number), { message: taken });
        } else if ('push' in one) {
          const message = { number, ...(one.push !== undefined && { messageGroupId: one.push }) };
          model.push(message);
          waiting.push(message);
        } else {
          const handle = [...inFlight.keys()][one.settle];
          if (handle !== undefined) inFlight.delete(handle);
        }
        expect(waiting.length).toBe(model.length);
      }
    }),
  );
});
