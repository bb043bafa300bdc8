import type { ListOptions, Matches, Page } from '../page.ts';
import type { RejectedEvent } from './rejected-event.ts';

/** The port to rejected events. One past its retention is absent. */
export interface RejectedEventStore {
  /** One write for a whole batch; overwrites. Rejects with a `PartialFailure` of those that were not written. */
  putRejectedEvents(rejected: readonly RejectedEvent[]): Promise<void>;
  /** Consistent. Null if there is none. */
  getRejectedEvent(id: string): Promise<RejectedEvent | null>;
  /** Notes when it was published again. False if it is absent. */
  markRepublished(rejected: Pick<RejectedEvent, 'id' | 'rejectedAt'>, at: number): Promise<boolean>;
  /** Newest first, unless the options say otherwise. */
  listRejectedEvents(options: ListOptions, matches: Matches<RejectedEvent>): Promise<Page<RejectedEvent>>;
}
