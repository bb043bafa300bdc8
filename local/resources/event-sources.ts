import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { z } from 'zod';
import type { AwsCall } from '../../functions/adapters/aws/calls.ts';
import { messageOf, StartError } from '../errors.ts';
import { REGION } from '../template/names.ts';
import type { ResourceType } from '../template/resource-type.ts';
import type { Stack } from '../template/stack.ts';
import { functionNamed } from './functions/function.ts';
import type { FunctionSpec } from './functions/handler-protocol.ts';
import { FunctionError, type Invoke } from './functions/handlers.ts';
import { QUEUE } from './queues.ts';

export const MAPPING = {
  type: 'AWS::Lambda::EventSourceMapping',
  schema: z.strictObject({
    EventSourceArn: z.string(),
    FunctionName: z.string(),
    // What one receive can give: larger batches need a batching window.
    BatchSize: z.number().max(10),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.number() }),
    FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  }),
} satisfies ResourceType;

/** An event source mapping of the stack. */
export interface Mapping {
  queueUrl: string;
  queueArn: string;
  functionName: string;
  batchSize: number;
  maxConcurrency: number;
}

export function readMappings(stack: Stack, functions: readonly FunctionSpec[]): Mapping[] {
  const queues = stack.all(QUEUE);
  return stack.all(MAPPING).map(({ properties }) => {
    const queue = queues.find(({ arn }) => arn === properties.EventSourceArn);
    if (!queue) {
      throw new StartError(
        `An event source mapping reads ${properties.EventSourceArn}, which is no queue of the stack.`,
      );
    }
    return {
      queueUrl: queue.ref,
      queueArn: queue.arn,
      functionName: functionNamed(properties.FunctionName, functions),
      batchSize: properties.BatchSize,
      maxConcurrency: properties.ScalingConfig.MaximumConcurrency,
    };
  });
}

export interface Poller {
  /** Receives no more, and waits for the invocations that run. */
  stop(): Promise<void>;
}

export interface PollerOptions {
  mapping: Mapping;
  sqs: AwsCall;
  invoke: Invoke;
  say: (line: string) => void;
}

/**
 * Short, so that stopping needs no abort: an emulator goes on waiting for a receiver that hung up, and hands it the next
 * messages, which are then lost until their visibility timeout ends.
 */
const LONG_POLL_SECONDS = 1;
const ERROR_PAUSE_MS = 1_000;

/**
 * What Lambda does for an event source mapping. One loop receives and batches are dispatched beside it: with several
 * receivers each message sent wakes them all, and the losers return empty.
 */
export function startPoller({ mapping, sqs, invoke, say }: PollerOptions): Poller {
  let stopping = false;
  const running = new Set<Promise<void>>();

  async function receive(): Promise<Message[]> {
    const asked = {
      QueueUrl: mapping.queueUrl,
      MaxNumberOfMessages: mapping.batchSize,
      WaitTimeSeconds: LONG_POLL_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    // Once: messages whose answer was lost are hidden, and a second receive would bring others.
    return Received.parse(await sqs('ReceiveMessage', asked, { tries: 1 })).Messages;
  }

  async function dispatch(batch: Message[]): Promise<void> {
    try {
      const records = batch.map((message) => toRecord(message, mapping.queueArn));
      const answer = await invoke(mapping.functionName, { Records: records });
      const failed = failedIds(answer, records);
      if (failed === undefined) {
        say(`${mapping.functionName} answered with batch item failures that make no sense: the whole batch comes back`);
        return;
      }
      // What failed stays hidden until its own visibility timeout ends, which the function may have changed.
      const done = batch.filter(({ MessageId }) => !failed.has(MessageId));
      if (done.length === 0) return;
      const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs('DeleteMessageBatch', { QueueUrl: mapping.queueUrl, Entries });
    } catch (error) {
      // The batch comes back by itself; that a function failed has been said where it ran.
      if (!(error instanceof FunctionError)) say(`A batch of ${mapping.functionName} failed: ${messageOf(error)}`);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      if (running.size >= mapping.maxConcurrency) {
        await Promise.race(running);
        continue;
      }
      try {
        const batch = await receive();
        if (batch.length === 0) continue;
        const work: Promise<void> = dispatch(batch).finally(() => running.delete(work));
        running.add(work);
      } catch (error) {
        if (stopping) return;
        say(`Receiving for ${mapping.functionName} failed: ${messageOf(error)}`);
        await sleep(ERROR_PAUSE_MS);
      }
    }
  }

  const looping = loop();
  return {
    async stop() {
      stopping = true;
      await looping;
      await Promise.all(running);
    },
  };
}

/**
 * The ids that the function reports as failed, or undefined if the answer counts as a failure of the whole batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: nothing at all, null and an empty list are
 * complete successes; an empty, absent or unknown id, a key of another name, or a string for a list are complete failures.
 */
export function failedIds(answer: unknown, records: SQSRecord[]): Set<string> | undefined {
  const parsed = BatchAnswer.safeParse(answer);
  if (!parsed.success) return undefined;
  const failed = new Set(parsed.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(records.map(({ messageId }) => messageId));
  return failed.isSubsetOf(known) ? failed : undefined;
}

const BatchAnswer = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullish();

function toRecord(message: Message, queueArn: string): SQSRecord {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: toAttributes(message.MessageAttributes),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}

/** Of the publishers' attributes only text has a meaning. */
function toAttributes(attributes: Message['MessageAttributes']): SQSMessageAttributes {
  const named = Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
    name,
    { dataType: DataType, stringValue: StringValue },
  ]);
  return Object.fromEntries(named);
}

const Message = z.object({
  MessageId: z.string(),
  ReceiptHandle: z.string(),
  Body: z.string(),
  MD5OfBody: z.string().default(''),
  Attributes: z.looseObject({
    ApproximateReceiveCount: z.string(),
    SentTimestamp: z.string(),
    SenderId: z.string(),
    ApproximateFirstReceiveTimestamp: z.string(),
  }),
  MessageAttributes: z
    .record(z.string(), z.object({ DataType: z.string(), StringValue: z.string().optional() }))
    .default({}),
});
type Message = z.output<typeof Message>;
const Received = z.object({ Messages: z.array(Message).default([]) });
