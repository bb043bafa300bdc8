import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AwsCall } from '../../../functions/adapters/aws/calls.ts';
import {
  createPublish,
  createWorkQueue,
  QueueRefusedError,
  sendAll,
} from '../../../functions/adapters/sqs/work-queue.ts';
import { PartialFailure } from '../../../functions/core/partial-failure.ts';
import { MADE_ID_ATTRIBUTE } from '../../../functions/names.ts';
import { makeMessage, subscriptionId } from '../../support/domain.ts';
import { useQueues } from '../../support/emulators.ts';
import { ScriptedCalls, throttled } from '../../support/scripted-calls.ts';

const { sqs, connection, faults, queues } = useQueues('work');
const asIs = <T>(entry: T): T => entry;
const Asked = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) });
const work = () => createWorkQueue(connection, queues.work.url);
const outgoing = (number: number, delaySeconds = 0) => ({
  message: makeMessage({ subscriptionId: subscriptionId(number) }),
  delaySeconds,
});

describe('over a real queue', () => {
  it.each([0, 1, 10, 11, 205])('%i messages arrive, each once, in the group of its subscription', async (count) => {
    const messages = Array.from({ length: count }, (_, index) => outgoing(index));
    await work().send(messages);
    const taken = await queues.work.take();
    expect(taken.map(({ body }) => JSON.parse(body).subscriptionId).toSorted()).toEqual(
      messages.map(({ message }) => message.subscriptionId),
    );
    expect(JSON.parse(taken[0]?.body ?? 'null')).toEqual(
      taken.length === 0 ? null : expect.objectContaining({ v: 1, kind: 'deliver' }),
    );
  });

  it('a delayed message is not there yet', async () => {
    await work().send([outgoing(1, 900), outgoing(2, 0)]);
    expect((await queues.work.take()).map(({ body }) => JSON.parse(body).subscriptionId)).toEqual([subscriptionId(2)]);
  });

  it('a batch larger than SQS takes at once is divided by its bytes', async () => {
    const entries = Array.from({ length: 9 }, () => ({ MessageBody: 'ü'.repeat(100_000) }));
    await sendAll(connection, queues.work.url, entries, asIs);
    expect(await queues.work.take()).toHaveLength(9);
  });

  it('a message that is hidden comes back when its time is over', async () => {
    await work().send([outgoing(1)]);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues.work.url, VisibilityTimeout: 3_600 }),
    );
    expect(await queues.work.take()).toEqual([]);
    const [{ ReceiptHandle } = {}] = Messages;
    await sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: queues.work.url, ReceiptHandle, VisibilityTimeout: 0 }),
    );
    expect(await queues.work.take()).toHaveLength(1);
  });
});

describe('one failure stops one', () => {
  const names = (messages: readonly { message: { subscriptionId: string } }[]) =>
    messages.map(({ message }) => message.subscriptionId);

  it('a call that fails leaves only its own messages unsent, and says which', async () => {
    const messages = Array.from({ length: 200 }, (_, index) => outgoing(index));
    const failing = [0, 30, 80, 90, 120, 190].map((first) => outgoing(first).message.subscriptionId);
    faults.fails = (_, input) => (failing.some((id) => JSON.stringify(input).includes(id)) ? throttled() : null);
    const failure = await createWorkQueue(connection, queues.work.url)
      .send(messages)
      .catch((error: unknown) => error);
    faults.fails = () => null;
    if (!(failure instanceof PartialFailure)) throw failure;
    const unsent = names(failure.undone);
    expect(unsent).toHaveLength(60);
    expect(unsent).toEqual(unsent.toSorted());
    expect(failure.message).toBe('60 of 200 could not be done: slow down');
    expect(failure.cause).toMatchObject({ name: 'ThrottlingException' });
    const arrived = (await queues.work.take()).map(({ body }) => JSON.parse(body).subscriptionId);
    expect([...arrived, ...unsent].toSorted()).toEqual(names(messages));
    await work().send(messages.filter(({ message }) => unsent.includes(message.subscriptionId)));
    expect(await queues.work.take()).toHaveLength(60);
  });

  it('a message that SQS does not take leaves the others of its call sent', async () => {
    const entries = ['a', 'b', 'c', 'd'].map((name) => ({ MessageBody: name }));
    const bad = { MessageBody: 'bad \u{1}' };
    const failure = await sendAll(connection, queues.work.url, [...entries, bad], asIs).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'partial_failure', undone: [bad], cause: expect.any(QueueRefusedError) });
    expect((await queues.work.take()).map(({ body }) => body).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('an event whose id the API made', () => {
  const one = { tenantId: 'acme', body: '{"id":"evt_1"}', idMade: 'first' } as const;
  const madeIds = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queues.work.url,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 3_600,
      }),
    );
    return Messages.map(({ MessageAttributes }) => MessageAttributes?.[MADE_ID_ATTRIBUTE]?.StringValue);
  };

  it('says so, and an event with an id of its publisher’s does not', async () => {
    const { idMade: _, ...given } = one;
    await createPublish(connection, queues.work.url)([one, given, { ...one, idMade: 'again' }]);
    expect((await madeIds()).toSorted()).toEqual(['again', 'first', undefined]);
  });

  it('says so otherwise when the first message may be there', async () => {
    let isFirst = true;
    const losing: AwsCall = async (...call) => {
      const answer = await connection(...call);
      if (!isFirst) return answer;
      isFirst = false;
      throw throttled();
    };
    await createPublish(losing, queues.work.url)([one]);
    expect((await madeIds()).toSorted()).toEqual(['again', 'first']);
  });
});

