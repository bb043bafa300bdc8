import type { Event } from '../event/event.ts';
import { type EventStore, eventKey } from '../event/event-store.ts';
import { RESERVED_TENANT } from '../event/parse-message.ts';
import { SYSTEM_TENANT } from '../ids.ts';
import type { Accepted, IngestResult, ReceivedEventMessage } from './accepted.ts';
import { type Rejection, rejection } from './rejections.ts';

/** A message that names an event of Posthorn's own. */
export interface SystemMessage {
  message: ReceivedEventMessage;
  id: string;
}

export interface SystemMessagePorts {
  store: Pick<EventStore, 'getEvents'>;
  /** Puts Posthorn's own events where else they are wanted; null if nowhere. */
  putOnBus: ((events: readonly Event[]) => Promise<void>) | null;
  report: (report: { kind: 'error'; about: readonly Event[]; error: unknown }) => void;
}

/** Posthorn's own events are on record before their messages are sent. A message whose event is not comes from elsewhere. */
export async function readSystemEvents(
  { store }: SystemMessagePorts,
  messages: readonly SystemMessage[],
  rejections: Rejection[],
): Promise<Accepted[]> {
  if (messages.length === 0) return [];
  const refOf = ({ id }: SystemMessage) => ({ tenantId: SYSTEM_TENANT, id });
  const known = await store.getEvents(messages.map(refOf), true);
  const accepted = new Map<string, Accepted>();
  for (const named of messages) {
    const { message, id } = named;
    const recorded = known.get(eventKey(refOf(named)));
    const first = accepted.get(id);
    if (recorded === undefined) rejections.push(rejection(message, RESERVED_TENANT.tenantId, RESERVED_TENANT.reason));
    else if (first !== undefined) first.twins.push(message.messageId);
    else accepted.set(id, { message, twins: [], event: recorded.event, idGiven: true, recorded });
  }
  return [...accepted.values()];
}

/** Those that could not be put on the bus come back. Their webhooks do not wait for it; as repetitions they are sent no more. */
export async function shareSystemEvents(
  { putOnBus, report }: SystemMessagePorts,
  accepted: readonly Accepted[],
  result: IngestResult,
): Promise<void> {
  if (putOnBus === null || accepted.length === 0) return;
  try {
    await putOnBus(accepted.map(({ event }) => event));
  } catch (error) {
    report({ kind: 'error', about: accepted.map(({ event }) => event), error });
    for (const { message, twins } of accepted) for (const id of [message.messageId, ...twins]) result.retry.add(id);
  }
}
