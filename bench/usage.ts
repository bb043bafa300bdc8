import { callsOf } from '../testing/tally.ts';
import { billedGbSeconds, type Usage } from './cost.ts';
import type { PhaseResult } from './phase.ts';

export interface Assumptions {
  memoryMib: number;
  retentionDays: number;
  receiverMs: number;
  awsCallMs: number;
}

const MONTH_DAYS = 30;

/** An invocation acknowledges its batch with one call, and has one batch: the mappings have no batch window. */
export function invocationsOf({ tally }: PhaseResult) {
  return {
    ingest: callsOf(tally, 'SQS DeleteMessageBatch events'),
    deliver: callsOf(tally, 'SQS DeleteMessageBatch deliveries') + callsOf(tally, 'SQS DeleteMessageBatch retries'),
  };
}

/** What a phase would have used in AWS. */
export function usageOf(phase: PhaseResult, assumptions: Assumptions): Usage {
  const { tally } = phase;
  const { ingest, deliver } = invocationsOf(phase);
  const invocations = ingest + deliver;
  const { memoryMib, receiverMs, awsCallMs, retentionDays } = assumptions;
  // Receiving and deleting is the event source mapping's, sending events the publisher's: neither keeps a function waiting.
  const handlersCalls = ['DynamoDB', 'SQS SendMessageBatch deliveries', 'SQS SendMessageBatch retries'];
  const awsCalls = handlersCalls.reduce((sum, prefix) => sum + callsOf(tally, prefix), 0);
  return {
    dynamodbWrite: tally.writeUnits,
    dynamodbRead: tally.readUnits,
    dynamodbStorage: (tally.storedBytes * retentionDays) / MONTH_DAYS,
    sqsRequest: tally.sqsRequests,
    // All messages carry a MessageGroupId.
    sqsFairRequest: tally.sqsRequests,
    lambdaRequest: invocations,
    lambdaDuration: billedGbSeconds({
      cpuMs: phase.cpuMs,
      deliverInvocations: deliver,
      receiverMs,
      awsCalls,
      awsCallMs,
      invocations,
      memoryMib,
    }),
    // Lambda writes no line of its own about an invocation that succeeds: the stack says so.
    logs: phase.logBytes,
    transferOut: phase.receivedBytes,
  };
}
