/** Which part of a list is asked for. */
export interface ListOptions {
  limit: number;
  /** The `next` of the page before; null for the first page. */
  after: string | null;
  /** Epoch milliseconds, both inclusive; null for no bound. */
  from: number | null;
  to: number | null;
  /** Absent: newest first. */
  oldestFirst?: boolean;
}

/** What a list is filtered by; null for all. */
export type Matches<T> = ((value: T) => boolean) | null;

/** A page may be shorter than its limit, or empty, and still have a next one. `next` is null after the last page. */
export interface Page<T> {
  values: T[];
  next: string | null;
}
