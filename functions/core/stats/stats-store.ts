import type { Counters } from './counters.ts';

export const HOUR_MS = 3_600_000;

/** Counters of one hour, by its first millisecond. */
export type HourlyCounters = ReadonlyMap<number, Counters>;

/** Whole hours from `from` up to but not including `to`, epoch milliseconds. */
export interface HourRange {
  from: number;
  to: number;
}

export interface StatsStore {
  /**
   * Adds to a subscription's counters of the hour of `at`. Rejects if that is not known to have happened, and is not to be
   * repeated then: it would count twice what was counted and whose answer was lost.
   */
  addCounters(tenantId: string, subscriptionId: string, at: number, counters: Counters): Promise<void>;
  /** Hours in which nothing happened are left out. */
  readSubscriptionCounters(tenantId: string, subscriptionId: string, range: HourRange): Promise<HourlyCounters>;
  /** The sums over all subscriptions that the tenant has or had. Null if more than `maxItems` stored counters lie in the range's days. */
  readTenantCounters(tenantId: string, range: HourRange, maxItems: number): Promise<HourlyCounters | null>;
}
