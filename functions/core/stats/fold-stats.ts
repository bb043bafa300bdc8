import { type CountedSubscription, mergeCounters } from './counters.ts';
import type { Span, StatsRecord, StatsStore } from './stats-store.ts';

const MINUTE_MS = 60_000;
/** Between a record's time and its being stored is one call with its repetitions: longer than these take. */
const GRACE_MS = 60_000;
/** Additions at the same time. */
const AT_ONCE = 50;

export interface FoldDeps {
  store: Pick<StatsStore, 'readRecords' | 'addCounters' | 'readFolded' | 'moveFolded'>;
  /** For so many subscriptions sums are kept in memory. */
  maxSums: number;
  now: () => number;
  hasTime: () => boolean;
}

/** Records of one minute, added up. */
interface Page {
  minute: number;
  through: string;
  sums: Map<string, CountedSubscription>;
}

/**
 * Adds the records of minutes that are over to the hourly counters, a page at a time. A page that was interrupted is done
 * again: it has the same records as before, because nothing is written into a minute that is over. So each counter takes it
 * once, also when two do this at the same moment.
 */
export async function foldStats({ store, maxSums, now, hasTime }: FoldDeps): Promise<void> {
  let after = await store.readFolded();
  const before = minuteOf(now() - GRACE_MS);
  for await (const page of pagesOf(store.readRecords(after, before), maxSums)) {
    if (!hasTime()) return;
    await addPage(store, page, { after, through: page.through });
    // Another sweep is at the same work, and as far.
    if (!(await store.moveFolded(page.through))) return;
    after = page.through;
  }
}

/** Where a page ends depends on nothing but the records. */
async function* pagesOf(records: AsyncIterable<StatsRecord>, maxSums: number): AsyncGenerator<Page> {
  let page: Page | null = null;
  for await (const { position, at, counted } of records) {
    const minute = minuteOf(at);
    if (page !== null && (page.minute !== minute || page.sums.size >= maxSums)) {
      yield page;
      page = null;
    }
    page ??= { minute, through: position, sums: new Map() };
    page.through = position;
    for (const one of counted) addTo(page.sums, one);
  }
  if (page !== null) yield page;
}

function addTo(sums: Page['sums'], { tenantId, subscriptionId, counters }: CountedSubscription): void {
  const key = `${tenantId} ${subscriptionId}`;
  const sum = sums.get(key)?.counters ?? {};
  sums.set(key, { tenantId, subscriptionId, counters: mergeCounters([sum, counters]) });
}

/** Tries every addition. Rejects unless all are made. */
async function addPage(store: FoldDeps['store'], { minute, sums }: Page, span: Span): Promise<void> {
  const all = [...sums.values()];
  const failures: unknown[] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    const some = all.slice(start, start + AT_ONCE);
    const settled = await Promise.allSettled(some.map((counted) => store.addCounters(minute, counted, span)));
    failures.push(...settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} counters could not be added to`);
}

function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}
