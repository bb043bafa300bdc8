import { type EventStore, FAN_OUT_START } from '../event/event-store.ts';
import { SYSTEM_TENANT } from '../ids.ts';
import type { OwedSystemEvent } from './system-event.ts';

export interface SystemEventPorts {
  events: Pick<EventStore, 'createEvent'>;
  /** Sends to the events queue. Resolves once all are durably queued. */
  publish: (messages: readonly { tenantId: string; body: string }[]) => Promise<void>;
}

/**
 * Puts a system event on its way: on record first, then a message that names it. Only Posthorn's own functions can write
 * the record, so a message of the events queue that names an event without one comes from elsewhere. Done twice, it is one
 * event: the record of the first time stands.
 */
export async function emitSystemEvent({ events, publish }: SystemEventPorts, owed: OwedSystemEvent): Promise<void> {
  const { id, at, event } = owed;
  // Nothing about a subscription of this tenant makes a system event: that could go on for ever.
  if (event.data.tenantId === SYSTEM_TENANT) return;
  await events.createEvent(
    {
      tenantId: SYSTEM_TENANT,
      id,
      type: event.type,
      environment: 'production',
      occurredAt: at,
      acceptedAt: at,
      recordedAt: at,
      contentHash: '',
      data: JSON.stringify(event.data),
    },
    FAN_OUT_START,
  );
  await publish([{ tenantId: SYSTEM_TENANT, body: JSON.stringify({ tenantId: SYSTEM_TENANT, id }) }]);
}
