import * as z from 'zod';
import type { Random } from '../ids.ts';
import type { BreakerPolicy } from '../profile/profile.ts';
import { matchesStatus } from '../profile/retry-policy.ts';
import { AttemptOutcome, type WebhookResult } from '../target/webhook.ts';

/*
 * How a subscription's receiver fares: what its attempts say of it, and what follows. A pure state machine; times are epoch
 * milliseconds. The record is written on a failure and on a recovery; a receiver that stays healthy has none.
 */

export const LastFailure = z.object({
  outcome: AttemptOutcome,
  /** Null if there was no answer. */
  status: z.int().nullable(),
  /** In words that a customer understands. */
  message: z.string(),
  at: z.number(),
});
export type LastFailure = z.infer<typeof LastFailure>;

const Failing = z.object({
  /** The first failure after the last success. */
  since: z.number(),
  /** Failed attempts in a row, of any kind. */
  failures: z.int(),
  lastFailure: LastFailure,
  /** How many warnings were given that the subscription will be disabled, and when the last one was. */
  warnings: z.int(),
  warnedAt: z.number().nullable(),
});

const Breaker = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('closed'),
    /** Attempts in a row that found the receiver unavailable. */
    unavailable: z.int(),
    /** When it closed, and how long its last pause was; null if it was never open. */
    recovery: z.object({ since: z.number(), pauseMs: z.number() }).nullable(),
  }),
  z.object({
    state: z.literal('open'),
    openedAt: z.number(),
    pauseMs: z.number(),
    /** From then on one attempt is made. While a probe is under way: when its lease ends. */
    nextProbeAt: z.number(),
    /** The attempt that is the probe. */
    probe: z.string().nullable(),
  }),
]);

export const Health = z.object({
  /** The subscription's generation that it is about. It says nothing of a later one. */
  generation: z.int(),
  /** Raised by each write, for conditional writes. */
  revision: z.int(),
  /** Null after a success. */
  failing: Failing.nullable(),
  breaker: Breaker,
  /** Until then its first attempts stay out of the lane of those that are fast. */
  slowUntil: z.number().nullable(),
});
export type Health = z.infer<typeof Health>;

/** What health is read from. */
export interface Observed {
  generation: number;
  health: Health | null;
}

const CLOSED: Health['breaker'] = { state: 'closed', unavailable: 0, recovery: null };

/** The health of a subscription as it is now: a record about an earlier generation counts as none. */
export function healthOf({ generation, health }: Observed): Health {
  if (health !== null && health.generation === generation) return health;
  return { generation, revision: health?.revision ?? 0, failing: null, breaker: CLOSED, slowUntil: null };
}

/** What an attempt says of its receiver. */
export interface Verdict {
  attemptId: string;
  startedAt: number;
  endedAt: number;
  /** `refused`: an answer, so the receiver is there; the failure is the event's own. */
  kind: 'success' | 'refused' | 'unavailable';
  /** Null for a success. */
  failure: LastFailure | null;
}

export function verdictOf(attempt: { id: string; startedAt: number; result: WebhookResult }): Verdict {
  const { id, startedAt, result } = attempt;
  const endedAt = startedAt + Math.round(result.durationMs);
  const whole = { attemptId: id, startedAt, endedAt };
  if (result.outcome === 'success') return { ...whole, kind: 'success', failure: null };
  const status = result.response?.status ?? null;
  const isAnswer = result.outcome === 'http_error' && status !== null && !matchesStatus(UNAVAILABLE, status);
  const message = result.error?.message ?? 'The attempt failed.';
  const failure = { outcome: result.outcome, status, message, at: endedAt };
  return { ...whole, kind: isAnswer ? 'refused' : 'unavailable', failure };
}

/** Answers by which a receiver says that it cannot take any event now. */
const UNAVAILABLE = ['429', '5xx'];

/** What a change of health is to be told. */
export type HealthSignal =
  /** It will be disabled at `disablesAt` unless a delivery succeeds. */
  | { kind: 'failing'; since: number; failures: number; lastFailure: LastFailure; warning: number; disablesAt: number }
  /** A delivery succeeded after a warning was given. */
  | { kind: 'recovered'; failedSince: number }
  /** It is to be disabled. */
  | { kind: 'disabled'; since: number; failures: number; lastFailure: LastFailure };

