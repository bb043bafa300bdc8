import * as z from 'zod';
import type { DeliveryRef, Random } from '../ids.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import { matchesStatus, planRetry } from '../profile/retry-policy.ts';
import type { WebhookResult } from '../target/webhook.ts';
import { Attempt, type AttemptTrigger, AttemptTrigger as Trigger } from './attempt.ts';

export const DELIVERY_STATUSES = ['pending', 'parked', 'succeeded', 'failed', 'cancelled'] as const;
export const DeliveryStatus = z.enum(DELIVERY_STATUSES);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One event on its way to one subscription, as the journal keeps it. Times are epoch milliseconds. */
export const Delivery = z.object({
  tenantId: z.string(),
  subscriptionId: z.string(),
  eventId: z.string(),
  eventAt: z.number(),
  eventType: z.string(),
  /** The profile that it started with, and keeps: its name and version. */
  profile: z.string(),
  profileVersion: z.int(),
  status: DeliveryStatus,
  statusReason: z.object({ code: z.string(), message: z.string() }).nullable(),
  attempts: z.array(Attempt),
  /** When the next attempt is planned; null if none is. */
  nextAttemptAt: z.number().nullable(),
  completedAt: z.number().nullable(),
  /** An attempt that somebody asked for and that has not been made. A succeeded delivery can be sent again by it. */
  requested: Trigger.nullable(),
  /**
   * Counts the queue messages made for this delivery. The one that carries the latest ticket keeps waiting when it
   * comes too early; older ones are dropped then, so that one message at a time carries a delivery.
   */
  ticket: z.int(),
  /** When `sweep` must wake it if nothing else has: the due index. Null while nothing is planned. */
  dueAt: z.number().nullable(),
  /** Raised by each write, for conditional writes. */
  revision: z.int(),
});
export type Delivery = z.infer<typeof Delivery>;

/** How many attempts a delivery keeps: with long URLs and answers each takes 8 KB of the 400 KB that an item may have. A schedule has ten; only retrying by hand can pass this, and drops the oldest then. */
export const MAX_ATTEMPTS_KEPT = 30;

export interface DeliveryOrigin extends DeliveryRef {
  tenantId: string;
  eventType: string;
  profile: string;
  profileVersion: number;
}

export function newDelivery(origin: DeliveryOrigin): Delivery {
  const { tenantId, subscriptionId, eventId, eventAt, eventType, profile, profileVersion } = origin;
  return {
    tenantId,
    subscriptionId,
    eventId,
    eventAt,
    eventType,
    profile,
    profileVersion,
    status: 'pending',
    statusReason: null,
    attempts: [],
    nextAttemptAt: null,
    completedAt: null,
    requested: null,
    ticket: 0,
    dueAt: null,
    revision: 0,
  };
}

/** How waiting is divided between the retries queue and the due index. Both in milliseconds. */
export interface WaitPolicy {
  /** Waits up to this long are a queue message; longer ones are found by `sweep`. */
  maxQueueWaitMs: number;
  /** How long after its time a queued retry counts as lost. */
  lostAfterMs: number;
}

/**
 * A queued retry that is this late is woken by `sweep`: longer than the retries queue's visibility timeout, after which a
 * message whose attempt crashed comes back by itself.
 */
export const LOST_AFTER_MS = 10 * 60_000;

/** Plans the next attempt, and says when `sweep` must see to it. */
export function schedule(delivery: Delivery, at: number, now: number, waits: WaitPolicy): Delivery {
  const isQueued = at - now <= waits.maxQueueWaitMs;
  return {
    ...delivery,
    status: 'pending',
    completedAt: null,
    nextAttemptAt: at,
    dueAt: isQueued ? at + waits.lostAfterMs : at,
  };
}

const IDLE = { nextAttemptAt: null, dueAt: null, requested: null } as const;

export function park(delivery: Delivery, message: string): Delivery {
  if (delivery.status === 'succeeded') return withdraw(delivery);
  return {
    ...delivery,
    ...IDLE,
    status: 'parked',
    completedAt: null,
    statusReason: { code: 'subscription_inactive', message },
  };
}

export function cancel(delivery: Delivery, now: number, code: string, message: string): Delivery {
  if (delivery.status === 'succeeded') return withdraw(delivery);
  return { ...delivery, ...IDLE, status: 'cancelled', completedAt: now, statusReason: { code, message } };
}

/** A success that was to be sent once more stays what it is when that cannot be done. */
function withdraw(delivery: Delivery): Delivery {
  return { ...delivery, ...IDLE };
}

