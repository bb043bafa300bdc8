import type { Event } from '../event/event.ts';
import type { RecordedEvent } from '../event/event-store.ts';
import type { IncomingMessage } from '../event/parse-message.ts';

export interface ReceivedEventMessage extends IncomingMessage {
  /** SQS has handed it out before. */
  receivedBefore: boolean;
}

/** `retry`: the ids of messages that come back when SQS hands them out again. */
export interface IngestResult {
  retry: Set<string>;
}

/** A message that is an event. */
export interface Accepted {
  message: ReceivedEventMessage;
  /** Messages of this batch that repeat it. */
  twins: string[];
  event: Event;
  idGiven: boolean;
  /** Set when the event was in the journal before. */
  recorded: RecordedEvent | null;
}
