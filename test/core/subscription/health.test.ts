import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  askBreaker,
  closeBreaker,
  effectiveRate,
  type Health,
  type HealthSignal,
  healthOf,
  heldUntil,
  isSlowOrFailing,
  markSlow,
  rampTime,
  recordVerdict,
  takeProbe,
  type Verdict,
  verdictOf,
} from '../../../functions/core/subscription/health.ts';
import { ATTEMPT_OUTCOMES, type WebhookResult } from '../../../functions/core/target/webhook.ts';
import { answered, HOUR, MINUTE, NOW, SECOND, UNANSWERED } from '../../support/domain.ts';

const DAY = 24 * HOUR;
const BREAKER = { failures: 10, pauseSeconds: 30, maxPauseSeconds: 900 };
const POLICY = { breaker: BREAKER, disableAfterMs: 5 * DAY };
const HEALTHY = healthOf({ generation: 3, health: null });

let attempts = 0;
function verdict(result: WebhookResult, at = NOW, id = `attempt ${attempts++}`): Verdict {
  return verdictOf({ id, startedAt: at - Math.round(result.durationMs), result });
}

/** The health after attempts that ended at `at` and got these answers. */
function healthAfter(health: Health, at: number, ...statuses: number[]): Health {
  return statuses.reduce((one, status) => recordVerdict(one, verdict(answered(status), at), POLICY).health, health);
}
const times = (count: number, status: number): number[] => Array<number>(count).fill(status);

/** Open since NOW. */
const OPEN = healthAfter(HEALTHY, NOW, ...times(10, 500));
/** Closed by a probe, at NOW + 40 s. */
const RECOVERING = healthAfter(OPEN, NOW + 40 * SECOND, 200);

describe('what an attempt says of its receiver', () => {
  const of = (rest: Partial<WebhookResult>): WebhookResult => ({ ...UNANSWERED, ...rest });
  it.each<[string, WebhookResult, Verdict['kind']]>([
    ['200', answered(200), 'success'],
    ['204', answered(204), 'success'],
    ['a status that its profile takes for success', { ...answered(503), outcome: 'success' }, 'success'],
    ['301', answered(301), 'refused'],
    ['400', answered(400), 'refused'],
    ['404', answered(404), 'refused'],
    ['429', answered(429), 'unavailable'],
    ['500', answered(500), 'unavailable'],
    ['599', answered(599), 'unavailable'],
    ['999, which RFC 9110 takes for a 5xx', answered(999), 'unavailable'],
    ['no answer in time', UNANSWERED, 'unavailable'],
    ...ATTEMPT_OUTCOMES.slice(2).map((outcome): [string, WebhookResult, Verdict['kind']] => [
      outcome,
      of({ outcome }),
      'unavailable',
    ]),
    ['404 whose body broke off', { ...answered(404), outcome: 'connection_reset' }, 'unavailable'],
  ])('%s', (_, result, kind) => {
    expect(verdict(result).kind).toBe(kind);
  });

  it('a failure is told in the words of the attempt, as of its end', () => {
    expect(verdictOf({ id: 'a', startedAt: NOW, result: UNANSWERED })).toEqual({
      attemptId: 'a',
      startedAt: NOW,
      endedAt: NOW + 15 * SECOND,
      kind: 'unavailable',
      failure: { outcome: 'timeout', status: null, message: UNANSWERED.error?.message, at: NOW + 15 * SECOND },
    });
  });
});

describe('a record', () => {
  it('says nothing of a later generation, and its revision goes on', () => {
    const health = { ...OPEN, revision: 7 };
    expect(healthOf({ generation: 3, health })).toBe(health);
    expect(healthOf({ generation: 4, health })).toEqual({ ...HEALTHY, generation: 4, revision: 7 });
    expect(effectiveRate({ ...RECOVERING }, { generation: 4 }, NOW + 41 * SECOND)).toBeNull();
    expect(isSlowOrFailing({ generation: 4, health }, NOW)).toBe(false);
  });

  it('of a healthy receiver is not written', () => {
    for (const health of [HEALTHY, RECOVERING, markSlow(HEALTHY, NOW)]) {
      const late = verdict(answered(200), NOW + HOUR);
      expect(recordVerdict(health, late, POLICY)).toEqual({ health, signals: [] });
      expect(recordVerdict(health, late, POLICY).health).toBe(health);
    }
  });

  it('counts failures since the last success', () => {
    const failing = healthAfter(HEALTHY, NOW, 500, 404);
    expect(healthAfter(failing, NOW + MINUTE, 503).failing).toEqual({
      since: NOW,
      failures: 3,
      lastFailure: { outcome: 'http_error', status: 503, message: 'The receiver answered 503.', at: NOW + MINUTE },
      warnings: 0,
      warnedAt: null,
    });
    expect(healthAfter(failing, NOW, 200)).toEqual(HEALTHY);
  });
});

