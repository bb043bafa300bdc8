import { setTimeout as sleep } from 'node:timers/promises';
import {
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Outgoing, WorkQueue } from '../../core/delivery/queue-message.ts';
import { CLIENT_OPTIONS } from '../aws/client-options.ts';
import { createLeanCall, type LeanCall } from '../aws/lean-call.ts';

/** SQS takes ten messages a call, of 1 MiB together; some is kept for their attributes. */
const BATCH = 10;
const BATCH_BYTES = 1_000_000;
/** Calls under way at once: a fan-out to thousands must neither wait for each nor open a socket for each. */
const PARALLEL = 8;
const MAX_ROUNDS = 5;

/** Without the SDK's own check of each message's MD5, which costs CPU on every call: TLS protects a message on its way. */
export function createSqs(): Sqs {
  const client = new SQSClient({ ...CLIENT_OPTIONS, md5: false, maxAttempts: 6 });
  return { client, lean: createLeanCall(client, 'sqs') };
}

/** The way to the queues. */
export interface Sqs {
  client: SQSClient;
  /** For the call that every batch makes. */
  lean: LeanCall;
}

/** A queue entry before it has its id within a batch. */
export type QueueEntry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** Fair queues: one subscription's backlog must not hold up the others. */
export function createWorkQueue(queue: Sqs, queueUrl: string): WorkQueue {
  return {
    send: (messages) =>
      sendAll(
        queue,
        queueUrl,
        messages.map(({ message, delaySeconds }: Outgoing) => ({
          MessageBody: JSON.stringify(message),
          MessageGroupId: message.kind === 'delete_tenant' ? message.tenantId : message.subscriptionId,
          ...(delaySeconds > 0 ? { DelaySeconds: delaySeconds } : {}),
        })),
      ),
  };
}

/** Sends any number of messages; rejects unless all are durably queued (some may be, then). */
export async function sendAll(queue: Sqs, queueUrl: string, entries: readonly QueueEntry[]): Promise<void> {
  const batches = divide(entries);
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
      await sendBatch(queue, queueUrl, batch);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, batches.length) }, worker));
}

function divide(entries: readonly QueueEntry[]): QueueEntry[][] {
  const batches: QueueEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.MessageBody ?? '');
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === BATCH || bytes + size > BATCH_BYTES) {
      batches.push([entry]);
      bytes = size;
    } else {
      batch.push(entry);
      bytes += size;
    }
  }
  return batches;
}

async function sendBatch(queue: Sqs, queueUrl: string, batch: readonly QueueEntry[]): Promise<void> {
  let pending = batch.map((entry, index) => ({ ...entry, Id: String(index) }));
  for (let round = 0; ; round += 1) {
    const { Failed } = await sendOnce(queue, { QueueUrl: queueUrl, Entries: pending });
    // HTTP 200 can hide entries that were not taken.
    if (Failed === undefined || Failed.length === 0) return;
    const refused = Failed.find(({ SenderFault }) => SenderFault);
    if (refused !== undefined || round === MAX_ROUNDS) {
      const { Code, Message } = refused ?? Failed[0] ?? {};
      throw new QueueRefusedError(Code, Message);
    }
    const failed = new Set(Failed.map(({ Id }) => Id));
    pending = pending.filter(({ Id }) => failed.has(Id));
    await sleep(100 * 2 ** round);
  }
}

const LeanSent = z.object({
  Failed: z
    .array(z.object({ Id: z.string(), SenderFault: z.boolean(), Code: z.string(), Message: z.string().optional() }))
    .optional(),
});

async function sendOnce({ client, lean }: Sqs, batch: SendMessageBatchCommandInput): Promise<z.infer<typeof LeanSent>> {
  const quick = LeanSent.safeParse(await lean('SendMessageBatch', batch));
  return quick.success ? quick.data : LeanSent.parse(await client.send(new SendMessageBatchCommand(batch)));
}

/** SQS did not take a message. The work can be repeated later. */
export class QueueRefusedError extends Error {
  readonly code = 'queue_refused';
  constructor(code?: string, message?: string) {
    super(`SQS did not take a message: ${code ?? 'no code'}: ${message ?? 'no message'}`);
  }
}
