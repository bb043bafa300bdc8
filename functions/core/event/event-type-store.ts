import type { EventType } from './event-type.ts';

/** The port to event types. Every read is strongly consistent. */
export interface EventTypeStore {
  getEventType(name: string): Promise<EventType | null>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  saveEventType(eventType: EventType, revision: number): Promise<boolean>;
  /** All event types, by name. */
  listEventTypes(): Promise<EventType[]>;
}
