import type { CountedSubscription, Counters } from './counters.ts';

export const HOUR_MS = 3_600_000;

/** Counters of one hour, by its first millisecond. */
export type HourlyCounters = ReadonlyMap<number, Counters>;

/** Whole hours from `from` up to but not including `to`, epoch milliseconds. */
export interface HourRange {
  from: number;
  to: number;
}

/** What one batch adds to the counters. */
export interface StatsRecord {
  /** Positions sort, as texts, by `at`. */
  position: string;
  /** When the batch was counted, epoch milliseconds. */
  at: number;
  counted: CountedSubscription[];
}

/** Comes before every position. */
export const BEFORE_ALL = '0';

/** The records after one position, up to and including another. */
export interface Span {
  after: string;
  through: string;
}

export interface StatsStore {
  /** Keeps for a day what a batch adds. May be repeated by the store, never by the caller: each call makes a record. */
  putRecord(at: number, counted: readonly CountedSubscription[]): Promise<void>;
  /** The records after a position and before a time, in the order of their positions. */
  readRecords(after: string, before: number): AsyncIterable<StatsRecord>;
  /**
   * Adds what the records of a span come to for one subscription to its counters of the hour of `at`. Does nothing if a span
   * that ends after `span.after` has been added to them, so that it can be repeated.
   */
  addCounters(at: number, counted: CountedSubscription, span: Span): Promise<void>;
  /** The position through which all records have been added. */
  readFolded(): Promise<string>;
  /** False, with nothing written, if it stands there already, or further on. */
  moveFolded(through: string): Promise<boolean>;
  /** Hours in which nothing happened are left out. */
  readSubscriptionCounters(tenantId: string, subscriptionId: string, range: HourRange): Promise<HourlyCounters>;
  /** The sums over all subscriptions that the tenant has or had. Null if more than `maxItems` stored counters lie in the range's days. */
  readTenantCounters(tenantId: string, range: HourRange, maxItems: number): Promise<HourlyCounters | null>;
}
