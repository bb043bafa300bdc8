import * as z from 'zod';
import type { QueueName, QueueSize, Queues } from '../../core/operations/queues.ts';
import type { AwsCall } from '../aws/calls.ts';
import { receiveMessages } from './receive.ts';
import { redriveMessages } from './redrive.ts';

export interface QueueUrls {
  queue: string;
  deadLetters: string;
}

/** What is shown of a message's body. */
const MAX_BODY_SHOWN = 2_000;

export function createQueues(sqs: AwsCall, urls: Record<QueueName, QueueUrls>): Queues {
  return {
    measureQueue: (name) => measure(sqs, urls[name].queue),
    measureDeadLetters: (name) => measure(sqs, urls[name].deadLetters),

    async peekDeadLetters(name) {
      const messages = await receiveMessages(sqs, {
        QueueUrl: urls[name].deadLetters,
        MaxNumberOfMessages: 10,
        // Long enough that SQS asks all of its servers.
        WaitTimeSeconds: 1,
        // They can be received again without delay, by a redrive for instance.
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['SentTimestamp'],
      });
      return messages.map(({ MessageId, Body, Attributes }) => ({
        messageId: MessageId,
        sentAt: Number(Attributes.SentTimestamp ?? 0),
        body: Body.slice(0, MAX_BODY_SHOWN),
        bodyTruncated: Body.length > MAX_BODY_SHOWN,
      }));
    },

    redriveDeadLetters: (name, hasTime) => redriveMessages(sqs, urls[name].deadLetters, urls[name].queue, hasTime),
  };
}

const Size = z.object({
  Attributes: z.object({
    ApproximateNumberOfMessages: z.coerce.number(),
    ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
    ApproximateNumberOfMessagesDelayed: z.coerce.number(),
  }),
});

async function measure(sqs: AwsCall, QueueUrl: string): Promise<QueueSize> {
  const AttributeNames = Object.keys(Size.shape.Attributes.shape);
  const { Attributes } = Size.parse(await sqs('GetQueueAttributes', { QueueUrl, AttributeNames }));
  return {
    visible: Attributes.ApproximateNumberOfMessages,
    inFlight: Attributes.ApproximateNumberOfMessagesNotVisible,
    delayed: Attributes.ApproximateNumberOfMessagesDelayed,
  };
}
