import { MAX_PAGE_BYTES, pageBytes } from '../../core/page.ts';

/** Where in a list a reader is: the sort key of the last entry it has seen. */
export interface Entry<T> {
  sortKey: string;
  value: T;
}

export interface Range {
  /** Sort keys from this one on; inclusive. */
  from: string;
  /** Sort keys up to this one; inclusive. */
  to: string;
}

export interface ReadNewest<Raw, T> {
  /** The partitions that the list is spread over. */
  partitions: readonly string[];
  /** The newest entries of one partition within a range (or the oldest): `limit` of them, or all if there are fewer. */
  query: (partition: string, range: Range, limit: number) => Promise<Entry<Raw>[]>;
  range: Range;
  limit: number;
  /** Entries after this one: older than it, or younger if the oldest come first. */
  after: string | null;
  oldestFirst?: boolean | undefined;
  /** Makes what is listed out of what was queried, and leaves out what is not wanted. Asked page by page. */
  select: (entries: Entry<Raw>[]) => Promise<Entry<T>[]>;
  /** Whether pages are mostly wanted whole; a filter reads more at a time. */
  filtered: boolean;
}

/** A filter that finds nothing must not read the whole journal: then the cursor says how far it got. */
const MAX_EXAMINED = 500;
const FILTERED_PAGE = 50;

/**
 * A page of a list that is spread over partitions, newest first or oldest first. `next` is null at the end. A page may be shorter than
 * `limit`, or empty, and yet have a next one: with a filter, or where the entries are large.
 */
export async function readNewest<Raw, T>(options: ReadNewest<Raw, T>): Promise<{ values: T[]; next: string | null }> {
  const { partitions, query, range, limit, select, filtered, oldestFirst = false } = options;
  const values: T[] = [];
  let bytes = 0;
  let position = options.after;
  for (let examined = 0; examined < MAX_EXAMINED; ) {
    const rest = oldestFirst ? { ...range, from: position ?? range.from } : { ...range, to: position ?? range.to };
    // DynamoDB refuses a range that ends before it begins; a cursor can lead there.
    if (rest.to < rest.from) return { values, next: null };
    const pageSize = filtered ? Math.max(limit, FILTERED_PAGE) : limit - values.length;
    // One more than the page, because the range includes the position itself; and one to tell whether more follows.
    const lists = await Promise.all(partitions.map((partition) => query(partition, rest, pageSize + 2)));
    const merged = lists
      .flat()
      .filter((entry) => entry.sortKey !== position)
      .sort((a, b) => (a.sortKey < b.sortKey === oldestFirst ? -1 : 1));
    const page = merged.slice(0, pageSize);
    const isEnd = merged.length <= pageSize;
    examined += page.length;
    for (const { sortKey, value } of await select(page)) {
      bytes += pageBytes(value);
      if (values.length > 0 && bytes > MAX_PAGE_BYTES) return { values, next: position };
      values.push(value);
      position = sortKey;
      if (values.length === limit) {
        const isLast = isEnd && sortKey === page.at(-1)?.sortKey;
        return { values, next: isLast ? null : sortKey };
      }
    }
    if (isEnd) return { values, next: null };
    position = page.at(-1)?.sortKey ?? position;
  }
  return { values, next: position };
}
