import { z } from 'zod';
import type { AwsCall } from '../../functions/adapters/aws/calls.ts';
import { ACCOUNT_ID, arn, nameOf } from '../template/names.ts';
import type { ResourceType } from '../template/resource-type.ts';
import type { Resource } from '../template/stack.ts';

export const QUEUE = {
  type: 'AWS::SQS::Queue',
  // SQS's own defaults: an earlier version of the stack may have set what this one does not.
  schema: z.strictObject({
    VisibilityTimeout: z.number().default(30),
    MessageRetentionPeriod: z.number().default(345_600),
    ReceiveMessageWaitTimeSeconds: z.number().default(0),
    RedrivePolicy: z
      .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() })
      .transform((policy) => JSON.stringify(policy))
      .default(''),
  }),
  withoutMeaning: ['SqsManagedSseEnabled', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds'],
  attributes(id, naming) {
    const name = nameOf(id, naming);
    return { ref: `${naming.sqsEndpoint}/${ACCOUNT_ID}/${name}`, Arn: arn('sqs', name), QueueName: name };
  },
} satisfies ResourceType;

export type Queue = Resource<typeof QUEUE.schema>;

/** Creates the queues, or brings those that are there to what the stack says. Messages stay. */
export async function provisionQueues(sqs: AwsCall, queues: readonly Queue[]): Promise<void> {
  // Without attributes it changes nothing in a queue that is there.
  for (const { name } of queues) await sqs('CreateQueue', { QueueName: name });
  // Afterwards, because a redrive policy names a queue that has to be there.
  for (const { ref: url, properties } of queues) {
    const Attributes = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));
    await sqs('SetQueueAttributes', { QueueUrl: url, Attributes });
  }
}
