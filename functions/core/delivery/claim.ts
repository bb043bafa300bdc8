import type { Attempt, AttemptTrigger } from './attempt.ts';
import type { Delivery } from './delivery.ts';
import { SWEEP_LOOK_AHEAD_MS, scheduleAttempt, type WaitPolicy } from './wake.ts';

/**
 * How many attempts a delivery keeps: with long URLs and answers each takes 8 KB of the 400 KB that an item may have. A
 * schedule and its interrupted attempts stay below this; only retrying by hand can pass it, and drops the oldest then.
 */
export const MAX_ATTEMPTS_KEPT = 40;

/** After so many attempts whose end was never recorded, the delivery fails as a fault of ours. */
export const MAX_INTERRUPTED = 10;

const INTERRUPTED = {
  code: 'interrupted',
  message: 'Posthorn stopped before it recorded the end of this attempt. The receiver may have received it.',
};

/** An attempt that begins. Times are epoch milliseconds. */
export interface BegunAttempt {
  id: string;
  trigger: AttemptTrigger;
  startedAt: number;
  url: string;
}

/**
 * The delivery with an attempt begun. Of two messages for one delivery, only one can write this. Without a further write
 * the attempt stays on record as interrupted, and `sweep` wakes the delivery after the claim has ended.
 * @param endsAt epoch milliseconds: by then the invocation that makes the attempt is over
 */
export function claimDelivery(delivery: Delivery, begun: BegunAttempt, endsAt: number): Delivery {
  const attempt: Attempt = {
    id: begun.id,
    number: attemptNumber(delivery, begun.id),
    trigger: begun.trigger,
    startedAt: begun.startedAt,
    durationMs: 0,
    outcome: 'interrupted',
    request: { url: begun.url, headers: {} },
    response: null,
    error: INTERRUPTED,
  };
  const isSucceeded = delivery.status === 'succeeded';
  return {
    ...delivery,
    status: isSucceeded ? 'succeeded' : 'pending',
    statusReason: isSucceeded ? delivery.statusReason : null,
    parkedAt: null,
    limitedSince: null,
    nextAttemptAt: delivery.nextAttemptAt ?? begun.startedAt,
    // Out of reach for a sweep that looks ahead while the attempt is under way.
    dueAt: endsAt + SWEEP_LOOK_AHEAD_MS,
    claim: { attemptId: begun.id, endsAt },
    attempts: [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT),
  };
}

/** The delivery as if the claimed attempt had never begun, to be attempted at `at`: nothing left for the receiver. */
export function releaseClaim(delivery: Delivery, at: number, now: number, waits: WaitPolicy): Delivery {
  const { claim, status, completedAt } = delivery;
  const attempts = delivery.attempts.filter(({ id }) => id !== claim?.attemptId);
  return { ...scheduleAttempt(delivery, at, now, waits), status, completedAt, claim: null, attempts };
}

/** The number of an attempt: the one on record, or the next one. */
export function attemptNumber({ attempts }: Delivery, id: string): number {
  return attempts.find((one) => one.id === id)?.number ?? (attempts.at(-1)?.number ?? 0) + 1;
}

/** The attempts but for the one that is under way. */
export function endedAttempts({ attempts, claim }: Delivery): Attempt[] {
  return attempts.filter(({ id }) => id !== claim?.attemptId);
}

/** How many attempts were begun and never recorded to their end. */
export function countInterrupted(delivery: Delivery): number {
  return endedAttempts(delivery).filter(({ outcome }) => outcome === 'interrupted').length;
}
