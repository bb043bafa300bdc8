import type { Redriven } from '../../core/operations/queues.ts';
import { undoneOf } from '../../core/partial-failure.ts';
import { ORIGIN_ATTRIBUTES, TRACE_ATTRIBUTE } from '../../names.ts';
import type { AwsCall } from '../aws/calls.ts';
import { type Message, receiveMessages } from './receive.ts';
import { sendAll } from './work-queue.ts';

/** Long enough that a message which is being moved is not received again meanwhile. */
const VISIBILITY_SECONDS = 60;

/**
 * Puts the messages of a dead-letter queue back, ten at a time, until it is empty or time runs out. Each says which message it was
 * first: SQS's own message move task makes new messages with new ids, from which ingest could not tell that an event is on record.
 * A crash between sending and deleting sends a message twice, with the same origin.
 */
export async function redriveMessages(
  sqs: AwsCall,
  from: string,
  to: string,
  hasTime: () => boolean,
): Promise<Redriven> {
  let moved = 0;
  while (hasTime()) {
    const messages = await receiveMessages(sqs, {
      QueueUrl: from,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
      VisibilityTimeout: VISIBILITY_SECONDS,
      MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
      MessageAttributeNames: [...Object.values(ORIGIN_ATTRIBUTES), TRACE_ATTRIBUTE],
    });
    if (messages.length === 0) return { moved, isEmpty: true };
    await moveMessages(sqs, messages, from, to);
    moved += messages.length;
  }
  return { moved, isEmpty: false };
}

async function moveMessages(sqs: AwsCall, messages: readonly Message[], from: string, to: string): Promise<void> {
  let failure: unknown = null;
  let unsent: readonly Message[] = [];
  try {
    await sendAll(sqs, to, messages, entryOf);
  } catch (error) {
    failure = error;
    unsent = undoneOf(error, messages);
  }
  const Entries = messages
    .filter((message) => !unsent.includes(message))
    .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  // One that could not be deleted comes back, and is moved again with the same origin.
  if (Entries.length > 0) await sqs('DeleteMessageBatch', { QueueUrl: from, Entries });
  if (failure !== null) throw failure;
}

function entryOf(message: Message) {
  const { Attributes, Body, MessageId, MessageAttributes } = message;
  const trace = MessageAttributes?.[TRACE_ATTRIBUTE];
  return {
    MessageBody: Body,
    MessageGroupId: Attributes.MessageGroupId,
    MessageAttributes: {
      [ORIGIN_ATTRIBUTES.messageId]: text(originOf(message, ORIGIN_ATTRIBUTES.messageId) ?? MessageId),
      [ORIGIN_ATTRIBUTES.sentAt]: text(originOf(message, ORIGIN_ATTRIBUTES.sentAt) ?? Attributes.SentTimestamp),
      ...(trace && { [TRACE_ATTRIBUTE]: text(trace.StringValue) }),
    },
  };
}

/** A message that died again says what it was first. */
function originOf({ MessageAttributes }: Message, name: string): string | undefined {
  return MessageAttributes[name]?.StringValue;
}

function text(value: string | undefined) {
  return { DataType: 'String', StringValue: value };
}
