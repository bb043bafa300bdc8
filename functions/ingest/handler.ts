import { setImmediate } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { createGiveWay } from '../adapters/lambda/event-loop.ts';
import { namesOf, noteFanOut } from '../adapters/lambda/fan-out-report.ts';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { rememberOf } from '../adapters/remember.ts';
import { MadeId, type MessageOrigin } from '../core/event/parse-message.ts';
import type { ReceivedEventMessage } from '../core/ingest/accepted.ts';
import { type IngestDeps, type IngestReport, ingestBatch } from '../core/ingest/ingest.ts';
import { createMatcher } from '../core/subscription/match.ts';
import { MADE_ID_ATTRIBUTE, METRICS, ORIGIN_ATTRIBUTES, TRACE_ATTRIBUTE } from '../names.ts';

export interface IngestHandlerDeps
  extends Omit<IngestDeps, 'hasTime' | 'matcherOf' | 'pause' | 'giveWay' | 'report'>,
    Telemetry {}

/** One for the process: what others do is the same for all. */
const giveWay = createGiveWay();

/** Time kept back for what follows the last page of subscriptions that is begun. */
const RESERVE_MS = 8_000;

/** The events queue's consumer. Only faults of ours fail a message; bad messages become rejected-event records. */
export function createIngestHandler(deps: IngestHandlerDeps) {
  const matcherOf = rememberOf(createMatcher);
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const { retry } = await ingestBatch(
      {
        ...deps,
        matcherOf,
        hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS,
        pause: () => setImmediate(),
        giveWay,
        report: (report) => note(deps, report),
      },
      event.Records.map(readRecord),
    );
    deps.counter.publish();
    return { batchItemFailures: [...retry].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

function readRecord({ messageId, body, attributes, messageAttributes }: SQSRecord): ReceivedEventMessage {
  return {
    messageId,
    body,
    sentAt: Number(attributes.SentTimestamp),
    origin: readOrigin(messageAttributes),
    madeId: readMadeId(messageAttributes),
    traceparent: messageAttributes[TRACE_ATTRIBUTE]?.stringValue ?? null,
    receivedBefore: Number(attributes.ApproximateReceiveCount) > 1,
  };
}

/** The last millisecond of the year 9999: later times sort before all others. */
const LATEST = 253_402_300_799_999;

/** What `npm run redrive` says of a message that it puts back. */
function readOrigin(attributes: SQSRecord['messageAttributes']): MessageOrigin | null {
  const messageId = attributes[ORIGIN_ATTRIBUTES.messageId]?.stringValue;
  const sentAt = Number(attributes[ORIGIN_ATTRIBUTES.sentAt]?.stringValue);
  const isTime = Number.isSafeInteger(sentAt) && sentAt > 0 && sentAt <= LATEST;
  return messageId !== undefined && isTime ? { messageId, sentAt } : null;
}

function readMadeId(attributes: SQSRecord['messageAttributes']): MadeId | null {
  const value = attributes[MADE_ID_ATTRIBUTE]?.stringValue;
  return value === undefined ? null : (MadeId.safeParse(value).data ?? null);
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
    case 'filter_over_budget':
      noteFanOut({ logger, counter }, report);
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