export interface HealthPolicy {
  /** Null: its profile has no breaker. */
  breaker: BreakerPolicy | null;
  /** For how long all attempts may fail before the subscription is disabled. */
  disableAfterMs: number;
}

export interface HealthChange {
  /** The health that was given if the verdict changes nothing. */
  health: Health;
  signals: HealthSignal[];
}

export function recordVerdict(health: Health, verdict: Verdict, policy: HealthPolicy): HealthChange {
  const { breaker, failing } = health;
  // What began before the breaker opened says nothing of the receiver since.
  if (verdict.kind === 'success' && breaker.state === 'open' && !isEvidence(breaker, verdict)) {
    return { health, signals: [] };
  }
  const nextBreaker = moveBreaker(breaker, verdict, policy.breaker);
  if (verdict.failure === null) {
    if (failing === null && nextBreaker === breaker) return { health, signals: [] };
    const isTold = failing !== null && failing.warnings > 0;
    return {
      health: { ...health, failing: null, breaker: nextBreaker },
      signals: isTold ? [{ kind: 'recovered', failedSince: failing.since }] : [],
    };
  }
  const failed = {
    since: failing?.since ?? verdict.failure.at,
    failures: (failing?.failures ?? 0) + 1,
    lastFailure: verdict.failure,
    warnings: failing?.warnings ?? 0,
    warnedAt: failing?.warnedAt ?? null,
  };
  const warned = warn(failed, verdict.endedAt, policy.disableAfterMs);
  return { health: { ...health, failing: warned.failing, breaker: nextBreaker }, signals: warned.signals };
}

function isEvidence(
  { probe, openedAt }: Extract<Health['breaker'], { state: 'open' }>,
  { attemptId, startedAt }: Verdict,
): boolean {
  return probe === attemptId || startedAt >= openedAt;
}

function moveBreaker(breaker: Health['breaker'], verdict: Verdict, policy: BreakerPolicy | null): Health['breaker'] {
  const { kind, endedAt, attemptId } = verdict;
  if (breaker.state === 'open') {
    if (kind !== 'unavailable') return isEvidence(breaker, verdict) ? close(breaker, endedAt) : breaker;
    if (breaker.probe !== attemptId) return breaker;
    const pauseMs = policy === null ? breaker.pauseMs : longerPause(breaker.pauseMs, policy);
    return { ...breaker, pauseMs, nextProbeAt: endedAt + pauseMs, probe: null };
  }
  if (kind !== 'unavailable') return breaker.unavailable === 0 ? breaker : { ...breaker, unavailable: 0 };
  if (policy === null) return breaker;
  const unavailable = breaker.unavailable + 1;
  if (unavailable < policy.failures) return { ...breaker, unavailable };
  const { recovery } = breaker;
  // A receiver that fails again while its backlog comes back gets a longer pause.
  const isRelapse = recovery !== null && endedAt - recovery.since < RAMP_MS;
  const pauseMs = isRelapse ? longerPause(recovery.pauseMs, policy) : policy.pauseSeconds * 1_000;
  return { state: 'open', openedAt: endedAt, pauseMs, nextProbeAt: endedAt + pauseMs, probe: null };
}

function longerPause(pauseMs: number, { maxPauseSeconds }: BreakerPolicy): number {
  return Math.min(pauseMs * 2, maxPauseSeconds * 1_000);
}

function close({ pauseMs }: { pauseMs: number }, at: number): Health['breaker'] {
  return { state: 'closed', unavailable: 0, recovery: { since: at, pauseMs } };
}

/** Warnings come after these parts of the time after which the subscription is disabled: 1 and 3 of 5 days. */
const WARNINGS_AFTER = [0.2, 0.6];

/**
 * The next warning that is due, or the end. Each comes some time after the one before, however late that one was: a
 * subscription that has an event a week is not disabled without notice.
 */
function warn(
  failing: z.infer<typeof Failing>,
  now: number,
  disableAfterMs: number,
): { failing: z.infer<typeof Failing>; signals: HealthSignal[] } {
  const { since, failures, lastFailure, warnings, warnedAt } = failing;
  const stages = [...WARNINGS_AFTER, 1].map((part) => part * disableAfterMs);
  const stage = stages[warnings];
  if (stage === undefined) return { failing, signals: [] };
  const sinceLast = stage - (stages[warnings - 1] ?? stage);
  if (now < Math.max(since + stage, (warnedAt ?? 0) + sinceLast)) return { failing, signals: [] };
  const told = { ...failing, warnings: warnings + 1, warnedAt: now };
  if (warnings === WARNINGS_AFTER.length)
    return { failing: told, signals: [{ kind: 'disabled', since, failures, lastFailure }] };
  const disablesAt = Math.max(since + disableAfterMs, now + disableAfterMs - stage);
  return {
    failing: told,
    signals: [{ kind: 'failing', since, failures, lastFailure, warning: warnings + 1, disablesAt }],
  };
}

