import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { redriveMessages } from '../../../functions/adapters/sqs/redrive.ts';
import { ORIGIN_ATTRIBUTES } from '../../../functions/names.ts';
import { useQueues } from '../../support/emulators.ts';

const { sqs, queues } = useQueues('events', 'dead');

async function receive(QueueUrl: string) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
  );
  return Messages.map(({ Body, MessageAttributes = {} }) => ({
    body: Body,
    origin: [ORIGIN_ATTRIBUTES.messageId, ORIGIN_ATTRIBUTES.sentAt].map((name) => MessageAttributes[name]?.StringValue),
  }));
}

it('dead letters come back, each saying which message it was first, however often it died', async () => {
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  const first = await sqs.send(new SendMessageCommand({ QueueUrl: queues.dead.url, MessageBody: 'first' }));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queues.dead.url,
      MessageBody: 'again',
      MessageAttributes: {
        [ORIGIN_ATTRIBUTES.messageId]: attribute('message-1'),
        [ORIGIN_ATTRIBUTES.sentAt]: attribute('1700000000000'),
      },
    }),
  );
  expect(await redriveMessages(sqs, queues.dead.url, queues.events.url)).toBe(2);
  const moved = (await receive(queues.events.url)).toSorted(
    (left, right) => right.body?.localeCompare(left.body ?? '') ?? 0,
  );
  expect(moved).toEqual([
    { body: 'first', origin: [first.MessageId, expect.stringMatching(/^\d{13}$/)] },
    { body: 'again', origin: ['message-1', '1700000000000'] },
  ]);
  expect(await redriveMessages(sqs, queues.dead.url, queues.events.url)).toBe(0);
});