describe('the breaker', () => {
  it.each<[string, number[], 'closed' | 'open']>([
    ['nine failures', times(9, 500), 'closed'],
    ['ten failures', times(10, 500), 'open'],
    ['ten of 429', times(10, 429), 'open'],
    ['a hundred of 404: they are the events’ own', times(100, 404), 'closed'],
    ['nine failures, a success, nine failures', [...times(9, 500), 200, ...times(9, 500)], 'closed'],
    ['nine failures, an answer, nine failures', [...times(9, 500), 404, ...times(9, 500)], 'closed'],
  ])('%s: %#', (_, statuses, state) => {
    expect(healthAfter(HEALTHY, NOW, ...statuses).breaker.state).toBe(state);
  });

  it('is not there without a policy', () => {
    const none = { ...POLICY, breaker: null };
    let health = HEALTHY;
    for (let count = 0; count < 50; count += 1) health = recordVerdict(health, verdict(UNANSWERED), none).health;
    expect(health).toMatchObject({ failing: { failures: 50 }, breaker: { state: 'closed', unavailable: 0 } });
  });

  it('lets nothing through until its pause is over, then one attempt', () => {
    expect(OPEN.breaker).toMatchObject({ state: 'open', nextProbeAt: NOW + 30 * SECOND });
    expect(askBreaker(HEALTHY, NOW)).toBe('closed');
    expect(askBreaker(OPEN, NOW + 30 * SECOND - 1)).toBe('open');
    expect(askBreaker(OPEN, NOW + 30 * SECOND)).toBe('probe');
    const probing = takeProbe(OPEN, 'probe', NOW + 75 * SECOND);
    expect(askBreaker(probing, NOW + 74 * SECOND)).toBe('open');
    // The invocation of the probe crashed.
    expect(askBreaker(probing, NOW + 75 * SECOND)).toBe('probe');
  });

  it('doubles its pause with each probe that fails, up to the longest', () => {
    let health = OPEN;
    const pauses: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      if (health.breaker.state !== 'open') throw new Error('it closed');
      const at = health.breaker.nextProbeAt;
      const probing = takeProbe(health, 'probe', at + 45 * SECOND);
      health = recordVerdict(probing, verdict(answered(503), at, 'probe'), POLICY).health;
      if (health.breaker.state === 'open') pauses.push((health.breaker.nextProbeAt - at) / SECOND);
      expect(health.breaker).toMatchObject({ probe: null });
    }
    expect(pauses).toEqual([60, 120, 240, 480, 900, 900, 900]);
    expect(health.failing).toMatchObject({ since: NOW, failures: 17 });
  });

  it('stays as it is when an attempt fails that is not the probe', () => {
    const probing = takeProbe(OPEN, 'probe', NOW + 75 * SECOND);
    for (const health of [OPEN, probing]) {
      const late = recordVerdict(health, verdict(answered(500), NOW + SECOND), POLICY).health;
      expect(late.breaker).toEqual(health.breaker);
      expect(late.failing?.failures).toBe(11);
    }
  });

  it.each([200, 404])('closes when its probe is answered with %i', (status) => {
    const probing = takeProbe(OPEN, 'probe', NOW + 75 * SECOND);
    const { breaker } = recordVerdict(probing, verdict(answered(status), NOW + MINUTE, 'probe'), POLICY).health;
    expect(breaker).toEqual({
      state: 'closed',
      unavailable: 0,
      recovery: { since: NOW + MINUTE, pauseMs: 30 * SECOND },
    });
  });

  it('is not moved by a success of an attempt that began before it opened, but by one that began afterwards', () => {
    const success = verdictOf({ id: 'a', startedAt: NOW - 1, result: { ...answered(200), durationMs: 10 * SECOND } });
    expect(recordVerdict(OPEN, success, POLICY).health).toBe(OPEN);
    expect(recordVerdict(OPEN, { ...success, startedAt: NOW }, POLICY).health.breaker.state).toBe('closed');
  });

  it('opens for longer when the receiver fails again while its backlog comes back, and afresh after that', () => {
    const again = (at: number) => healthAfter(RECOVERING, at, ...times(10, 500)).breaker;
    expect(again(NOW + 50 * SECOND)).toMatchObject({ state: 'open', pauseMs: MINUTE });
    expect(again(NOW + HOUR)).toMatchObject({ state: 'open', pauseMs: 30 * SECOND });
    expect(healthAfter(RECOVERING, NOW + 50 * SECOND, ...times(9, 500)).breaker.state).toBe('closed');
  });

  it('closed by hand lets the backlog come back, and the receiver is failing until it succeeds', () => {
    const closed = closeBreaker(OPEN, NOW + SECOND);
    expect(closed).toMatchObject({ failing: { failures: 10 }, breaker: { state: 'closed' } });
    expect(effectiveRate(closed, closed, NOW + SECOND)).toBe(1);
    expect(closeBreaker(HEALTHY, NOW)).toBe(HEALTHY);
  });
});

