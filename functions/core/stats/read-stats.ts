import * as z from 'zod';
import { invalidField, Refusal } from '../refusal.ts';
import { type Counters, mergeCounters } from './counters.ts';
import { HOUR_MS, type HourlyCounters, type HourRange, type StatsStore } from './stats-store.ts';

export const StatsInterval = z.enum(['hour', 'day']);
export type StatsInterval = z.infer<typeof StatsInterval>;

const DAY_MS = 24 * HOUR_MS;
const INTERVAL_MS: Record<StatsInterval, number> = { hour: HOUR_MS, day: DAY_MS };
/** How far back a request without `from` looks. */
const DEFAULT_SPAN_MS: Record<StatsInterval, number> = { hour: DAY_MS, day: 30 * DAY_MS };
const MAX_DAYS = 31;
const FROM = '?from';
const TO = '?to';
/** Stored counters, one an hour and subscription, that one answer may read: about 20 MB. */
const MAX_ITEMS = 50_000;

/** What is asked for. Times are epoch milliseconds. */
export interface StatsRequest {
  from?: number | undefined;
  to?: number | undefined;
  interval: StatsInterval;
}

export interface Stats {
  interval: StatsInterval;
  /** `from` and `to` at whole intervals: what was asked for lies between. */
  from: number;
  to: number;
  totals: Counters;
  /** Every interval of the range, in order. */
  series: { from: number; counters: Counters }[];
}

export interface StatsReader {
  ofSubscription(tenantId: string, subscriptionId: string, request: StatsRequest): Promise<Stats | Refusal>;
  ofTenant(tenantId: string, request: StatsRequest): Promise<Stats | Refusal>;
}

interface StatsReaderDeps {
  store: StatsStore;
  /** How long counters are kept; 0 if there are none. */
  retentionDays: number;
  now: () => number;
}

export function createStatsReader({ store, retentionDays, now }: StatsReaderDeps): StatsReader {
  async function read(
    request: StatsRequest,
    readHours: (range: HourRange) => Promise<HourlyCounters | Refusal>,
  ): Promise<Stats | Refusal> {
    const range = planRange(request, retentionDays, now());
    if (range instanceof Refusal) return range;
    const hours = await readHours(range);
    return hours instanceof Refusal ? hours : toStats(request.interval, range, hours);
  }
  return {
    ofSubscription: (tenantId, subscriptionId, request) =>
      read(request, (range) => store.readSubscriptionCounters(tenantId, subscriptionId, range)),
    ofTenant: (tenantId, request) =>
      read(
        request,
        async (range) =>
          (await store.readTenantCounters(tenantId, range, MAX_ITEMS)) ??
          invalidField(
            FROM,
            `must be nearer to "to": the tenant has more than ${MAX_ITEMS} stored counters in this range`,
          ),
      ),
  };
}

function planRange(request: StatsRequest, retentionDays: number, now: number): HourRange | Refusal {
  if (retentionDays === 0)
    return new Refusal('conflict', 'This deployment keeps no statistics: its setting statsRetentionDays is 0.');
  const { interval } = request;
  const earliest = floorTo(now - retentionDays * DAY_MS, interval);
  const to = Math.min(request.to ?? now, now);
  const from = request.from ?? Math.max(to - DEFAULT_SPAN_MS[interval], earliest);
  const kept = `must not be more than ${retentionDays} days ago: counters are kept no longer`;
  if (to < earliest) return invalidField(TO, kept);
  if (from < earliest) return invalidField(FROM, kept);
  if (from > to) return invalidField(FROM, 'must not be after to, nor in the future');
  if (to - from > MAX_DAYS * DAY_MS) return invalidField(FROM, `must be at most ${MAX_DAYS} days before to`);
  const begin = floorTo(from, interval);
  return { from: begin, to: Math.max(-floorTo(-to, interval), begin + INTERVAL_MS[interval]) };
}

function floorTo(at: number, interval: StatsInterval): number {
  return Math.floor(at / INTERVAL_MS[interval]) * INTERVAL_MS[interval];
}

function toStats(interval: StatsInterval, { from, to }: HourRange, hours: HourlyCounters): Stats {
  const byInterval = Map.groupBy(hours, ([hour]) => floorTo(hour, interval));
  const length = (to - from) / INTERVAL_MS[interval];
  const series = Array.from({ length }, (_, index) => {
    const at = from + index * INTERVAL_MS[interval];
    return { from: at, counters: mergeCounters((byInterval.get(at) ?? []).map(([, counters]) => counters)) };
  });
  return { interval, from, to, totals: mergeCounters(series.map(({ counters }) => counters)), series };
}
