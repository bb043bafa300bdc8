import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { z } from 'zod';
import { messageOf, StartError } from '../errors.ts';
import { number, type ResourceType } from '../template/resource-type.ts';
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
    Enabled: z.boolean().default(true),
    BatchSize: number.default(10),
    MaximumBatchingWindowInSeconds: number.default(0),
    ScalingConfig: z.strictObject({ MaximumConcurrency: number }).optional(),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  }),
  withoutMeaning: ['Tags'],
} satisfies ResourceType;

/** Concurrency of a mapping that sets none: what Lambda itself starts with. */
const DEFAULT_CONCURRENCY = 5;

/** An event source mapping of the stack. */
export interface Mapping {
  queueUrl: string;
  queueArn: string;
  functionName: string;
  batchSize: number;
  windowSeconds: number;
  maxConcurrency: number;
  /** `ReportBatchItemFailures`: the function's answer names the messages that failed. */
  partialFailures: boolean;
}

/** The mappings that are enabled. */
export function readMappings(stack: Stack, functions: readonly FunctionSpec[]): Mapping[] {
  const queues = stack.all(QUEUE);
  const enabled = stack.all(MAPPING).filter(({ properties }) => properties.Enabled);
  return enabled.map(({ properties }) => {
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
      windowSeconds: properties.MaximumBatchingWindowInSeconds,
      maxConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
      partialFailures: properties.FunctionResponseTypes.length > 0,
    };
  });
}

export interface Poller {
  /** Receives no more, and waits for the invocations that run. */
  stop(): Promise<void>;
}

export interface PollerOptions {
  mapping: Mapping;
  sqs: SQSClient;
  region: string;
  invoke: Invoke;
  say: (line: string) => void;
}

const RECEIVE_LIMIT = 10;
/**
 * Short, so that stopping needs no abort: an emulator goes on waiting for a receiver that hung up, and hands it the next
 * messages, which are then lost until their visibility timeout ends.
 */
const LONG_POLL_SECONDS = 1;
const WINDOW_POLL_MS = 50;
const ERROR_PAUSE_MS = 1_000;

/**
 * What Lambda does for an event source mapping. One loop receives and batches are dispatched beside it: with several
 * receivers each message sent wakes them all, and the losers return empty.
 */
export function startPoller({ mapping, sqs, region, invoke, say }: PollerOptions): Poller {
  let stopping = false;
  const running = new Set<Promise<void>>();

  async function receive(limit: number, waitSeconds: number): Promise<Message[]> {
    const answer = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: mapping.queueUrl,
        MaxNumberOfMessages: Math.min(limit, RECEIVE_LIMIT),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    return answer.Messages ?? [];
  }

  /** The window opens with the first message, and closes when the batch is full or the time is over. */
  async function collect(): Promise<Message[]> {
    const batch = await receive(mapping.batchSize, LONG_POLL_SECONDS);
    if (batch.length === 0) return batch;
    const closesAt = performance.now() + mapping.windowSeconds * 1000;
    try {
      while (!stopping && batch.length < mapping.batchSize) {
        const leftMs = closesAt - performance.now();
        if (leftMs <= 0) break;
        const more = await receive(mapping.batchSize - batch.length, leftMs >= 1000 ? 1 : 0);
        batch.push(...more);
        if (more.length === 0 && leftMs < 1000) await sleep(Math.min(WINDOW_POLL_MS, leftMs));
      }
    } catch (error) {
      say(`Receiving for ${mapping.functionName} failed: ${messageOf(error)}`);
    }
    return batch;
  }

  async function dispatch(batch: Message[]): Promise<void> {
    try {
      const records = batch.map((message) => toRecord(message, mapping.queueArn, region));
      const answer = await invoke(mapping.functionName, { Records: records });
      const failed = mapping.partialFailures ? failedIds(answer, records) : new Set<string>();
      if (failed === undefined) {
        say(`${mapping.functionName} answered with batch item failures that make no sense: the whole batch comes back`);
        return;
      }
      // What failed stays hidden until its own visibility timeout ends, which the function may have changed.
      await remove(batch.filter((message) => !failed.has(message.MessageId ?? '')));
    } catch (error) {
      // The batch comes back by itself; that a function failed has been said where it ran.
      if (!(error instanceof FunctionError)) say(`A batch of ${mapping.functionName} failed: ${messageOf(error)}`);
    }
  }

  async function remove(messages: Message[]): Promise<void> {
    for (let start = 0; start < messages.length; start += RECEIVE_LIMIT) {
      const entries = messages
        .slice(start, start + RECEIVE_LIMIT)
        .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: mapping.queueUrl, Entries: entries }));
    }
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      if (running.size >= mapping.maxConcurrency) {
        await Promise.race(running);
        continue;
      }
      try {
        const batch = await collect();
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
  const known = z.enum(records.map((record) => record.messageId));
  const parsed = z
    .object({ batchItemFailures: z.array(z.object({ itemIdentifier: known })).nullish() })
    .nullish()
    .safeParse(answer);
  if (!parsed.success) return undefined;
  return new Set(parsed.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
}

function toRecord(message: Message, queueArn: string, region: string): SQSRecord {
  const { ApproximateReceiveCount, SentTimestamp, SenderId, ApproximateFirstReceiveTimestamp } =
    message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ...message.Attributes,
      ApproximateReceiveCount: ApproximateReceiveCount ?? '1',
      SentTimestamp: SentTimestamp ?? '0',
      SenderId: SenderId ?? '',
      ApproximateFirstReceiveTimestamp: ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: toAttributes(message.MessageAttributes ?? {}),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function toAttributes(attributes: Record<string, MessageAttributeValue>): SQSMessageAttributes {
  const named = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      dataType: DataType ?? 'String',
      ...(StringValue !== undefined && { stringValue: StringValue }),
      ...(BinaryValue !== undefined && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
    },
  ]);
  return Object.fromEntries(named);
}
