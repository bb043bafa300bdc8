import { minifyJson } from '../json/json-text.ts';
import { invalidFields, type Refusal } from '../refusal.ts';
import { type MadeId, type MessageOrigin, parseMessage, RESERVED_TENANT } from './parse-message.ts';
import { fitForQueue } from './publish-request.ts';
import type { RejectedEvent } from './rejected-event.ts';
import type { RejectedEventStore } from './rejected-event-store.ts';

/** A message of the events queue. `origin`: which message it was first; absent: it is one of its own. `idMade`: by the API, see `MadeId`. */
export interface PublishedBody {
  tenantId: string;
  body: string;
  origin?: MessageOrigin;
  idMade?: MadeId;
  traceparent?: string;
}

export interface RepublishPorts {
  rejectedEvents: Pick<RejectedEventStore, 'markRepublished'>;
  /** Sends to the events queue. Resolves once all are durably queued. */
  publish: (messages: readonly PublishedBody[]) => Promise<void>;
  now: () => number;
}

/**
 * Publishes messages that were no events again, as the messages that they were: done twice, each makes one event. One that
 * is rejected again makes its record anew, without the mark that is set here first.
 */
export async function republish(
  { rejectedEvents, publish, now }: RepublishPorts,
  rejected: readonly RejectedEvent[],
): Promise<void> {
  await Promise.all(rejected.map((one) => rejectedEvents.markRepublished(one, now())));
  await publish(
    rejected.map(({ id, tenantId, rejectedAt, messageId, body }) => ({
      tenantId: tenantId ?? id,
      body,
      origin: { messageId: messageId ?? id, sentAt: rejectedAt },
    })),
  );
}

/**
 * A rejected event with another body. Refused if that is no event; whether its type takes it is found out as it is published.
 * Published, it is still the message that it was: of several corrections of one message, one becomes an event.
 */
export function correctBody(rejected: RejectedEvent, body: string, now: number): RejectedEvent | Refusal {
  const { id, rejectedAt, messageId } = rejected;
  // It is judged as the queue will carry it.
  const fitted = fitForQueue(body);
  const message = { messageId: messageId ?? id, body: fitted, sentAt: rejectedAt, origin: null, madeId: null };
  const parsed = parseMessage(message, now);
  if (parsed.kind === 'event') {
    const { tenantId } = parsed.event;
    return { ...rejected, tenantId, body: minifyJson(fitted), bodyTruncated: false };
  }
  const { reason } = parsed.kind === 'rejected' ? parsed : RESERVED_TENANT;
  const wrong = reason.errors.map(({ path, message }) => (path === '' ? message : `${path} ${message}`));
  return invalidFields(
    (wrong.length === 0 ? [reason.message] : wrong).map((what) => ({ path: '/body', message: `is no event: ${what}` })),
  );
}
