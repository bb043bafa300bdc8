import type { ListOptions, Matches, Page } from '../page.ts';
import type { Event } from './event.ts';

/** The place before a tenant's first subscription, for a fan-out that has not begun. */
export const FAN_OUT_START = 'sub_';

/** An event as the journal has it. `fanOutCursor`: where an unfinished fan-out goes on. */
export interface RecordedEvent {
  event: Event;
  fanOutCursor: string | null;
}

/** What identifies an event: its id is unique within its tenant. */
export type EventRef = Pick<Event, 'tenantId' | 'id'>;

/** The key of an event in what `getEvents` returns. */
export function eventKey({ tenantId, id }: EventRef): string {
  return `${tenantId} ${id}`;
}

/** The port to events. An event past its retention is absent, also while the store has not removed it yet. */
export interface EventStore {
  /** Consistent. Null if there is none. */
  getEvent(tenantId: string, id: string): Promise<Event | null>;
  /** The events that exist, by `eventKey`. */
  getEvents(events: readonly EventRef[], consistent: boolean): Promise<Map<string, RecordedEvent>>;
  /** False, and nothing written, if the tenant has an event with this id. @param fanOutCursor null if not given */
  createEvent(event: Event, fanOutCursor?: string): Promise<boolean>;
  /** One write for a whole batch; overwrites. Rejects with a `PartialFailure` of those that were not written. */
  putEvents(events: readonly Event[]): Promise<void>;
  /** Stores where the fan-out goes on; null once it has finished. Rejects if the event is absent. */
  saveFanOutCursor(event: EventRef, cursor: string | null): Promise<void>;
  /** Removes an event's data for good; its record and its deliveries stay. False if the event is absent. */
  expungeEvent(event: EventRef): Promise<boolean>;
  /** Newest first. */
  listEvents(tenantId: string, options: ListOptions, matches: Matches<Event>): Promise<Page<Event>>;
}
