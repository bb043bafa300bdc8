import { GetQueueAttributesCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueName, QueueSize, Queues } from '../../core/operations/queues.ts';
import { redriveMessages } from './redrive.ts';
import type { Sqs } from './work-queue.ts';

export interface QueueUrls {
  queue: string;
  deadLetters: string;
}

/** What is shown of a message's body. */
const MAX_BODY_SHOWN = 2_000;

export function createQueues(sqs: Sqs, urls: Record<QueueName, QueueUrls>): Queues {
  return {
    measureQueue: (name) => measure(sqs.client, urls[name].queue),
    measureDeadLetters: (name) => measure(sqs.client, urls[name].deadLetters),

    async peekDeadLetters(name) {
      const { Messages = [] } = await sqs.client.send(
        new ReceiveMessageCommand({
          QueueUrl: urls[name].deadLetters,
          MaxNumberOfMessages: 10,
          // Long enough that SQS asks all of its servers.
          WaitTimeSeconds: 1,
          // They can be received again without delay, by a redrive for instance.
          VisibilityTimeout: 0,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.map(({ MessageId = '', Body = '', Attributes }) => ({
        messageId: MessageId,
        sentAt: Number(Attributes?.SentTimestamp ?? 0),
        body: Body.slice(0, MAX_BODY_SHOWN),
        bodyTruncated: Body.length > MAX_BODY_SHOWN,
      }));
    },

    redriveDeadLetters: (name, hasTime) => redriveMessages(sqs, urls[name].deadLetters, urls[name].queue, hasTime),
  };
}

async function measure(client: SQSClient, QueueUrl: string): Promise<QueueSize> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes?.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}
