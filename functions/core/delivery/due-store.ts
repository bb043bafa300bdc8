/** Where something stands in the due index. */
export interface DueEntry {
  key: { pk: string; sk: string };
  dueAt: number;
}

/**
 * The port to what waits for something, deliveries or jobs, by when it is due. What is past its retention can be listed
 * still; asked for a lease, the store gives none and lists it no more.
 */
export interface DueStore<Thing> {
  shards: readonly string[];
  /** How many one page has at most. */
  pageSize: number;
  /** At most one page of what is due by `now`, earliest first. */
  listDue(shard: string, now: number): Promise<DueEntry[]>;
  /** Takes a lease: a new ticket and a later `dueAt`. Null if another write moved it, or if it expired. */
  lease(entry: DueEntry, until: number): Promise<Thing | null>;
}
