import { Logger } from '@aws-lambda-powertools/logger';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Telemetry } from '../../functions/adapters/lambda/telemetry.ts';

export const context = (remainingMs = 30_000): Context => ({
  awsRequestId: 'request',
  callbackWaitsForEmptyEventLoop: true,
  functionName: 'test',
  functionVersion: '$LATEST',
  getRemainingTimeInMillis: () => remainingMs,
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test',
  logGroupName: 'group',
  logStreamName: 'stream',
  memoryLimitInMB: '256',
  done: () => {},
  fail: () => {},
  succeed: () => {},
});

/** A batch as Lambda hands it to a function. */
export function sqsEvent(
  ...records: (Partial<SQSRecord> & { body: string; receiveCount?: number; sentAt?: number })[]
): SQSEvent {
  return {
    Records: records.map(({ receiveCount = 1, sentAt = Date.now(), ...record }, index) => ({
      messageId: `message-${index}`,
      receiptHandle: `receipt-${index}`,
      attributes: {
        ApproximateReceiveCount: String(receiveCount),
        SentTimestamp: String(sentAt),
        SenderId: 'sender',
        ApproximateFirstReceiveTimestamp: String(sentAt),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:deliveries',
      awsRegion: 'us-east-1',
      ...record,
    })),
  };
}

/** Telemetry that keeps what it is told. */
export function recordTelemetry(): Telemetry & {
  counts: Record<string, number>;
  measures: Record<string, number[]>;
  published: number;
  lines: string[];
} {
  const recorded = {
    counts: {} as Record<string, number>,
    measures: {} as Record<string, number[]>,
    published: 0,
    lines: [] as string[],
    logger: new Logger({ logLevel: 'DEBUG' }),
    counter: {
      count: (name: string, by = 1) => {
        recorded.counts[name] = (recorded.counts[name] ?? 0) + by;
      },
      measure: (name: string, value: number) => {
        recorded.measures[name] = [...(recorded.measures[name] ?? []), value];
      },
      publish: () => {
        recorded.published += 1;
      },
    },
  };
  // The logger writes through a console of its own; what it would have printed is what must hold no secret.
  Reflect.set(recorded.logger, 'console', keeping(recorded.lines));
  return recorded;
}

function keeping(lines: string[]): Pick<Console, 'debug' | 'info' | 'warn' | 'error' | 'log'> {
  const keep = (line: string): void => void lines.push(line);
  return { debug: keep, info: keep, warn: keep, error: keep, log: keep };
}