/** Asks for an attempt now, whatever state the delivery is in; `nextAttemptAt` is at once. */
export function request(delivery: Delivery, trigger: AttemptTrigger, now: number, waits: WaitPolicy): Delivery {
  const waiting = {
    nextAttemptAt: now,
    dueAt: now + waits.lostAfterMs,
    requested: trigger,
    ticket: delivery.ticket + 1,
  };
  // A success is never undone, not even by asking for it once more.
  return delivery.status === 'succeeded'
    ? { ...delivery, ...waiting }
    : { ...delivery, ...waiting, status: 'pending', statusReason: null, completedAt: null };
}

/** Wakes a parked delivery. */
export function release(delivery: Delivery, now: number, waits: WaitPolicy): Delivery {
  return { ...schedule(delivery, now, now, waits), statusReason: null, ticket: delivery.ticket + 1 };
}

/** Whether a message for it should lead to an attempt at all. */
export function isOpen(delivery: Delivery): boolean {
  return delivery.status === 'pending' || delivery.requested !== null;
}

export interface MadeAttempt {
  trigger: AttemptTrigger;
  startedAt: number;
  request: Attempt['request'];
  result: WebhookResult;
}

/** What an attempt makes of a delivery; `deactivates` if the profile says that the receiver wants no more. */
export function afterAttempt(
  delivery: Delivery,
  made: MadeAttempt,
  { retry, responses }: Pick<ProfileDocument, 'retry' | 'responses'>,
  waits: WaitPolicy,
  random: Random,
): { delivery: Delivery; deactivates: boolean } {
  const { trigger, startedAt, request: sent, result } = made;
  const endedAt = startedAt + Math.round(result.durationMs);
  const attempt: Attempt = {
    number: (delivery.attempts.at(-1)?.number ?? 0) + 1,
    trigger,
    startedAt,
    durationMs: result.durationMs,
    outcome: result.outcome,
    request: sent,
    response: result.response,
    error: result.error,
  };
  const next: Delivery = { ...delivery, ...IDLE, attempts: [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT) };
  if (result.outcome === 'success' || delivery.status === 'succeeded') {
    const completedAt = delivery.completedAt ?? endedAt;
    return { delivery: { ...next, status: 'succeeded', statusReason: null, completedAt }, deactivates: false };
  }
  // Written while the attempt was under way: what was decided then stands, be it the end or another attempt by hand.
  if (delivery.status !== 'pending' || (delivery.requested !== null && delivery.requested !== trigger)) {
    return { delivery: { ...delivery, attempts: next.attempts }, deactivates: false };
  }
  if (result.response !== null && matchesStatus(responses.deactivate, result.response.status)) {
    const message = `The receiver answered ${result.response.status}: it wants no more. The subscription was ${responses.deactivation}d.`;
    return { delivery: fail(next, endedAt, 'receiver_gone', message), deactivates: true };
  }
  if (trigger === 'test')
    return { delivery: fail(next, endedAt, 'test_failed', 'A test is not retried.'), deactivates: false };
  // Attempts by hand are outside the schedule: they neither use it up nor restart it.
  const failures = next.attempts.filter((one) => one.trigger === 'automatic' && one.outcome !== 'success').length;
  const firstStartedAt = next.attempts[0]?.startedAt ?? startedAt;
  const plan = planRetry(retry, { failures, firstStartedAt }, result, endedAt, random);
  switch (plan.kind) {
    case 'not_retried': {
      const message = 'The profile does not retry this kind of failure. It can be retried by hand.';
      return { delivery: fail(next, endedAt, 'not_retried', message), deactivates: false };
    }
    case 'exhausted': {
      const message = `All ${failures} attempts of the schedule failed. It can be retried by hand.`;
      return { delivery: fail(next, endedAt, 'attempts_exhausted', message), deactivates: false };
    }
    case 'retry':
      return { delivery: { ...schedule(next, plan.at, endedAt, waits), statusReason: null }, deactivates: false };
    default:
      return plan satisfies never;
  }
}

/** Ends a delivery whose next attempt would come after its profile's deadline: the queue, or a pause, kept it too long. */
export function exhaust(delivery: Delivery, now: number): Delivery {
  const message = 'The next attempt would come after the deadline of its schedule. It can be retried by hand.';
  return fail(delivery, now, 'attempts_exhausted', message);
}

function fail(delivery: Delivery, at: number, code: string, message: string): Delivery {
  return { ...delivery, ...IDLE, status: 'failed', completedAt: at, statusReason: { code, message } };
}
