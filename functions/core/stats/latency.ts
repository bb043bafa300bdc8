import type { Counters } from './counters.ts';

/*
 * Durations are counted in buckets whose bounds grow by the fourth root of 2: whatever lies in one bucket differs from its
 * middle by at most 9.1 %. Two hours' buckets add up, which their percentiles would not.
 */

const BUCKETS_PER_DOUBLING = 4;
/** 65 s. No attempt takes longer. */
const LAST_BUCKET = 16 * BUCKETS_PER_DOUBLING;
const PREFIX = 'ms_';

/** The counter of the bucket that a duration belongs to. */
export function latencyCounter(durationMs: number): string {
  const bucket = Math.ceil(Math.log2(Math.max(durationMs, 1)) * BUCKETS_PER_DOUBLING);
  return `${PREFIX}${Math.min(bucket, LAST_BUCKET)}`;
}

/**
 * The duration below or at which `share` of the counted ones lie (nearest rank), in milliseconds; null if there are none.
 * Between 1 ms and 65 s it is within 10 % of the true one.
 */
export function latencyPercentile(counters: Counters, share: number): number | null {
  const counts = Array.from({ length: LAST_BUCKET + 1 }, (_, bucket) => counters[`${PREFIX}${bucket}`] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(total * share));
  const bucket = counts.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  const middle = bucket === 0 ? 1 : 2 ** ((bucket - 0.5) / BUCKETS_PER_DOUBLING);
  return Number(middle.toPrecision(3));
}
