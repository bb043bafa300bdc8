import { ChangeMessageVisibilityCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { LeanCall } from '../../../functions/adapters/aws/lean-call.ts';
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
import { failCalls, throttled } from '../../support/failing-calls.ts';

const { sqs, connection, queues } = useQueues('work');
const asIs = <T>(entry: T): T => entry;
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
  /** Every call is left to the SDK, where it can fail. */
  const bySdk = { client: sqs, lean: async () => null };
  const names = (messages: readonly { message: { subscriptionId: string } }[]) =>
    messages.map(({ message }) => message.subscriptionId);

  it('a call that fails leaves only its own messages unsent, and says which', async () => {
    const messages = Array.from({ length: 200 }, (_, index) => outgoing(index));
    const end = failCalls(sqs, (operation, _, number) =>
      operation === 'SendMessageBatch' && [1, 2, 3, 9, 10, 20].includes(number) ? throttled() : null,
    );
    const failure = await createWorkQueue(bySdk, queues.work.url)
      .send(messages)
      .catch((error: unknown) => error);
    end();
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
    const failure = await sendAll(bySdk, queues.work.url, [...entries, bad], asIs).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'partial_failure', undone: [bad], cause: expect.any(QueueRefusedError) });
    expect((await queues.work.take()).map(({ body }) => body).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('an event whose id the API made', () => {
  const one = { tenantId: 'acme', body: '{"id":"evt_1"}', idMade: true };
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
    // Only the SDK's own call tells the lean one where SQS is.
    await sqs.send(new ReceiveMessageCommand({ QueueUrl: queues.work.url }));
    await createPublish(connection, queues.work.url)([one, { ...one, idMade: false }]);
    expect((await madeIds()).toSorted()).toEqual(['first', undefined]);
  });

  it('says so otherwise when the first message may be there', async () => {
    const lean: LeanCall = async (operation, input) => {
      await connection.lean(operation, input);
      return null;
    };
    await createPublish({ client: sqs, lean }, queues.work.url)([one]);
    expect((await madeIds()).toSorted()).toEqual(['again', 'first']);
  });
});

describe('what SQS answers', () => {
  /** Every call is left to the SDK, where it can be scripted. */
  const bySdk = { client: sqs, lean: async () => null };
  const taken = { $metadata: {}, Successful: [], Failed: [] };
  const failed = (Id: string, SenderFault = false) => ({
    Id,
    SenderFault,
    Code: 'InternalError',
    Message: 'try again',
  });

  function mocked() {
    const mock = mockClient(sqs);
    const sent = () =>
      mock
        .commandCalls(SendMessageBatchCommand)
        .map(({ args }) => (args[0].input.Entries ?? []).map(({ Id, MessageBody }) => `${Id}:${MessageBody}`));
    return { mock, sent };
  }
  const entries = (count: number, body = (index: number) => `b${index}`) =>
    Array.from({ length: count }, (_, index) => ({ MessageBody: body(index) }));

  it('entries that failed, and only those, are sent again', async () => {
    const { mock, sent } = mocked();
    mock
      .on(SendMessageBatchCommand)
      .resolvesOnce({ ...taken, Failed: [failed('1'), failed('2')] })
      .resolvesOnce({ ...taken, Failed: [failed('2')] })
      .resolves(taken);
    await sendAll(bySdk, 'url', entries(3), asIs);
    expect(sent()).toEqual([['0:b0', '1:b1', '2:b2'], ['1:b1', '2:b2'], ['2:b2']]);
    mock.restore();
  });

  it('an entry that fails for good fails the call, saying why', async () => {
    const { mock } = mocked();
    mock.on(SendMessageBatchCommand).resolves({ ...taken, Failed: [failed('0')] });
    await expect(sendAll(bySdk, 'url', entries(1), asIs)).rejects.toThrow(
      /did not take a message: InternalError: try again/,
    );
    expect(mock.commandCalls(SendMessageBatchCommand)).toHaveLength(6);
    mock.restore();
  });

  it('an entry that is our fault is not sent again', async () => {
    const { mock } = mocked();
    mock.on(SendMessageBatchCommand).resolves({ ...taken, Failed: [failed('0', true)] });
    await expect(sendAll(bySdk, 'url', entries(1), asIs)).rejects.toMatchObject({
      cause: expect.any(QueueRefusedError),
    });
    expect(mock.commandCalls(SendMessageBatchCommand)).toHaveLength(1);
    mock.restore();
  });

  it('an entry that is our fault does not keep others from being sent again', async () => {
    const { mock, sent } = mocked();
    mock
      .on(SendMessageBatchCommand)
      .resolvesOnce({ ...taken, Failed: [failed('0', true), failed('2')] })
      .resolves(taken);
    const three = entries(3);
    await expect(sendAll(bySdk, 'url', three, asIs)).rejects.toMatchObject({ undone: [three[0]] });
    expect(sent()).toEqual([['0:b0', '1:b1', '2:b2'], ['2:b2']]);
    mock.restore();
  });

  it('batches hold at most ten entries and a million bytes of UTF-8', async () => {
    const { mock } = mocked();
    mock.on(SendMessageBatchCommand).resolves(taken);
    await sendAll(bySdk, 'url', [...entries(25), ...entries(5, () => 'ü'.repeat(200_000))], asIs);
    const sizes = mock.commandCalls(SendMessageBatchCommand).map(({ args }) => {
      const bodies = (args[0].input.Entries ?? []).map(({ MessageBody = '' }) => Buffer.byteLength(MessageBody));
      expect(bodies.length).toBeLessThanOrEqual(10);
      expect(bodies.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(1_000_000);
      return bodies.length;
    });
    expect(sizes.reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(sizes.length).toBeLessThanOrEqual(6);
    mock.restore();
  });

  it('no more than eight calls are under way at once', async () => {
    const { mock } = mocked();
    let active = 0;
    let most = 0;
    mock.on(SendMessageBatchCommand).callsFake(async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setTimeout(resolve, 10));
      active -= 1;
      return taken;
    });
    await sendAll(bySdk, 'url', entries(400), asIs);
    expect(most).toBe(8);
    expect(mock.commandCalls(SendMessageBatchCommand)).toHaveLength(40);
    mock.restore();
  });
});
