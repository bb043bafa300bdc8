import type { MessageOrigin } from './parse-message.ts';
import type { RejectedEvent } from './rejected-event.ts';
import type { RejectedEventStore } from './rejected-event-store.ts';

/** A message of the events queue. `origin`: which message it was first; absent: it is one of its own. `idMade`: by the API. */
export interface PublishedBody {
  tenantId: string;
  body: string;
  origin?: MessageOrigin;
  idMade?: boolean;
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