describe('what SQS answers', () => {
  const taken = { Successful: [], Failed: [] };
  const failed = (Id: string, SenderFault = false) => ({
    Id,
    SenderFault,
    Code: 'InternalError',
    Message: 'try again',
  });

  function scripted(...answers: Parameters<ScriptedCalls['on']> extends [string, ...infer Answers] ? Answers : never) {
    const calls = new ScriptedCalls().on('SendMessageBatch', ...answers);
    const inputs = () => calls.inputs('SendMessageBatch').map((input) => Asked.parse(input).Entries);
    const sent = () => inputs().map((entries) => entries.map(({ Id, MessageBody }) => `${Id}:${MessageBody}`));
    return { sqs: calls.call, inputs, sent };
  }
  const entries = (count: number, body = (index: number) => `b${index}`) =>
    Array.from({ length: count }, (_, index) => ({ MessageBody: body(index) }));

  it('entries that failed, and only those, are sent again', async () => {
    const { sqs, sent } = scripted(
      { ...taken, Failed: [failed('1'), failed('2')] },
      { ...taken, Failed: [failed('2')] },
      taken,
    );
    await sendAll(sqs, 'url', entries(3), asIs);
    expect(sent()).toEqual([['0:b0', '1:b1', '2:b2'], ['1:b1', '2:b2'], ['2:b2']]);
  });

  it('an entry that fails for good fails the call, saying why', async () => {
    const { sqs, inputs } = scripted({ ...taken, Failed: [failed('0')] });
    await expect(sendAll(sqs, 'url', entries(1), asIs)).rejects.toThrow(
      /did not take a message: InternalError: try again/,
    );
    expect(inputs()).toHaveLength(6);
  });

  it('an entry that is our fault is not sent again', async () => {
    const { sqs, inputs } = scripted({ ...taken, Failed: [failed('0', true)] });
    await expect(sendAll(sqs, 'url', entries(1), asIs)).rejects.toMatchObject({
      cause: expect.any(QueueRefusedError),
    });
    expect(inputs()).toHaveLength(1);
  });

  it('an entry that is our fault does not keep others from being sent again', async () => {
    const { sqs, sent } = scripted({ ...taken, Failed: [failed('0', true), failed('2')] }, taken);
    const three = entries(3);
    await expect(sendAll(sqs, 'url', three, asIs)).rejects.toMatchObject({ undone: [three[0]] });
    expect(sent()).toEqual([['0:b0', '1:b1', '2:b2'], ['2:b2']]);
  });

  it('batches hold at most ten entries and a million bytes of UTF-8', async () => {
    const { sqs, inputs } = scripted(taken);
    await sendAll(sqs, 'url', [...entries(25), ...entries(5, () => 'ü'.repeat(200_000))], asIs);
    const sizes = inputs().map((entries) => {
      const bodies = entries.map(({ MessageBody }) => Buffer.byteLength(MessageBody));
      expect(bodies.length).toBeLessThanOrEqual(10);
      expect(bodies.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1_000_000);
      return bodies.length;
    });
    expect(sizes.reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(sizes.length).toBeLessThanOrEqual(6);
  });

  it('no more than eight calls are under way at once', async () => {
    let active = 0;
    let most = 0;
    const { sqs, inputs } = scripted(async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setTimeout(resolve, 10));
      active -= 1;
      return taken;
    });
    await sendAll(sqs, 'url', entries(400), asIs);
    expect(most).toBe(8);
    expect(inputs()).toHaveLength(40);
  });
});
