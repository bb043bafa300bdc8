import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import {
  type Decision,
  type DeliverDeps,
  type DeliverReport,
  deliverBatch,
  type ReceivedMessage,
} from '../core/delivery/deliver.ts';
import {
  type DeleteTenantMessage,
  deleteTenantMessage,
  type ReleaseMessage,
  releaseMessage,
  WorkMessage,
} from '../core/delivery/queue-message.ts';
import { type ReleaseStore, releaseParked } from '../core/delivery/settle-parked.ts';
import { continueRemoval, type RemovalPorts } from '../core/subscription/tenant-removal.ts';
import { METRICS } from '../names.ts';

export interface DeliverHandlerDeps extends Omit<DeliverDeps, 'report' | 'store'>, Telemetry {
  store: DeliverDeps['store'] & ReleaseStore & RemovalPorts['subscriptions'];
  sqs: SQSClient;
  retriesQueueUrl: string;
  retriesQueueArn: string;
}

/** Time kept back for what follows the last page of parked deliveries that is begun. */
const RESERVE_MS = 10_000;

/** The consumer of the deliveries queue and of the retries queue. */
export function createDeliverHandler(deps: DeliverHandlerDeps) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const deliveries: { record: SQSRecord; received: ReceivedMessage }[] = [];
    const failed: string[] = [];
    const releases: Promise<unknown>[] = [];
    for (const record of event.Records) {
      const message = readMessage(deps, record);
      if (message === null) failed.push(record.messageId);
      else if (message.kind === 'release')
        releases.push(release(deps, context, message).catch((error) => fail(deps, failed, record, error)));
      else if (message.kind === 'delete_tenant')
        releases.push(removeTenant(deps, context, message).catch((error) => fail(deps, failed, record, error)));
      else deliveries.push({ record, received: describe(deps, record, message) });
    }
    const decisions =
      deliveries.length === 0
        ? []
        : await deliverBatch(
            { ...deps, report: (report) => note(deps, report) },
            deliveries.map(({ received }) => received),
          );
    await Promise.all(releases);
    const pairs = deliveries.map(({ record }, index) => ({
      record,
      decision: decisions[index] ?? { kind: 'fail' as const },
    }));
    await hide(deps, pairs);
    deps.counter.publish();
    failed.push(...pairs.filter(({ decision }) => decision.kind !== 'ack').map(({ record }) => record.messageId));
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Null for a message that is none of ours: it goes to the dead-letter queue in the end, which raises an alarm. */
function readMessage({ logger }: DeliverHandlerDeps, { messageId, body }: SQSRecord): WorkMessage | null {
  try {
    return WorkMessage.parse(JSON.parse(body));
  } catch (error) {
    logger.error('a message cannot be read', {
      messageId,
      reason: error instanceof Error ? error.message : String(error),
    });
    return null;
  }
}

function describe(
  { retriesQueueArn }: DeliverHandlerDeps,
  { eventSourceARN, attributes }: SQSRecord,
  message: ReceivedMessage['message'],
): ReceivedMessage {
  return {
    message,
    fromRetries: eventSourceARN === retriesQueueArn,
    receivedBefore: Number(attributes.ApproximateReceiveCount) > 1,
  };
}

function release(deps: DeliverHandlerDeps, context: Context, message: ReleaseMessage): Promise<void> {
  return releaseParked({ ...deps, hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS }, message);
}

/** What does not fit in one invocation goes on as a message of its own. */
async function removeTenant(deps: DeliverHandlerDeps, context: Context, task: DeleteTenantMessage): Promise<void> {
  const { store, retries } = deps;
  const ports = {
    subscriptions: store,
    parked: {
      settle: (subscription: { tenantId: string; id: string }, fate: 'deliver' | 'discard', since: number | null) =>
        retries.send([releaseMessage(subscription, fate, since)]),
    },
  };
  const rest = await continueRemoval(ports, task, () => context.getRemainingTimeInMillis() > RESERVE_MS);
  if (rest !== null) await retries.send([deleteTenantMessage(rest)]);
}

function fail({ logger }: DeliverHandlerDeps, failed: string[], { messageId }: SQSRecord, error: unknown): void {
  logger.error('work on parked deliveries or a deleted tenant failed and will be repeated', asError(error));
  failed.push(messageId);
}

/** Messages that came too early, or whose attempt failed, wait on. One that cannot be hidden comes back by itself, and is looked at again. */
async function hide(
  { sqs, retriesQueueUrl, logger }: DeliverHandlerDeps,
  pairs: readonly { record: SQSRecord; decision: Decision }[],
) {
  const entries = pairs.flatMap(({ record, decision }, index) =>
    decision.kind === 'hide'
      ? [{ Id: String(index), ReceiptHandle: record.receiptHandle, VisibilityTimeout: decision.seconds }]
      : [],
  );
  if (entries.length === 0) return;
  try {
    const { Failed } = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: retriesQueueUrl, Entries: entries }),
    );
    // HTTP 200 can hide entries that were not changed.
    if (Failed !== undefined && Failed.length > 0) logger.warn('messages could not be hidden', { failed: Failed });
  } catch (error) {
    logger.warn('messages could not be hidden', asError(error));
  }
}

function note({ logger, counter }: DeliverHandlerDeps, report: DeliverReport): void {
  switch (report.kind) {
    case 'attempt': {
      const { delivery, attempt } = report;
      if (attempt.outcome === 'success') {
        counter.count(METRICS.attemptsSucceeded);
        return;
      }
      counter.count(METRICS.attemptsFailed);
      if (delivery.status === 'failed') counter.count(METRICS.deliveriesExhausted);
      const { tenantId, subscriptionId, eventId } = delivery;
      logger.info('an attempt failed', {
        tenantId,
        subscriptionId,
        eventId,
        attempt: attempt.number,
        outcome: attempt.outcome,
        status: attempt.response?.status,
        deliveryStatus: delivery.status,
      });
      return;
    }
    case 'disabled':
      logger.warn('a subscription was disabled', { tenantId: report.tenantId, subscriptionId: report.subscriptionId });
      counter.count(METRICS.subscriptionsDisabled);
      return;
    case 'error':
      logger.error('a delivery could not be handled and will be repeated', asError(report.error));
      return;
    default:
      report satisfies never;
  }
}
