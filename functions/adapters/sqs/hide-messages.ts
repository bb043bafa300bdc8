import * as z from 'zod';
import type { AwsCall } from '../aws/calls.ts';

/** A message that was received, and for how long it is to be hidden (0 to 43,200 s). */
interface HiddenMessage {
  receiptHandle: string;
  seconds: number;
}

const Changed = z.object({ Failed: z.array(z.unknown()).default([]) });

/** Changes when up to ten messages become visible again. Gives for how many it could not: HTTP 200 can hide entries that were not changed. */
export async function hideMessages(
  sqs: AwsCall,
  queueUrl: string,
  messages: readonly HiddenMessage[],
): Promise<number> {
  const entries = messages.map(({ receiptHandle, seconds }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
    VisibilityTimeout: seconds,
  }));
  const input = { QueueUrl: queueUrl, Entries: entries };
  return Changed.parse(await sqs('ChangeMessageVisibilityBatch', input)).Failed.length;
}
