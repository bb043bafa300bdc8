import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeCounters } from '../../../functions/core/stats/counters.ts';
import { latencyCounter, latencyPercentile } from '../../../functions/core/stats/latency.ts';

const counted = (durations: readonly number[]) => mergeCounters(durations.map((ms) => ({ [latencyCounter(ms)]: 1 })));

describe('a percentile of durations', () => {
  it('is within 10 % of the true one', () => {
    const durations = fc.array(fc.double({ min: 1, max: 65_000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.5, 0.95, 1), (all, share) => {
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
        const estimate = latencyPercentile(counted(all), share) ?? Number.NaN;
        expect(Math.abs(estimate / exact - 1)).toBeLessThan(0.1);
      }),
    );
  });

  it.each([
    ['none', [], null, null],
    ['one', [100], 98.7, 98.7],
    ['one of less than a millisecond', [0.2], 1, 1],
    ['one of longer than any attempt', [10 ** 9], 60_100, 60_100],
    ['nine fast and one slow', [...Array(9).fill(10), 5_000], 10.4, 5_310],
  ])('of %s', (_, durations, p50, p95) => {
    const counters = counted(durations);
    expect([latencyPercentile(counters, 0.5), latencyPercentile(counters, 0.95)]).toEqual([p50, p95]);
  });
});
