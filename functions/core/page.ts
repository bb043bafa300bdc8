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

/**
 * What one page holds at most. Lambda answers with at most 6 MB, where the answer is a string of JSON: that doubles a text which is
 * nothing but quotes.
 */
export const MAX_PAGE_BYTES = 3_000_000;

export const pageBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/**
 * As much of a page as one answer can hold, and at least one value.
 * @param placeOf where the list goes on after a value
 */
export function fitPage<T>({ values, next }: Page<T>, placeOf: (value: T) => string): Page<T> {
  const fitting: T[] = [];
  let bytes = 0;
  let place: string | null = null;
  for (const value of values) {
    bytes += pageBytes(value);
    if (place !== null && bytes > MAX_PAGE_BYTES) return { values: fitting, next: place };
    fitting.push(value);
    place = placeOf(value);
  }
  return { values, next };
}

/** A page may be shorter than its limit, or empty, and still have a next one. `next` is null after the last page. */
export interface Page<T> {
  values: T[];
  next: string | null;
}
