import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import type { Outgoing, WorkQueue } from '../core/queue-message.ts';

/** SQS takes ten messages a call, of 1 MiB together; some is kept for their attributes. */
const BATCH = 10;
const BATCH_BYTES = 1_000_000;
/** Calls under way at once: a fan-out to thousands must neither wait for each nor open a socket for each. */
const PARALLEL = 8;
const MAX_ROUNDS = 5;

/** The SDK's own check of each message's MD5 costs more CPU than the rest of the call; TLS protects it on its way. */
export function createSqsClient(): SQSClient {
  return new SQSClient({ md5: false, maxAttempts: 6 });
}

/** A queue entry before it has its id within a batch. */
export type QueueEntry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** Fair queues: one subscription's backlog must not hold up the others. */
export function createWorkQueue(client: SQSClient, queueUrl: string): WorkQueue {
  return {
    send: (messages) =>
      sendAll(
        client,
        queueUrl,
        messages.map(({ message, delaySeconds }: Outgoing) => ({
          MessageBody: JSON.stringify(message),
          MessageGroupId: message.subscriptionId,
          ...(delaySeconds > 0 ? { DelaySeconds: delaySeconds } : {}),
        })),
      ),
  };
}

/** Sends any number of messages; rejects unless all are durably queued (some may be, then). */
export async function sendAll(client: SQSClient, queueUrl: string, entries: readonly QueueEntry[]): Promise<void> {
  const batches = divide(entries);
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
      await sendBatch(client, queueUrl, batch);
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

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly QueueEntry[]): Promise<void> {
  let pending = batch.map((entry, index) => ({ ...entry, Id: String(index) }));
  for (let round = 0; ; round += 1) {
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: pending }));
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

/** SQS did not take a message. The work can be repeated later. */
export class QueueRefusedError extends Error {
  readonly code = 'queue_refused';
  constructor(code?: string, message?: string) {
    super(`SQS did not take a message: ${code ?? 'no code'}: ${message ?? 'no message'}`);
  }
}
