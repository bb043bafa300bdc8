import type { ListOptions, Matches, Page } from '../page.ts';
import type { RejectedEvent } from './rejected-event.ts';

/** The port to rejected events. One past its retention is absent. */
export interface RejectedEventStore {
  /** One write for a whole batch; overwrites. Rejects with a `PartialFailure` of those that were not written. */
  putRejectedEvents(rejected: readonly RejectedEvent[]): Promise<void>;
  /** Newest first. */
  listRejectedEvents(options: ListOptions, matches: Matches<RejectedEvent>): Promise<Page<RejectedEvent>>;
}
