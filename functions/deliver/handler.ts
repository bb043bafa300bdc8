import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { AwsCall } from '../adapters/aws/calls.ts';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { hideMessages } from '../adapters/sqs/hide-messages.ts';
import type { DeliverReport, RecordedWrite } from '../core/delivery/commit.ts';
import { type DeliverDeps, deliverBatch } from '../core/delivery/deliver.ts';
import { WorkMessage } from '../core/delivery/queue-message.ts';
import type { Decision, ReceivedMessage } from '../core/delivery/received-message.ts';
import { type SettleParkedPorts, settleParked } from '../core/delivery/settle-parked.ts';
import { traceIdOf } from '../core/event/traceparent.ts';
import { countWrites } from '../core/stats/counters.ts';
import type { StatsStore } from '../core/stats/stats-store.ts';
import { tellCounted } from '../core/system-event/counted.ts';
import { METRICS } from '../names.ts';
import { measureDelivery } from './measure-delivery.ts';

export interface DeliverHandlerDeps extends Omit<DeliverDeps, 'report' | 'store' | 'remainingMs'>, Telemetry {
  store: DeliverDeps['store'] & SettleParkedPorts['store'];
  goOn: SettleParkedPorts['goOn'];
  /** Null: nothing is counted. */
  stats: Pick<StatsStore, 'putRecord'> | null;
  sqs: AwsCall;
  deliveriesQueueUrl: string;
  retriesQueueUrl: string;
  retriesQueueArn: string;
}

interface ReceivedRecord {
  record: SQSRecord;
  received: ReceivedMessage;
}

/** The consumer of the deliveries queue and of the retries queue. */
export function createDeliverHandler(deps: DeliverHandlerDeps) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const deliveries: ReceivedRecord[] = [];
    const failed: string[] = [];
    const others: Promise<unknown>[] = [];
    for (const record of event.Records) {
      const message = readMessage(deps, record);
      if (message === null) failed.push(record.messageId);
      else if (message.kind === 'settle_parked')
        others.push(
          settleParked(deps, message).catch((error) => {
            const { tenantId, subscriptionId } = message;
            fail(deps, failed, record, error, { tenantId, subscriptionId });
          }),
        );
      else if (message.kind === 'tell_counted')
        others.push(tellCounted(deps.systemEvents, message).catch((error) => fail(deps, failed, record, error)));
      else deliveries.push({ record, received: describe(deps, record, message) });
    }
    const [unfinished] = await Promise.all([deliver(deps, context, deliveries), ...others]);
    deps.counter.publish();
    return { batchItemFailures: [...failed, ...unfinished].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Returns the ids of the messages that stay in their queue. */
async function deliver(
  deps: DeliverHandlerDeps,
  context: Context,
  deliveries: readonly ReceivedRecord[],
): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const recorded: RecordedWrite[] = [];
  const ports = {
    ...deps,
    remainingMs: () => context.getRemainingTimeInMillis(),
    report: (report: DeliverReport) => {
      if (report.kind === 'recorded') recorded.push(report);
      note(deps, report);
    },
  };
  const decisions = await deliverBatch(
    ports,
    deliveries.map(({ received }) => received),
  );
  const decided = deliveries.map((one, index) => ({ ...one, decision: decisions[index] ?? { kind: 'fail' as const } }));
  await Promise.all([hide(deps, decided), count(deps, recorded)]);
  return decided.filter(({ decision }) => decision.kind !== 'ack').map(({ record }) => record.messageId);
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

function fail(
  { logger }: DeliverHandlerDeps,
  failed: string[],
  { messageId }: SQSRecord,
  error: unknown,
  about: { tenantId: string; subscriptionId: string } | null = null,
): void {
  logger.error('work that is no attempt failed and will be repeated', { ...about, error: asError(error) });
  failed.push(messageId);
}

/** Messages that wait on. One that cannot be hidden comes back when its visibility timeout ends, and is looked at again. */
async function hide(
  { sqs, deliveriesQueueUrl, retriesQueueUrl, logger }: DeliverHandlerDeps,
  decided: readonly (ReceivedRecord & { decision: Decision })[],
): Promise<void> {
  const entries = decided.flatMap(({ record, received, decision }) =>
    decision.kind === 'hide'
      ? [
          {
            queueUrl: received.fromRetries ? retriesQueueUrl : deliveriesQueueUrl,
            entry: { receiptHandle: record.receiptHandle, seconds: decision.seconds },
          },
        ]
      : [],
  );
  await Promise.all(
    [...Map.groupBy(entries, ({ queueUrl }) => queueUrl)].map(async ([queueUrl, group]) => {
      try {
        const failed = await hideMessages(
          sqs,
          queueUrl,
          group.map(({ entry }) => entry),
        );
        if (failed > 0) logger.warn('messages could not be hidden', { failed });
      } catch (error) {
        logger.warn('messages could not be hidden', asError(error));
      }
    }),
  );
}

/** One write for the batch. What cannot be counted is dropped: a delivery does not wait for it. */
async function count({ stats, logger, now }: DeliverHandlerDeps, recorded: readonly RecordedWrite[]): Promise<void> {
  const counted = countWrites(recorded);
  if (stats === null || counted.length === 0) return;
  try {
    await stats.putRecord(now(), counted);
  } catch (error) {
    logger.warn('statistics were lost', { counted, error: asError(error) });
  }
}

function note({ logger, counter }: DeliverHandlerDeps, report: DeliverReport): void {
  switch (report.kind) {
    case 'recorded': {
      const { delivery, made } = report;
      measureDelivery(counter, report);
      if (made === null || made.result.outcome === 'success') return;
      const { tenantId, subscriptionId, eventId } = delivery;
      logger.info('an attempt failed', {
        tenantId,
        subscriptionId,
        eventId,
        traceId: traceIdOf(made.traceparent),
        attempt: delivery.attempts.find(({ id }) => id === made.id)?.number,
        outcome: made.result.outcome,
        status: made.result.response?.status,
        deliveryStatus: delivery.status,
      });
      return;
    }
    case 'deactivated':
      logger.warn('a subscription was deactivated', {
        tenantId: report.tenantId,
        subscriptionId: report.subscriptionId,
      });
      counter.count(METRICS.subscriptionsDisabled);
      return;
    case 'breaker':
      logger.warn(report.state === 'open' ? 'a breaker has opened' : 'a breaker has closed', {
        tenantId: report.tenantId,
        subscriptionId: report.subscriptionId,
      });
      if (report.state === 'open') counter.count(METRICS.breakersOpened);
      return;
    case 'error': {
      const { tenantId, subscriptionId, eventId } = report.about;
      const about = { tenantId, subscriptionId, eventId, error: asError(report.error) };
      logger.error('a delivery could not be handled and will be repeated', about);
      return;
    }
    default:
      report satisfies never;
  }
}
