import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTooLate, matchesStatus, planRetry, RetryPolicy } from '../../../functions/core/profile/retry-policy.ts';
import type { WebhookResult } from '../../../functions/core/target/webhook.ts';
import { answered, HOUR, MINUTE, NOW, SECOND, UNANSWERED } from '../../support/domain.ts';
import { builtIn } from '../../support/profiles.ts';

const plan = (failures: number, result = answered(500), random = 0.5) =>
  planRetry(builtIn('standard').document.retry, { failures, firstStartedAt: 0 }, result, NOW, () => random);
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
  /** The obsolete forms, which a recipient must accept, too (RFC 9110 §5.6.7). */
  const partsOf = (at: number) => {
    const [, day = '', month = '', year = '', time = ''] = new Date(at).toUTCString().split(' ');
    return {
      day,
      month,
      year,
      time,
      weekday: new Date(at).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }),
    };
  };
  const rfc850 = (at: number) => {
    const { weekday, day, month, year, time } = partsOf(at);
    return `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
  };
  const asctime = (at: number) => {
    const { weekday, day, month, year, time } = partsOf(at);
    return `${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
  };

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
    ['of a date in the form of RFC 850', 503, rfc850(NOW + HOUR), HOUR],
    ['of a date in the form of asctime', 503, asctime(NOW + HOUR), HOUR],
    ['that comes twice: the longer one', 503, '60, 120', 120 * SECOND],
    ['that comes twice, the shorter one last', 503, '120,60', 120 * SECOND],
    ['that comes as date and seconds', 503, `${date(10 * MINUTE)}, 60`, 10 * MINUTE],
    ['that comes as seconds and date', 503, `60, ${date(10 * MINUTE)}`, 10 * MINUTE],
    ['that comes twice, once in words', 503, 'soon, 60', 60 * SECOND],
    ['of fractions', 503, '3600.5', 5 * SECOND],
    ['of an exponent', 503, '1e4', 5 * SECOND],
    ['with a sign', 503, '+3600', 5 * SECOND],
    ['with a unit', 503, '3600s', 5 * SECOND],
    ['of an ISO date', 503, new Date(NOW + HOUR).toISOString(), 5 * SECOND],
    ['of a date without its zone', 503, date(HOUR).replace(' GMT', ''), 5 * SECOND],
    ['of a date in another zone', 503, date(HOUR).replace('GMT', '+0100'), 5 * SECOND],
    ['of a day alone', 503, '2099-01-01', 5 * SECOND],
    ['of a date that does not exist', 503, 'Fri, 99 Jan 2100 00:00:00 GMT', 5 * SECOND],
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

const REFUSED: WebhookResult = {
  outcome: 'connection_refused',
  durationMs: 5,
  response: null,
  error: { code: 'connection_refused', message: 'Nobody listens there.' },
};

/**
 * A delivery that fails always, under a clock of its own: when each attempt begins, in seconds after the first. An
 * attempt takes as long as its result says.
 */
function attemptsOf(name: string, result: WebhookResult): number[] {
  const { retry } = builtIn(name).document;
  const starts = [0];
  let now = NOW;
  for (let failures = 1; failures < 100; failures += 1) {
    const planned = planRetry(retry, { failures, firstStartedAt: NOW }, result, now + result.durationMs, () => 0.5);
    if (planned.kind !== 'retry') return starts;
    now = planned.at;
    starts.push((now - NOW) / SECOND);
  }
  return starts;
}

const at = (...minutes: number[]) => minutes.map((minute) => minute * 60);
const instantly = (result: WebhookResult): WebhookResult => ({ ...result, durationMs: 0 });

describe('the schedule of', () => {
  it.each<[string, string, WebhookResult, number[]]>([
    ['keypay, whose receiver fails at once', 'keypay', instantly(answered(500)), at(0, 1, 3, 7, 15, 30, 60, 120)],
    ['keypay, whose receiver redirects', 'keypay', instantly(answered(302)), at(0, 1, 3, 7, 15, 30, 60, 120)],
    ['keypay, whose receiver is gone', 'keypay', instantly(answered(410)), at(0, 1, 3, 7, 15, 30, 60, 120)],
    ['keypay, whose receiver does not listen', 'keypay', instantly(REFUSED), at(0, 1, 3, 7, 15, 30, 60, 120)],
    ['bindbee, whose receiver does not listen', 'bindbee', instantly(REFUSED), [0, 1, 3, 6, 10]],
    ['bindbee, each attempt timing out', 'bindbee', { ...UNANSWERED, durationMs: 10_000 }, [0, 11, 23, 36, 50]],
    ['bindbee, each attempt timing out late', 'bindbee', { ...UNANSWERED, durationMs: 20_000 }, [0, 21, 43]],
    ['bindbee, whose receiver redirects', 'bindbee', instantly(answered(301)), [0, 1, 3, 6, 10]],
    ['bindbee, whose receiver answers 500', 'bindbee', instantly(answered(500)), [0]],
    ['bindbee, whose receiver answers 404', 'bindbee', instantly(answered(404)), [0]],
    ['bindbee, whose receiver answers 429', 'bindbee', instantly(answered(429, { 'retry-after': '5' })), [0]],
  ])('%s', (_, name, result, expected) => {
    expect(attemptsOf(name, result)).toEqual(expected);
  });

  it('bindbee begins nothing after its 60 seconds, and tries again four times at most, whatever the attempts take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), (durationMs) => {
        const starts = attemptsOf('bindbee', { ...UNANSWERED, durationMs });
        expect(starts.length).toBeLessThanOrEqual(5);
        expect(starts.at(-1)).toBeLessThanOrEqual(60);
      }),
    );
  });
});

