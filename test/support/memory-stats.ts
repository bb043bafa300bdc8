import { type Counters, mergeCounters } from '../../functions/core/stats/counters.ts';
import {
  HOUR_MS,
  type HourlyCounters,
  type HourRange,
  type StatsStore,
} from '../../functions/core/stats/stats-store.ts';
import { NOW } from './domain.ts';

/** Each addition as it was made. */
interface Added {
  tenantId: string;
  subscriptionId: string;
  hour: number;
  counters: Counters;
}

export class MemoryStats implements StatsStore {
  readonly added: Added[] = [];
  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now = (): number => NOW, retentionMs = Number.POSITIVE_INFINITY) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  async addCounters(tenantId: string, subscriptionId: string, at: number, counters: Counters): Promise<void> {
    this.added.push({ tenantId, subscriptionId, hour: Math.floor(at / HOUR_MS) * HOUR_MS, counters });
  }

  async readSubscriptionCounters(tenantId: string, subscriptionId: string, range: HourRange): Promise<HourlyCounters> {
    return this.sum(range, (one) => one.tenantId === tenantId && one.subscriptionId === subscriptionId);
  }

  async readTenantCounters(tenantId: string, range: HourRange, maxItems: number): Promise<HourlyCounters | null> {
    const ofTenant = this.added.filter((one) => one.tenantId === tenantId);
    const stored = new Set(ofTenant.map(({ subscriptionId, hour }) => `${subscriptionId} ${hour}`));
    return stored.size > maxItems ? null : this.sum(range, (one) => ofTenant.includes(one));
  }

  private sum({ from, to }: HourRange, isWanted: (one: Added) => boolean): HourlyCounters {
    const isLive = (hour: number) => hour + HOUR_MS + this.retentionMs > this.now();
    const wanted = this.added.filter((one) => one.hour >= from && one.hour < to && isLive(one.hour) && isWanted(one));
    const byHour = Map.groupBy(wanted, ({ hour }) => hour);
    return new Map([...byHour].map(([hour, all]) => [hour, mergeCounters(all.map(({ counters }) => counters))]));
  }
}
