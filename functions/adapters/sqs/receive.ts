import type { ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { AwsCall } from '../aws/calls.ts';

const Message = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  Body: z.string().default(''),
  Attributes: z.record(z.string(), z.string()).default({}),
  MessageAttributes: z.record(z.string(), z.object({ StringValue: z.string().optional() })).default({}),
});
export type Message = z.infer<typeof Message>;

const Received = z.object({ Messages: z.array(Message).default([]) });

/** Up to ten messages of a queue. */
export async function receiveMessages(sqs: AwsCall, input: ReceiveMessageCommandInput): Promise<Message[]> {
  return Received.parse(await sqs('ReceiveMessage', input)).Messages;
}