const policy = (rest: object = {}) => RetryPolicy.parse({ gapsSeconds: [10, 20], ...rest });
const planned = (rest: object, result: WebhookResult, failures = 1, firstStartedAt = NOW) => {
  const one = planRetry(policy(rest), { failures, firstStartedAt }, result, NOW, () => 0.5);
  return one.kind === 'retry' ? (one.at - NOW) / SECOND : one.kind;
};

describe('what is tried again', () => {
  const only = (on: object) => ({ on: { network: false, timeout: false, statuses: [], ...on } });

  it.each<[string, object, WebhookResult, number | string]>([
    ['a refused connection', only({ network: true }), REFUSED, 10],
    ['a refused connection, not wanted', only({ timeout: true, statuses: ['5xx'] }), REFUSED, 'not_retried'],
    ['a timeout', only({ timeout: true }), UNANSWERED, 10],
    ['a timeout, not wanted', only({ network: true, statuses: ['5xx'] }), UNANSWERED, 'not_retried'],
    ['a status of a class', only({ statuses: ['5xx'] }), answered(503), 10],
    ['a status that is named', only({ statuses: ['404', '429'] }), answered(429), 10],
    ['a status that is not', only({ statuses: ['404', '5xx'] }), answered(400), 'not_retried'],
    ['a status beside network failures', only({ network: true, timeout: true }), answered(500), 'not_retried'],
    [
      'a success that does not count as one',
      only({ statuses: ['2xx'] }),
      { ...answered(204), outcome: 'http_error' },
      10,
    ],
    ['a broken answer, as a network failure', only({ network: true }), { ...REFUSED, outcome: 'protocol_error' }, 10],
    [
      'a blocked address, as a network failure',
      only({ network: true }),
      { ...REFUSED, outcome: 'blocked_address' },
      10,
    ],
    ['by default, every status', {}, answered(418), 10],
    ['by default, a status that HTTP does not know', {}, answered(999), 10],
    ['as 5xx, a status that HTTP does not know', { on: { statuses: ['5xx'] } }, answered(600), 10],
    [
      'no status that HTTP does not know',
      { on: { statuses: ['1xx', '2xx', '3xx', '4xx'] } },
      answered(600),
      'not_retried',
    ],
    ['by default, what never answered', {}, UNANSWERED, 10],
  ])('%s', (_, rest, result, expected) => {
    expect(planned(rest, result)).toBe(expected);
  });

  it.each<[string, number, boolean]>([
    ['410', 410, true],
    ['410', 411, false],
    ['4xx', 400, true],
    ['4xx', 499, true],
    ['4xx', 500, false],
    ['1xx', 101, true],
    ['5xx', 599, true],
    ['5xx', 600, true],
    ['5xx', 999, true],
    ['5xx', 0, true],
    ['5xx', 99, true],
    ['1xx', 100, true],
    ['1xx', 99, false],
    ['4xx', 600, false],
    ['599', 600, false],
  ])('the pattern %s and the status %i: %s', (pattern, status, expected) => {
    expect(matchesStatus([pattern], status)).toBe(expected);
    expect(matchesStatus([], status)).toBe(false);
  });
});

