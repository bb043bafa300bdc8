import { CreateQueueCommand, ListQueuesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { ACCOUNT_ID, arn, nameOf } from '../template/names.ts';
import { number, type ResourceType } from '../template/resource-type.ts';
import type { Resource } from '../template/stack.ts';

export const QUEUE = {
  type: 'AWS::SQS::Queue',
  schema: z.strictObject({
    QueueName: z.string().optional(),
    VisibilityTimeout: number.optional(),
    DelaySeconds: number.optional(),
    MaximumMessageSize: number.optional(),
    MessageRetentionPeriod: number.optional(),
    ReceiveMessageWaitTimeSeconds: number.optional(),
    RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: number }).optional(),
  }),
  withoutMeaning: [
    'RedriveAllowPolicy',
    'KmsMasterKeyId',
    'KmsDataKeyReusePeriodSeconds',
    'SqsManagedSseEnabled',
    'Tags',
  ],
  attributes(id, { QueueName }, naming) {
    const name = nameOf(QueueName, id, naming);
    return { ref: `${naming.sqsEndpoint}/${ACCOUNT_ID}/${name}`, Arn: arn('sqs', name), QueueName: name };
  },
} satisfies ResourceType;

export type Queue = Resource<typeof QUEUE.schema>;

/** Creates the queues, or brings those that are there to what the stack says. Messages stay. */
export async function provisionQueues(sqs: SQSClient, queues: readonly Queue[]): Promise<void> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ MaxResults: 1000 }));
  const existing = new Set(QueueUrls.map((url) => url.split('/').at(-1)));
  for (const { name } of queues) {
    if (!existing.has(name)) await sqs.send(new CreateQueueCommand({ QueueName: name }));
  }
  // Afterwards, because a redrive policy names a queue that has to be there.
  for (const { ref: url, properties } of queues) {
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: queueAttributes(properties) }));
  }
}

/** Every attribute, with SQS's defaults for those that the stack does not set: an earlier version may have set them. */
function queueAttributes(properties: Queue['properties']): Record<string, string> {
  return {
    VisibilityTimeout: String(properties.VisibilityTimeout ?? 30),
    DelaySeconds: String(properties.DelaySeconds ?? 0),
    MaximumMessageSize: String(properties.MaximumMessageSize ?? 1_048_576),
    MessageRetentionPeriod: String(properties.MessageRetentionPeriod ?? 345_600),
    ReceiveMessageWaitTimeSeconds: String(properties.ReceiveMessageWaitTimeSeconds ?? 0),
    RedrivePolicy: properties.RedrivePolicy ? JSON.stringify(properties.RedrivePolicy) : '',
  };
}