describe('what waits for an open breaker', () => {
  it.each<[string, Health, number | null, number, number, number]>([
    ['the breaker has just opened: within the pause after the probe', OPEN, NOW, 0, 30, 60],
    ['the same, not tried in this outage: within a quarter of an hour', OPEN, NOW - SECOND, 0, 30, 930],
    ['the same, never tried: within a quarter of an hour', OPEN, null, 0, 30, 930],
    ['it has been open for an hour: within an hour', OPEN, NOW, 3_600, 3_600, 7_200],
    ['the same, never tried: within an hour', OPEN, null, 3_600, 3_600, 7_200],
    ['it has been open for days: within two hours', OPEN, NOW, 864_000, 864_000, 871_200],
  ])('%s', (_, health, triedAt, elapsed, from, to) => {
    const now = NOW + elapsed * SECOND;
    expect(heldUntil(health, now, () => 0, triedAt)).toBe(NOW + from * SECOND);
    expect(heldUntil(health, now, () => 1, triedAt)).toBe(NOW + to * SECOND);
  });
});

describe('the ramp', () => {
  it('grows from one delivery a second until there is no limit', () => {
    const start = NOW + 40 * SECOND;
    const rates = [0, 10, 20, 50, 99].map((elapsed) => effectiveRate(RECOVERING, RECOVERING, start + elapsed * SECOND));
    expect(rates.map((rate) => Math.round(rate ?? 0))).toEqual([1, 2, 4, 32, 955]);
    expect(effectiveRate(RECOVERING, RECOVERING, start + 100 * SECOND)).toBeNull();
    // Another machine's clock is behind.
    expect(effectiveRate(RECOVERING, RECOVERING, start - 5 * SECOND)).toBe(1);
  });

  it('wakes what waited as fast as it grows', () => {
    const start = NOW + 40 * SECOND;
    for (const n of [0, 1, 10, 1_000, 14_000]) {
      const at = rampTime(RECOVERING, n) ?? 0;
      // The deliveries that the rate has allowed by then.
      let allowed = 0;
      for (let ms = 0; ms < at - start; ms += 10) {
        allowed += (effectiveRate(RECOVERING, RECOVERING, start + ms) ?? 0) / 100;
      }
      expect(Math.abs(allowed - n)).toBeLessThanOrEqual(Math.max(1, n / 100));
    }
    expect(rampTime(RECOVERING, 1e9)).toBe(start + 100 * SECOND);
    for (const health of [HEALTHY, OPEN]) expect(rampTime(health, 5)).toBeNull();
  });

  it('is for those that recover', () => {
    for (const health of [null, HEALTHY, OPEN]) expect(effectiveRate(health, { generation: 3 }, NOW)).toBeNull();
  });
});

describe('the slow lane', () => {
  it('takes what is slow for ten minutes, renewed after five at the earliest', () => {
    const slow = markSlow(HEALTHY, NOW);
    expect(isSlowOrFailing(observe(slow), NOW + 10 * MINUTE - 1)).toBe(true);
    expect(isSlowOrFailing(observe(slow), NOW + 10 * MINUTE)).toBe(false);
    expect(markSlow(slow, NOW + 4 * MINUTE)).toBe(slow);
    expect(markSlow(slow, NOW + 6 * MINUTE)).toEqual({ ...slow, slowUntil: NOW + 16 * MINUTE });
  });

  it('takes what is failing, and not what is healthy', () => {
    expect(isSlowOrFailing(observe(healthAfter(HEALTHY, NOW, 404)), NOW)).toBe(true);
    expect(isSlowOrFailing(observe(closeBreaker({ ...OPEN, failing: null }, NOW)), NOW)).toBe(false);
    expect(isSlowOrFailing(observe({ ...OPEN, failing: null }), NOW)).toBe(true);
    expect(isSlowOrFailing({ generation: 3, health: null }, NOW)).toBe(false);
    expect(isSlowOrFailing(observe(RECOVERING), NOW)).toBe(false);
  });
  const observe = (health: Health) => ({ generation: health.generation, health });
});

