import type { Delivery } from './delivery.ts';

/** Where a due delivery stands in the due index. */
export interface DueEntry {
  key: { pk: string; sk: string };
  dueAt: number;
}

/**
 * The port to the deliveries that wait for something, by when it is due. One past its retention can be listed still; asked
 * for a lease, the store gives none and lists it no more.
 */
export interface DueStore {
  shards: readonly string[];
  /** How many one page has at most. */
  pageSize: number;
  /** At most one page of what is due by `now`, earliest first. */
  listDueDeliveries(shard: string, now: number): Promise<DueEntry[]>;
  /** Takes a lease on a due delivery: a new ticket and a later `dueAt`. Null if another write moved it, or if it expired. */
  leaseDelivery(entry: DueEntry, until: number): Promise<Delivery | null>;
}
