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

export interface ReadNewest<T> {
  /** The partitions that the list is spread over. */
  partitions: readonly string[];
  /** The newest entries of one partition within a range, at most `limit`. */
  query: (partition: string, range: Range, limit: number) => Promise<Entry<T>[]>;
  range: Range;
  limit: number;
  /** Entries after this one (older than it). */
  after: string | null;
  /** Asked page by page, so that it may read more about the entries. Defaults to all. */
  select?: (entries: Entry<T>[]) => Promise<Entry<T>[]>;
}

/** A filter that finds nothing must not read the whole journal: then the cursor says how far it got. */
const MAX_EXAMINED = 500;

/**
 * A page of a list that is spread over partitions, newest first. `next` is null at the end. With a filter, a page may be
 * shorter than `limit`, or empty, and yet have a next one.
 */
export async function readNewest<T>(options: ReadNewest<T>): Promise<{ values: T[]; next: string | null }> {
  const { partitions, query, range, limit, select } = options;
  const found: Entry<T>[] = [];
  let position = options.after;
  let examined = 0;
  while (examined < MAX_EXAMINED) {
    const to = position ?? range.to;
    const pageSize = select === undefined ? limit - found.length : Math.max(limit, 50);
    // One more than the page, because the range includes the position itself; and one to tell whether more follows.
    const lists = await Promise.all(
      partitions.map((partition) => query(partition, { from: range.from, to }, pageSize + 2)),
    );
    const merged = lists
      .flat()
      .filter((entry) => entry.sortKey !== position)
      .sort((a, b) => (a.sortKey < b.sortKey ? 1 : -1));
    const page = merged.slice(0, pageSize);
    const isEnd = merged.length <= pageSize;
    examined += page.length;
    for (const entry of select === undefined ? page : await select(page)) {
      found.push(entry);
      if (found.length === limit) {
        const isLast = isEnd && entry.sortKey === page.at(-1)?.sortKey;
        return { values: found.map(({ value }) => value), next: isLast ? null : entry.sortKey };
      }
    }
    if (isEnd) return { values: found.map(({ value }) => value), next: null };
    position = page.at(-1)?.sortKey ?? position;
  }
  return { values: found.map(({ value }) => value), next: position };
}
