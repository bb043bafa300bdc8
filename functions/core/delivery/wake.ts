import type { Delivery } from './delivery.ts';

/** How waiting is divided between the retries queue and the due index. Both in milliseconds. */
export interface WaitPolicy {
  /** A wait of up to this long is a queue message; `sweep` finds a longer one. */
  maxQueueWaitMs: number;
  /** How long after its time a queued retry counts as lost. */
  lostAfterMs: number;
}

/**
 * `sweep` wakes a queued retry that is this late. This is longer than the retries queue's visibility timeout, after which
 * the message of a crashed attempt comes back.
 */
export const LOST_AFTER_MS = 10 * 60_000;

/**
 * How far ahead `sweep` looks. It runs once a minute, some seconds late at times; what is due before its next run it sends
 * with a delay, so that waits in the due index are exact to the second.
 */
export const SWEEP_LOOK_AHEAD_MS = 75_000;

/** What is due this long is overdue: `sweep` runs every minute. */
export const OVERDUE_MS = 2 * 60_000;

/**
 * When `sweep` looks at what a delivery owes, unless the message that brought it has done it before. Out of reach for a sweep that looks
 * ahead while that is being done: it would be done twice.
 */
export const EFFECTS_DUE_MS = SWEEP_LOOK_AHEAD_MS + 30_000;

const FIRST_LOOK_MS = 15 * 60_000;
const LAST_LOOK_MS = 24 * 60 * 60_000;

/**
 * Plans the next attempt. This is the one decision about who wakes the delivery; `dueAt` stores it: later than
 * `nextAttemptAt` for a queue message that may be lost, equal to it for the due index.
 */
export function scheduleAttempt(delivery: Delivery, at: number, now: number, waits: WaitPolicy): Delivery {
  const isQueued = at - now <= waits.maxQueueWaitMs;
  return {
    ...delivery,
    status: 'pending',
    completedAt: null,
    nextAttemptAt: at,
    dueAt: isQueued ? Math.max(at, now) + waits.lostAfterMs : at,
  };
}

/** Whether a queue message carries the wait for the next attempt. */
export function waitsInQueue({ nextAttemptAt, dueAt }: Delivery): boolean {
  return nextAttemptAt !== null && dueAt !== null && dueAt > nextAttemptAt;
}

/** When a parked delivery looks at its subscription again: after 15 minutes, then less and less often, at least once a day. */
export function nextLookAt(parkedAt: number, now: number): number {
  return now + Math.min(Math.max(now - parkedAt, FIRST_LOOK_MS), LAST_LOOK_MS);
}
