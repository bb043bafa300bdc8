import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetry, STANDARD } from '../../functions/core/profile.ts';
import { answered, HOUR, MINUTE, NOW, SECOND, UNANSWERED } from '../support/domain.ts';

const plan = (failures: number, result = answered(500), random = 0.5) =>
  planRetry(STANDARD.retry, failures, result, NOW, () => random);
const wait = (...args: Parameters<typeof plan>): number => {
  const planned = plan(...args);
  return planned.kind === 'retry' ? planned.at - NOW : Number.NaN;
};

describe('the gaps of Standard Webhooks', () => {
  const GAPS: [failures: number, gap: number][] = [
    [1, 5 * SECOND],
    [2, 5 * MINUTE],
    [3, 30 * MINUTE],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 14 * HOUR],
    [8, 20 * HOUR],
    [9, 24 * HOUR],
  ];

  it.each(GAPS)('after failure %i: %i ms, ±20 %%', (failures, gap) => {
    expect(wait(failures)).toBe(gap);
    expect(wait(failures, answered(500), 0)).toBe(gap * 0.8);
    expect(wait(failures, answered(500), 1 - Number.EPSILON)).toBeCloseTo(gap * 1.2, 0);
  });

  it('end after the ninth', () => {
    expect(plan(9).kind).toBe('retry');
    expect(plan(10)).toEqual({ kind: 'exhausted' });
    expect(plan(1_000)).toEqual({ kind: 'exhausted' });
  });

  it('begin anew for a delivery that has only failed by hand', () => {
    expect(wait(0)).toBe(5 * SECOND);
  });

  it('are the same for every kind of failure', () => {
    expect(wait(2, UNANSWERED)).toBe(5 * MINUTE);
    expect(wait(2, answered(302))).toBe(5 * MINUTE);
  });
});

describe('Retry-After', () => {
  const date = (offsetMs: number) => new Date(NOW + offsetMs).toUTCString();

  it.each<[string, number, string, number]>([
    ['in seconds', 429, '60', 60 * SECOND],
    ['in seconds, of 503', 503, '60', 60 * SECOND],
    ['of a date', 503, date(10 * MINUTE), 10 * MINUTE],
    ['with blanks around', 503, ' 60 ', 60 * SECOND],
    ['never sooner than the gap', 503, '1', 5 * SECOND],
    ['of 0', 503, '0', 5 * SECOND],
    ['of a date that is past', 503, date(-HOUR), 5 * SECOND],
    ['of exactly 24 hours', 503, '86400', 24 * HOUR],
    ['of more than 24 hours', 503, '86401', 24 * HOUR],
    ['beyond all numbers', 503, '9'.repeat(400), 24 * HOUR],
    ['of a date in the next century', 429, 'Fri, 01 Jan 2100 00:00:00 GMT', 24 * HOUR],
    ['that is negative', 503, '-5', 5 * SECOND],
    ['that is words', 503, 'soon', 5 * SECOND],
    ['that is empty', 503, '', 5 * SECOND],
    ['of another status', 500, '60', 5 * SECOND],
    ['of a redirect', 301, '60', 5 * SECOND],
  ])('%s', (_, status, value, expected) => {
    expect(wait(1, answered(status, { 'retry-after': value }))).toBe(expected);
  });

  it('does not outlive the schedule', () => {
    expect(plan(10, answered(503, { 'retry-after': '60' }))).toEqual({ kind: 'exhausted' });
  });

  it('whatever it says, the retry comes between the gap and 24 hours and its jitter', () => {
    const statuses = fc.constantFrom(429, 503, 500, 200);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        statuses,
        fc.oneof(
          fc.string(),
          fc.nat().map(String),
          fc.date({ noInvalidDate: true }).map((one) => one.toUTCString()),
        ),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, status, value, random) => {
          const waited = wait(failures, answered(status, { 'retry-after': value }), random);
          expect(waited).toBeGreaterThanOrEqual(wait(failures, answered(500), 0));
          expect(waited).toBeLessThanOrEqual(Math.max(24 * HOUR, wait(failures, answered(500), random)));
        },
      ),
    );
  });
});
