import * as z from 'zod';
import type { DeliveryRef } from '../ids.ts';
import { Attempt, type AttemptTrigger, AttemptTrigger as Trigger } from './attempt.ts';
import { Effect } from './effect.ts';
import { nextLookAt, type WaitPolicy } from './wake.ts';

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
  /** The last job that asked for an attempt: a page of it that is repeated does not ask again. */
  replayedBy: z.string().nullable(),
  /** An attempt that was asked for and not made yet. It can send a succeeded delivery again. */
  requested: Trigger.nullable(),
  /** The attempt that is under way. It is in `attempts` already; no other attempt begins before `endsAt`. */
  claim: z.object({ attemptId: z.string(), endsAt: z.number() }).nullable(),
  /** What is still owed elsewhere. */
  effects: z.array(Effect),
  /** Since when it is parked. */
  parkedAt: z.number().nullable(),
  /** Since when it waits for a slot of its rate-limited subscription; null once it has one. */
  limitedSince: z.number().nullable(),
  /**
   * Counts the queue messages made for this delivery. The one that carries the latest ticket keeps waiting when it
   * comes too early; older ones are dropped then, so that one message at a time carries a delivery.
   */
  ticket: z.int(),
  /** When `sweep` must wake it if nothing else has: the due index. Null once it is finished and owes nothing. */
  dueAt: z.number().nullable(),
  /** Raised by each write, for conditional writes. */
  revision: z.int(),
});
export type Delivery = z.infer<typeof Delivery>;

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
    replayedBy: null,
    requested: null,
    claim: null,
    effects: [],
    parkedAt: null,
    limitedSince: null,
    ticket: 0,
    dueAt: null,
    revision: 0,
  };
}

/** Plans nothing. What it owes stays due. */
function idle(delivery: Delivery): Delivery {
  const dueAt = delivery.effects.length > 0 ? delivery.dueAt : null;
  return { ...delivery, nextAttemptAt: null, dueAt, requested: null, claim: null, parkedAt: null, limitedSince: null };
}

/** Whether nothing is left to do: a message for it leads nowhere. */
export function isFinished({ status, requested, effects }: Delivery): boolean {
  return status !== 'pending' && status !== 'parked' && requested === null && effects.length === 0;
}

/** Waits until its subscription is active again, and looks at it from time to time. */
export function parkDelivery(delivery: Delivery, now: number, message: string): Delivery {
  const { status, requested } = delivery;
  const isDone = status === 'succeeded';
  if (isDone && requested === null) return withdrawRequest(delivery);
  const parkedAt = delivery.parkedAt ?? now;
  // What was asked for is made as such after a resume: outside the schedule, whose deadline may be over.
  const parked: Delivery = { ...idle(delivery), requested, parkedAt, dueAt: nextLookAt(parkedAt, now) };
  // A success that is to be sent again stays one.
  if (isDone) return parked;
  return { ...parked, status: 'parked', completedAt: null, statusReason: { code: 'subscription_inactive', message } };
}

/** Whether it waits for its subscription, as a success does that is to be sent again. */
export function isParked({ status, parkedAt }: Delivery): boolean {
  return status === 'parked' || (status === 'succeeded' && parkedAt !== null);
}

/** Waits for an open breaker to close, in the due index and without an attempt; it looks again at `until`. */
export function holdDelivery(delivery: Delivery, trigger: AttemptTrigger, until: number): Delivery {
  const { status, completedAt, statusReason } = delivery;
  const held: Delivery = {
    ...idle(delivery),
    dueAt: until,
    // Its next message says nothing of what it was asked by.
    requested: trigger === 'automatic' ? delivery.requested : trigger,
  };
  // A success that is sent again stays one.
  if (status === 'succeeded') return { ...held, status, completedAt, statusReason };
  return { ...held, status: 'pending', completedAt: null, statusReason: BREAKER_OPEN };
}

const BREAKER_OPEN = {
  code: 'breaker_open',
  message: 'The receiver has failed so often that deliveries wait until it is back. An attempt from time to time asks.',
};

/** Whether it waits for a breaker. */
export function isHeld({ status, nextAttemptAt, revision }: Delivery): boolean {
  return status === 'pending' && nextAttemptAt === null && revision > 0;
}

export function cancelDelivery(delivery: Delivery, now: number, code: string, message: string): Delivery {
  if (delivery.status === 'succeeded') return withdrawRequest(delivery);
  return { ...idle(delivery), status: 'cancelled', completedAt: now, statusReason: { code, message } };
}

export function failDelivery(delivery: Delivery, now: number, code: string, message: string): Delivery {
  if (delivery.status === 'succeeded') return withdrawRequest(delivery);
  return { ...idle(delivery), status: 'failed', completedAt: now, statusReason: { code, message } };
}

/** Whether it was made to test its subscription. Its event goes to no other. */
export function isTest({ attempts, requested }: Delivery): boolean {
  return requested === 'test' || attempts[0]?.trigger === 'test';
}

/** A success that cannot be sent once more stays a success. */
export function withdrawRequest(delivery: Delivery): Delivery {
  return idle(delivery);
}

/** Asks for an attempt now, whatever state the delivery is in. */
export function requestAttempt(delivery: Delivery, trigger: AttemptTrigger, now: number, waits: WaitPolicy): Delivery {
  const waiting = {
    nextAttemptAt: now,
    dueAt: now + waits.lostAfterMs,
    requested: trigger,
    parkedAt: null,
    ticket: delivery.ticket + 1,
  };
  // A success is never undone, not even by a request to send it once more.
  return delivery.status === 'succeeded'
    ? { ...delivery, ...waiting }
    : { ...delivery, ...waiting, status: 'pending', statusReason: null, completedAt: null };
}