describe('signals', () => {
  /** What is told of failures that end at these times, in days; `true` is a success. */
  function tell(
    moments: readonly (number | [number, 'success'])[],
    disableAfterMs = 5 * DAY,
  ): [number, HealthSignal][] {
    let health = HEALTHY;
    const told: [number, HealthSignal][] = [];
    for (const moment of moments) {
      const [day, status] = Array.isArray(moment) ? [moment[0], 200] : [moment, 500];
      const one = recordVerdict(health, verdict(answered(status), NOW + day * DAY), {
        ...POLICY,
        breaker: null,
        disableAfterMs,
      });
      health = one.health;
      told.push(...one.signals.map((signal): [number, HealthSignal] => [day, signal]));
    }
    return told;
  }
  const kinds = (told: [number, HealthSignal][]) => told.map(([day, { kind }]) => [day, kind]);
  const every = (step: number, until: number) => Array.from({ length: until / step + 1 }, (_, index) => index * step);

  it('warn after 1 and 3 days of failures, and disable after 5', () => {
    const told = tell(every(0.25, 7));
    expect(kinds(told)).toEqual([
      [1, 'failing'],
      [3, 'failing'],
      [5, 'disabled'],
    ]);
    const [first, second, end] = told.map(([, signal]) => signal);
    const lastFailure = { outcome: 'http_error', status: 500, message: 'The receiver answered 500.' };
    expect(first).toEqual({
      kind: 'failing',
      since: NOW,
      failures: 5,
      lastFailure: { ...lastFailure, at: NOW + DAY },
      warning: 1,
      disablesAt: NOW + 5 * DAY,
    });
    expect(second).toMatchObject({ failures: 13, warning: 2, disablesAt: NOW + 5 * DAY });
    expect(end).toMatchObject({ since: NOW, failures: 21 });
  });

  it('are in proportion to another time', () => {
    expect(kinds(tell(every(0.5, 12), 10 * DAY))).toEqual([
      [2, 'failing'],
      [6, 'failing'],
      [10, 'disabled'],
    ]);
  });

  it('begin again after a success, which is told if a warning was', () => {
    expect(kinds(tell([0, 0.9, [0.95, 'success'], 1.5, 2.4, 2.6, [2.7, 'success'], 3, 3.9]))).toEqual([
      [2.6, 'failing'],
      [2.7, 'recovered'],
    ]);
    expect(tell([0, 1, [2, 'success']]).at(-1)?.[1]).toEqual({ kind: 'recovered', failedSince: NOW });
  });

  it('never disable without both warnings, however rare its events are', () => {
    const told = tell([0, 7, 7, 7, 14, 14, 21]);
    expect(kinds(told)).toEqual([
      [7, 'failing'],
      [14, 'failing'],
      [21, 'disabled'],
    ]);
    expect(told.map(([, signal]) => ('disablesAt' in signal ? (signal.disablesAt - NOW) / DAY : null))).toEqual([
      11,
      16,
      null,
    ]);
  });
});

describe('whatever a receiver answers', () => {
  const step = fc.record({
    waitMs: fc.nat(20 * MINUTE),
    status: fc.constantFrom(200, 404, 429, 500, 0),
    asProbe: fc.boolean(),
  });
  it('the breaker opens after ten failures only, and from there one probe at a time decides', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let health = HEALTHY;
        let now = NOW;
        let inARow = 0;
        for (const { waitMs, status, asProbe } of steps) {
          now += waitMs;
          const gate = askBreaker(health, now);
          const id = `attempt ${attempts++}`;
          if (gate === 'open') {
            expect(heldUntil(health, now, Math.random, null)).toBeGreaterThan(now);
            continue;
          }
          if (gate === 'probe') {
            if (!asProbe) continue;
            health = takeProbe(health, id, now + 45 * SECOND);
            expect(askBreaker(health, now)).toBe('open');
          }
          const result = status === 0 ? UNANSWERED : answered(status);
          const before = health;
          health = recordVerdict(health, verdict(result, now, id), POLICY).health;
          const isUnavailable = status === 0 || status === 429 || status === 500;
          inARow = isUnavailable ? inARow + 1 : 0;
          expect(health.failing === null).toBe(status === 200);
          if (before.breaker.state === 'closed') expect(health.breaker.state).toBe(inARow >= 10 ? 'open' : 'closed');
          else expect(health.breaker.state).toBe(isUnavailable ? 'open' : 'closed');
          if (health.breaker.state === 'open') {
            const pause = health.breaker.nextProbeAt - now;
            expect(pause).toBeGreaterThanOrEqual(30 * SECOND);
            expect(pause).toBeLessThanOrEqual(15 * MINUTE);
          } else inARow = health.breaker.unavailable;
          expect(effectiveRate(health, health, now) ?? 1).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});
