import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import { createQueues } from '../../../functions/adapters/sqs/queues.ts';
import { ORIGIN_ATTRIBUTES } from '../../../functions/names.ts';
import { useQueues } from '../../support/emulators.ts';
import { refused } from '../../support/scripted-calls.ts';

const { sqs, connection, faults, queues } = useQueues('events', 'dead');
const subject = () => {
  const urls = { queue: queues.events.url, deadLetters: queues.dead.url };
  return createQueues(connection, { events: urls, deliveries: urls, retries: urls, jobs: urls });
};
const always = () => true;
const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
const die = (MessageBody: string, MessageAttributes = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl: queues.dead.url, MessageBody, MessageAttributes }));

beforeEach(async () => {
  await Promise.all([queues.events.take(), queues.dead.take()]);
});

async function receive(QueueUrl: string) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 3_600,
    }),
  );
  return Messages.map(({ Body, MessageAttributes = {} }) => ({
    body: Body,
    origin: [ORIGIN_ATTRIBUTES.messageId, ORIGIN_ATTRIBUTES.sentAt].map((name) => MessageAttributes[name]?.StringValue),
  })).toSorted((left, right) => (left.body ?? '').localeCompare(right.body ?? ''));
}

describe('dead letters', () => {
  it('are seen, and stay where they are', async () => {
    const before = Date.now() - 1_000;
    await die('x'.repeat(2_001));
    for (const _ of [1, 2]) {
      const [letter, ...others] = await subject().peekDeadLetters('events');
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ body: 'x'.repeat(2_000), bodyTruncated: true });
      expect(letter?.sentAt).toBeGreaterThan(before);
    }
    const { visible, inFlight } = await subject().measureDeadLetters('events');
    // The emulator looks at the time of what is hidden when the next receiver comes.
    expect(visible + inFlight).toBe(1);
    expect(await queues.dead.take()).toHaveLength(1);
  });

  it('come back, each saying which message it was first, however often it died', async () => {
    const first = await die('first');
    await die('second', {
      [ORIGIN_ATTRIBUTES.messageId]: attribute('message-1'),
      [ORIGIN_ATTRIBUTES.sentAt]: attribute('1700000000000'),
    });
    expect(await subject().redriveDeadLetters('events', always)).toEqual({ moved: 2, isEmpty: true });
    expect(await receive(queues.events.url)).toEqual([
      { body: 'first', origin: [first.MessageId, expect.stringMatching(/^\d{13}$/)] },
      { body: 'second', origin: ['message-1', '1700000000000'] },
    ]);
    expect(await subject().redriveDeadLetters('events', always)).toEqual({ moved: 0, isEmpty: true });
  });

  it('that time does not suffice for stay', async () => {
    for (let count = 0; count < 15; count += 1) await die(`${count}`);
    let pages = 0;
    const redriven = await subject().redriveDeadLetters('events', () => pages++ < 1);
    expect(redriven).toEqual({ moved: 10, isEmpty: false });
    expect(await queues.dead.take()).toHaveLength(5);
    expect(await queues.events.take()).toHaveLength(10);
  });

  it('that could not be sent stay, and the failure is told', async () => {
    const { inFlight } = await subject().measureDeadLetters('events');
    await die('x');
    faults.fails = (operation) => (operation === 'SendMessageBatch' ? refused('AccessDenied', 'refused') : null);
    await expect(subject().redriveDeadLetters('events', always)).rejects.toThrow('refused');
    faults.fails = () => null;
    expect(await queues.events.take()).toEqual([]);
    expect(await subject().measureDeadLetters('events')).toMatchObject({
      visible: 0,
      inFlight: inFlight + 1,
    });
  });
});
