import { setImmediate } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { AwsCall } from '../adapters/aws/calls.ts';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { hideMessages } from '../adapters/sqs/hide-messages.ts';
import type { Event } from '../core/event/event.ts';
import { MadeId, type MessageOrigin } from '../core/event/parse-message.ts';
import { traceIdOf } from '../core/event/traceparent.ts';
import { type IngestDeps, type IngestReport, ingestBatch } from '../core/ingest/ingest.ts';
import { MADE_ID_ATTRIBUTE, METRICS, ORIGIN_ATTRIBUTES, TRACE_ATTRIBUTE } from '../names.ts';

export interface IngestHandlerDeps extends Omit<IngestDeps, 'hasTime' | 'pause' | 'report'>, Telemetry {
  sqs: AwsCall;
  eventsQueueUrl: string;
}

/** Time kept back for what follows the last page of subscriptions that is begun. */
const RESERVE_MS = 8_000;

/** The events queue's consumer. Only faults of ours fail a message; bad messages become rejected-event records. */
export function createIngestHandler(deps: IngestHandlerDeps) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const { retry, continue: unfinished } = await ingestBatch(
      {
        ...deps,
        hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS,
        pause: () => setImmediate(),
        report: (report) => note(deps, report),
      },
      event.Records.map(({ messageId, body, attributes, messageAttributes }) => ({
        messageId,
        body,
        sentAt: Number(attributes.SentTimestamp),
        origin: readOrigin(messageAttributes),
        madeId: readMadeId(messageAttributes),
        traceparent: messageAttributes[TRACE_ATTRIBUTE]?.stringValue ?? null,
        receivedBefore: Number(attributes.ApproximateReceiveCount) > 1,
      })),
    );
    await comeBackAtOnce(
      deps,
      event.Records.filter(({ messageId }) => unfinished.has(messageId) && !retry.has(messageId)).map(
        (record) => record.receiptHandle,
      ),
    );
    deps.counter.publish();
    return { batchItemFailures: [...retry.union(unfinished)].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** What `npm run redrive` says of a message that it puts back. */
function readOrigin(attributes: SQSRecord['messageAttributes']): MessageOrigin | null {
  const messageId = attributes[ORIGIN_ATTRIBUTES.messageId]?.stringValue;
  const sentAt = Number(attributes[ORIGIN_ATTRIBUTES.sentAt]?.stringValue);
  const isTime = Number.isSafeInteger(sentAt) && sentAt > 0;
  return messageId !== undefined && isTime ? { messageId, sentAt } : null;
}

function readMadeId(attributes: SQSRecord['messageAttributes']): MadeId | null {
  const value = attributes[MADE_ID_ATTRIBUTE]?.stringValue;
  return value === undefined ? null : (MadeId.safeParse(value).data ?? null);
}

/** Without this the rest of a fan-out would wait out the visibility timeout. If it fails, it does just that. */
async function comeBackAtOnce(
  { sqs, eventsQueueUrl, logger }: IngestHandlerDeps,
  receiptHandles: readonly string[],
): Promise<void> {
  if (receiptHandles.length === 0) return;
  try {
    const failed = await hideMessages(
      sqs,
      eventsQueueUrl,
      receiptHandles.map((receiptHandle) => ({ receiptHandle, seconds: 0 })),
    );
    if (failed > 0) logger.warn('the rest of some fan-outs waits for the visibility timeout', { failed });
  } catch (error) {
    logger.warn('the rest of a fan-out waits for the visibility timeout', asError(error));
  }
}

function namesOf({ tenantId, id, traceparent }: Pick<Event, 'tenantId' | 'id' | 'traceparent'>) {
  return { tenantId, eventId: id, traceId: traceIdOf(traceparent) };
}

function note({ logger, counter }: IngestHandlerDeps, report: IngestReport): void {
  switch (report.kind) {
    case 'accepted':
      counter.count(METRICS.eventsAccepted);
      return;
    case 'repeated':
      logger.debug('an event was published again', namesOf(report.event));
      return;
    case 'rejected': {
      const { id, tenantId, reason } = report.rejected;
      logger.warn('an event was rejected', { rejectedEventId: id, tenantId, code: reason.code });
      counter.count(METRICS.eventsRejected);
      if (reason.code === 'schema_over_budget') counter.count(METRICS.schemasOverBudget);
      return;
    }
    case 'queued':
      counter.count(METRICS.deliveriesQueued, report.deliveries);
      return;
    case 'filter_over_budget':
      logger.warn('a filter would take too many steps, so its delivery is cancelled', {
        subscriptionId: report.subscription.id,
        ...namesOf(report.event),
      });
      counter.count(METRICS.filtersOverBudget);
      return;
    case 'error':
      // A line each: who asks what happened to an event asks by its id.
      for (const about of report.about.length > 0 ? report.about.map(namesOf) : [{}])
        logger.error('a fan-out failed and will be repeated', { ...about, error: asError(report.error) });
      return;
    default:
      report satisfies never;
  }
}