describe('a deadline', () => {
  const deadline = { deadlineSeconds: 60 };

  it.each<[string, number, number | string]>([
    ['that the next attempt just meets', 50 * SECOND, 10],
    ['that it misses by a millisecond', 50 * SECOND + 1, 'exhausted'],
    ['that is long past', HOUR, 'exhausted'],
  ])('%s', (_, ago, expected) => {
    expect(planned(deadline, REFUSED, 1, NOW - ago)).toBe(expected);
  });

  it('ends a wait that Retry-After would make too long', () => {
    const rest = { ...deadline, retryAfter: { statuses: ['503'], maxSeconds: 600 } };
    expect(planned(rest, answered(503, { 'retry-after': '60' }))).toBe(60);
    expect(planned(rest, answered(503, { 'retry-after': '61' }))).toBe('exhausted');
  });

  it('counts for an attempt that comes late, too', () => {
    expect(isTooLate(policy(deadline), NOW, NOW + MINUTE)).toBe(false);
    expect(isTooLate(policy(deadline), NOW, NOW + MINUTE + 1)).toBe(true);
    expect(isTooLate(policy(), NOW, NOW + 1_000 * HOUR)).toBe(false);
  });
});

describe('Retry-After, as a profile wants it', () => {
  const retryAfter = (statuses: string[], maxSeconds = 100) => ({ retryAfter: { statuses, maxSeconds } });

  it.each<[string, object, number, string, number]>([
    ['of a status that it names', retryAfter(['429']), 429, '30', 30],
    ['of a class that it names', retryAfter(['5xx']), 502, '30', 30],
    ['of another status', retryAfter(['429']), 503, '30', 10],
    ['over its longest', retryAfter(['429']), 429, '1000', 100],
    ['where it wants none', {}, 429, '30', 10],
  ])('%s', (_, rest, status, value, expected) => {
    expect(planned(rest, answered(status, { 'retry-after': value }))).toBe(expected);
  });
});

describe('a policy', () => {
  it.each<[string, object]>([
    ['a gap of nothing', { gapsSeconds: [0] }],
    ['a gap of more than a week', { gapsSeconds: [604_801] }],
    ['more retries than a delivery keeps attempts', { gapsSeconds: Array(29).fill(1) }],
    ['jitter of more than a half', { jitter: 0.6 }],
    ['a timeout of more than 20 seconds', { timeoutSeconds: 21 }],
    ['a deadline of nothing', { deadlineSeconds: 0 }],
    ['a status of six hundred', { on: { statuses: ['600'] } }],
    ['a class of nothing', { on: { statuses: ['xx'] } }],
  ])('with %s is refused', (_, rest) => {
    expect(RetryPolicy.safeParse({ gapsSeconds: [1], ...rest }).success).toBe(false);
  });

  it('without gaps tries once', () => {
    expect(planned({ gapsSeconds: [] }, REFUSED)).toBe('exhausted');
  });
});
