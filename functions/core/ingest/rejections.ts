import { createHash } from 'node:crypto';
import { type IncomingMessage, originOf } from '../event/parse-message.ts';
import type { RejectedEvent, RejectionReason } from '../event/rejected-event.ts';
import type { RejectedEventStore } from '../event/rejected-event-store.ts';
import { deriveId } from '../ids.ts';
import { undoneOf } from '../partial-failure.ts';
import { type CountPorts, countSystemEvent, type SystemEventCounts } from '../system-event/counted.ts';
import type { IngestResult } from './accepted.ts';

/** A message that is no event, with the record of why. */
export interface Rejection {
  message: IncomingMessage;
  rejected: RejectedEvent;
}

export interface RejectionPorts {
  store: Pick<RejectedEventStore, 'putRejectedEvents'>;
  systemEventCounts: SystemEventCounts;
  deliveries: CountPorts['later'];
  now: () => number;
  report: (
    report: { kind: 'rejected'; rejected: RejectedEvent } | { kind: 'error'; about: readonly []; error: unknown },
  ) => void;
}

/** Writes them, and counts them for the company. What could not be written comes back. */
export async function recordRejections(
  deps: RejectionPorts,
  rejections: readonly Rejection[],
  result: IngestResult,
): Promise<void> {
  const records = rejections.map(({ rejected }) => rejected);
  let unwritten = new Set<RejectedEvent>();
  try {
    await deps.store.putRejectedEvents(records);
  } catch (error) {
    unwritten = new Set(undoneOf(error, records));
    deps.report({ kind: 'error', about: [], error });
  }
  const written = rejections.filter(({ rejected }) => !unwritten.has(rejected));
  for (const { message, rejected } of rejections) {
    if (unwritten.has(rejected)) result.retry.add(message.messageId);
    else deps.report({ kind: 'rejected', rejected });
  }
  await Promise.all(
    [...Map.groupBy(written, ({ rejected }) => rejected.tenantId).values()].map(async (group) => {
      try {
        await countRejections(deps, group);
      } catch (error) {
        deps.report({ kind: 'error', about: [], error });
        for (const { message } of group) result.retry.add(message.messageId);
      }
    }),
  );
}

/** Sees that the company is told of a tenant's rejected events. */
async function countRejections(
  { systemEventCounts: counts, deliveries, now }: RejectionPorts,
  group: readonly Rejection[],
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { id, tenantId, rejectedAt, reason } = first.rejected;
  const { code, message } = reason;
  const data = { tenantId, rejectedEventId: id, reason: { code, message }, count: group.length };
  const owed = { id, at: rejectedAt, event: { type: 'posthorn.event.rejected' as const, data } };
  const others = group.map(({ rejected }) => rejected.id);
  await countSystemEvent({ counts, later: deliveries, now }, owed, others);
}

/** DynamoDB keeps 400 KB in an item, SQS carries 1 MiB in a message. */
const MAX_BODY_KEPT = 300_000;

export function rejection(message: IncomingMessage, tenantId: string | null, reason: RejectionReason): Rejection {
  const bytes = Buffer.from(message.body);
  const truncated = bytes.length > MAX_BODY_KEPT;
  const { messageId, sentAt } = originOf(message);
  // The id follows from the message: handed out again, it makes the same record.
  const seed = createHash('sha256').update(messageId).digest();
  const rejected: RejectedEvent = {
    id: deriveId('rej', sentAt, seed),
    tenantId,
    // Not the clock's time: with the id it is the record's key, which must not change either.
    rejectedAt: sentAt,
    reason,
    body: truncated ? bytes.subarray(0, MAX_BODY_KEPT).toString('utf8') : message.body,
    bodyTruncated: truncated,
    messageId,
    republishedAt: null,
  };
  return { message, rejected };
}

export function unknownType(type: string): RejectionReason {
  const message = `The event type "${type}" is unknown. Only known event types are accepted here. Add it (POST /v1/event-types), then publish again.`;
  return { code: 'unknown_event_type', message, errors: [{ path: '/type', message: 'is not a known event type' }] };
}

export function archivedType(type: string): RejectionReason {
  const message = `The event type "${type}" is archived. Events of it are not accepted here. Bring it back (PATCH /v1/event-types/${type} {"archived": false}), then publish again.`;
  return { code: 'unknown_event_type', message, errors: [{ path: '/type', message: 'is archived' }] };
}

export function idReused(id: string): RejectionReason {
  const message = `The id "${id}" was published before with different content, and that event stands. Give each event another id.`;
  return {
    code: 'id_reused',
    message,
    errors: [{ path: '/id', message: 'was published before with different content' }],
  };
}
