import { setTimeout as sleep } from 'node:timers/promises';
import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { groupOf, type WorkQueue } from '../../core/delivery/queue-message.ts';
import type { PublishedBody } from '../../core/event/republish.ts';
import { PartialFailure } from '../../core/partial-failure.ts';
import { TRACE_ATTRIBUTE } from '../../names.ts';
import type { AwsCall, CallOptions } from '../aws/calls.ts';
import { madeIdAttribute, originAttributes } from './origin.ts';

/** SQS takes ten messages a call, of 1 MiB together; some is kept for their attributes. */
const BATCH = 10;
const BATCH_BYTES = 1_000_000;
/** Calls under way at the same time: a fan-out to thousands must neither wait for each nor open a socket for each. */
const PARALLEL = 8;
const MAX_ROUNDS = 5;

/** A queue entry before it has its id within a batch. */
export type QueueEntry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/** Fair queues: one subscription's backlog must not hold up the others. */
export function createWorkQueue(sqs: AwsCall, queueUrl: string): WorkQueue {
  return {
    send: (messages) =>
      sendAll(sqs, queueUrl, messages, ({ message, delaySeconds }) => ({
        MessageBody: JSON.stringify(message),
        MessageGroupId: groupOf(message),
        ...(delaySeconds > 0 ? { DelaySeconds: delaySeconds } : {}),
      })),
  };
}

/** The way into the events queue. Fair queues: one tenant's burst must not hold up the others. */
export function createPublish(sqs: AwsCall, eventsQueueUrl: string) {
  return (messages: readonly PublishedBody[]): Promise<void> =>
    sendAll(sqs, eventsQueueUrl, messages, ({ tenantId, body, ...about }, isRepeated) => ({
      MessageBody: body,
      MessageGroupId: tenantId,
      ...publishAttributes(about, isRepeated),
    }));
}

/** Most messages have none. */
function publishAttributes(
  { origin, idMade, traceparent }: Omit<PublishedBody, 'tenantId' | 'body'>,
  isRepeated: boolean,
): Pick<QueueEntry, 'MessageAttributes'> {
  const attributes = {
    ...(origin !== undefined && originAttributes(origin)),
    ...(idMade !== undefined && madeIdAttribute(isRepeated ? 'again' : idMade)),
    ...(traceparent !== undefined && { [TRACE_ATTRIBUTE]: { DataType: 'String', StringValue: traceparent } }),
  };
  return Object.keys(attributes).length > 0 ? { MessageAttributes: attributes } : {};
}

/** What SQS gets of a message. `isRepeated`: SQS may have it already, though no answer said so. */
type ToEntry<Message> = (message: Message, isRepeated: boolean) => QueueEntry;

/** Why a message was not sent. */
type Failures<Message> = Map<Message, unknown>;

/** Sends any number of messages. Tries each; rejects with a `PartialFailure` unless all are durably queued. */
export async function sendAll<Message>(
  sqs: AwsCall,
  queueUrl: string,
  messages: readonly Message[],
  toEntry: ToEntry<Message>,
): Promise<void> {
  const failures: Failures<Message> = new Map();
  const batches = divide(messages, toEntry);
  const worker = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
      await sendBatch(sqs, queueUrl, batch, toEntry, failures);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, batches.length) }, worker));
  const unsent = messages.filter((message) => failures.has(message));
  const [first] = unsent;
  if (first !== undefined) throw new PartialFailure(unsent, messages.length, failures.get(first));
}

/** A message, and what SQS gets of it at first. */
interface Outbound<Message> {
  message: Message;
  entry: QueueEntry;
}

function divide<Message>(messages: readonly Message[], toEntry: ToEntry<Message>): Outbound<Message>[][] {
  const batches: Outbound<Message>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const one = { message, entry: toEntry(message, false) };
    const size = Buffer.byteLength(one.entry.MessageBody ?? '');
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === BATCH || bytes + size > BATCH_BYTES) {
      batches.push([one]);
      bytes = size;
    } else {
      batch.push(one);
      bytes += size;
    }
  }
  return batches;
}

/** Never throws: what could not be sent is noted in `failures`. */
async function sendBatch<Message>(
  sqs: AwsCall,
  queueUrl: string,
  batch: readonly Outbound<Message>[],
  toEntry: ToEntry<Message>,
  failures: Failures<Message>,
): Promise<void> {
  let pending = batch.map(({ message, entry }, index) => ({ message, entry: { ...entry, Id: String(index) } }));
  const again = (): void => {
    pending = pending.map(({ message, entry: { Id } }) => ({ message, entry: { ...toEntry(message, true), Id } }));
  };
  for (let round = 0; pending.length > 0; round += 1) {
    if (round > 0) {
      await sleep(100 * 2 ** (round - 1));
      again();
    }
    try {
      const send = async (options?: CallOptions) =>
        Sent.parse(
          await sqs('SendMessageBatch', { QueueUrl: queueUrl, Entries: pending.map(({ entry }) => entry) }, options),
        );
      const { Failed } = await (round > 0
        ? send()
        : send({ tries: 1 }).catch(() => {
            again();
            return send();
          }));
      // HTTP 200 can hide entries that were not taken.
      const faults = new Map(Failed.map((fault) => [fault.Id, fault]));
      pending = pending.filter(({ message, entry }) => {
        const fault = faults.get(entry.Id);
        if (fault === undefined) return false;
        if (!fault.SenderFault && round < MAX_ROUNDS) return true;
        failures.set(message, new QueueRefusedError(fault.Code, fault.Message));
        return false;
      });
    } catch (error) {
      for (const { message } of pending) failures.set(message, error);
      return;
    }
  }
}

const Sent = z.object({
  Failed: z
    .array(z.object({ Id: z.string(), SenderFault: z.boolean(), Code: z.string(), Message: z.string().optional() }))
    .default([]),
});

/** SQS did not take a message. The work can be repeated later. */
export class QueueRefusedError extends Error {
  readonly code = 'queue_refused';
  constructor(code?: string, message?: string) {
    super(`SQS did not take a message: ${code ?? 'no code'}: ${message ?? 'no message'}`);
  }
}