/** What an open breaker makes of an attempt: it waits, or it may be the probe. */
export type BreakerGate = 'closed' | 'open' | 'probe';

export function askBreaker({ breaker }: Health, now: number): BreakerGate {
  if (breaker.state === 'closed') return 'closed';
  return breaker.nextProbeAt > now ? 'open' : 'probe';
}

/** The attempt becomes the probe; no other attempt is made until its lease ends. */
export function takeProbe(health: Health, attemptId: string, leaseEndsAt: number): Health {
  const { breaker } = health;
  if (breaker.state === 'closed') return health;
  return { ...health, breaker: { ...breaker, probe: attemptId, nextProbeAt: leaseEndsAt } };
}

/** By hand. The receiver is failing until a delivery succeeds. */
export function closeBreaker(health: Health, now: number): Health {
  return health.breaker.state === 'closed' ? health : { ...health, breaker: close(health.breaker, now) };
}

/** A breaker that closes wakes what waits for it; this is how far apart the rest looks at it. */
const MAX_SPREAD_MS = 2 * 60 * 60_000;
const UNTRIED_SPREAD_MS = 15 * 60_000;

/**
 * When a delivery that finds the breaker open looks again: after the next probe is due, and spread over as long as the
 * breaker has been open, so that thousands that wait cost little. The first of them is the probe. Deliveries that have failed
 * in this outage are few, and enough of them come soon; all others take a quarter of an hour at least.
 * @param triedAt when the delivery's last attempt started; null if there was none
 */
export function heldUntil({ breaker, failing }: Health, now: number, random: Random, triedAt: number | null): number {
  if (breaker.state === 'closed') return now;
  const isUntried = triedAt === null || triedAt < (failing?.since ?? 0);
  const least = isUntried ? UNTRIED_SPREAD_MS : breaker.pauseMs;
  const spread = Math.min(Math.max(now - breaker.openedAt, least), MAX_SPREAD_MS);
  return Math.max(breaker.nextProbeAt, now) + Math.round(random() * spread);
}

/** After a breaker closes its subscription gets one delivery a second, and twice as many every ten seconds. */
const RAMP_DOUBLES_MS = 10_000;
const RAMP_MS = 100_000;

/** How many deliveries a second a subscription may get while it recovers. Null: as many as there are. */
export function effectiveRate(
  health: Health | null,
  { generation }: { generation: number },
  now: number,
): number | null {
  const { breaker } = healthOf({ generation, health });
  if (breaker.state === 'open' || breaker.recovery === null) return null;
  const elapsed = Math.max(0, now - breaker.recovery.since);
  return elapsed >= RAMP_MS ? null : 2 ** (elapsed / RAMP_DOUBLES_MS);
}

/**
 * When the nth of those that waited is woken: by then the ramp has given as many their turn. Epoch milliseconds; null where
 * there is no ramp.
 */
export function rampTime({ breaker }: Health, n: number): number | null {
  if (breaker.state === 'open' || breaker.recovery === null) return null;
  const doublings = Math.log2(1 + (n * Math.LN2 * 1_000) / RAMP_DOUBLES_MS);
  return breaker.recovery.since + Math.min(doublings * RAMP_DOUBLES_MS, RAMP_MS);
}

/** How long a slow attempt keeps its subscription out of the fast lane. */
const SLOW_MS = 10 * 60_000;

/** An attempt has been waiting for its answer for long. The same health if a mark that holds for a while is there. */
export function markSlow(health: Health, now: number): Health {
  const isMarked = health.slowUntil !== null && health.slowUntil - now > SLOW_MS / 2;
  return isMarked ? health : { ...health, slowUntil: now + SLOW_MS };
}

/** Whether its first attempts are to stay out of the lane of first attempts. */
export function isSlowOrFailing(observed: Observed, now: number): boolean {
  const { failing, breaker, slowUntil } = healthOf(observed);
  return failing !== null || breaker.state === 'open' || (slowUntil !== null && slowUntil > now);
}
