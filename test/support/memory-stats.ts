import { type CountedSubscription, type Counters, mergeCounters } from '../../functions/core/stats/counters.ts';
import {
  BEFORE_ALL,
  HOUR_MS,
  type HourlyCounters,
  type HourRange,
  type Span,
  type StatsRecord,
  type StatsStore,
} from '../../functions/core/stats/stats-store.ts';
import { HOUR, NOW } from './domain.ts';

/** A subscription's counters of one hour. */
interface Stored {
  tenantId: string;
  subscriptionId: string;
  hour: number;
  counters: Counters;
  foldedThrough: string;
}

const DAY_MS = 24 * HOUR_MS;

export class MemoryStats implements StatsStore {
  /** In the order in which they were made. */
  readonly records: StatsRecord[] = [];
  private folded = BEFORE_ALL;
  private readonly stored = new Map<string, Stored>();
  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now = (): number => NOW, retentionMs = Number.POSITIVE_INFINITY) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  async putRecord(at: number, counted: readonly CountedSubscription[]): Promise<void> {
    const position = `${new Date(at).toISOString()}#${this.records.length}`;
    this.records.push({ position, at, counted: [...counted] });
  }

  async *readRecords(after: string, before: number): AsyncGenerator<StatsRecord> {
    const isWanted = ({ position, at }: StatsRecord) => position > after && at < before && at + 24 * HOUR > this.now();
    yield* this.records.filter(isWanted).sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  async addCounters(at: number, counted: CountedSubscription, { after, through }: Span): Promise<void> {
    const { tenantId, subscriptionId } = counted;
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const key = `${tenantId} ${subscriptionId} ${hour}`;
    const stored = this.stored.get(key);
    if (stored !== undefined && stored.foldedThrough > after) return;
    const counters = mergeCounters([stored?.counters ?? {}, counted.counters]);
    this.stored.set(key, { tenantId, subscriptionId, hour, counters, foldedThrough: through });
  }

  async readFolded(): Promise<string> {
    return this.folded;
  }

  async moveFolded(through: string): Promise<boolean> {
    if (this.folded >= through) return false;
    this.folded = through;
    return true;
  }

  async readSubscriptionCounters(tenantId: string, subscriptionId: string, range: HourRange): Promise<HourlyCounters> {
    return this.sum(range, (one) => one.tenantId === tenantId && one.subscriptionId === subscriptionId);
  }

  async readTenantCounters(tenantId: string, range: HourRange, maxItems: number): Promise<HourlyCounters | null> {
    const ofTenant = [...this.stored.values()].filter((one) => one.tenantId === tenantId);
    return ofTenant.length > maxItems ? null : this.sum(range, (one) => ofTenant.includes(one));
  }

  private sum({ from, to }: HourRange, isWanted: (one: Stored) => boolean): HourlyCounters {
    const isLive = (hour: number) => (Math.floor(hour / DAY_MS) + 1) * DAY_MS + this.retentionMs > this.now();
    const wanted = [...this.stored.values()].filter(
      (one) => one.hour >= from && one.hour < to && isLive(one.hour) && isWanted(one),
    );
    const byHour = Map.groupBy(wanted, ({ hour }) => hour);
    return new Map([...byHour].map(([hour, all]) => [hour, mergeCounters(all.map(({ counters }) => counters))]));
  }
}
