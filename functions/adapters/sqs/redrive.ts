import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ORIGIN_ATTRIBUTES } from '../../names.ts';

/**
 * Puts the messages of a dead-letter queue back, until it is empty; returns how many. Each says which message it was first:
 * SQS's own message move task makes new messages with new ids, from which nobody could tell that an event is on record.
 * A crash between sending and deleting sends a message twice, with the same origin.
 */
export async function redriveMessages(client: SQSClient, from: string, to: string): Promise<number> {
  let moved = 0;
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 2,
        VisibilityTimeout: 60,
        MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
        MessageAttributeNames: Object.values(ORIGIN_ATTRIBUTES),
      }),
    );
    if (Messages.length === 0) return moved;
    for (const message of Messages) await moveMessage(client, message, from, to);
    moved += Messages.length;
  }
}

async function moveMessage(client: SQSClient, message: Message, from: string, to: string): Promise<void> {
  const { Attributes, Body, MessageId, ReceiptHandle } = message;
  await client.send(
    new SendMessageCommand({
      QueueUrl: to,
      MessageBody: Body,
      MessageGroupId: Attributes?.MessageGroupId,
      MessageAttributes: {
        [ORIGIN_ATTRIBUTES.messageId]: text(originOf(message, ORIGIN_ATTRIBUTES.messageId) ?? MessageId),
        [ORIGIN_ATTRIBUTES.sentAt]: text(originOf(message, ORIGIN_ATTRIBUTES.sentAt) ?? Attributes?.SentTimestamp),
      },
    }),
  );
  await client.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle }));
}

/** A message that died again says what it was first. */
function originOf({ MessageAttributes }: Message, name: string): string | undefined {
  return MessageAttributes?.[name]?.StringValue;
}

function text(value: string | undefined) {
  return { DataType: 'String', StringValue: value };
}
