import type { Event } from '../event/event.ts';
import type { Random } from '../ids.ts';
import type { CompiledProfile } from '../profile/compile-profile.ts';
import { isTooLate } from '../profile/retry-policy.ts';
import { OVER_BUDGET } from '../subscription/filter/filter.ts';
import { askBreaker, type Health, healthOf, heldUntil } from '../subscription/health.ts';
import { hasExpired, isDiscarded, type Subscription, waitsByOldLimit } from '../subscription/subscription.ts';
import type { AttemptTrigger } from './attempt.ts';
import { countInterrupted, MAX_INTERRUPTED } from './claim.ts';
import {
  cancelDelivery,
  type Delivery,
  failDelivery,
  holdDelivery,
  isFinished,
  newDelivery,
  parkDelivery,
} from './delivery.ts';
import type { Loaded } from './delivery-store.ts';
import { exhaustedEffects } from './exhausted.ts';
import type { DeliverMessage } from './queue-message.ts';
import { PAST_DEADLINE, withEffects } from './settle.ts';

/** What a message is about. `profile`: the one that the delivery began with, or its subscription's latest. */
export interface Subject extends Loaded {
  message: DeliverMessage;
  profile: CompiledProfile | null;
}

/** All that an attempt needs. */
export interface Admitted {
  delivery: Delivery;
  subscription: Subscription;
  event: Event & { data: string };
  profile: CompiledProfile;
  trigger: AttemptTrigger;
  /** Its subscription's, as it was read. */
  health: Health;
  /** The breaker is open: it is made only as the probe. */
  isProbe: boolean;
}

/** What a message leads to. `delivery` is as it was read. */
export type Admission =
  /** Nothing is left to do, or another message does it. */
  | { kind: 'drop' }
  /** It owes effects. */
  | { kind: 'owe'; delivery: Delivery }
  /** No attempt is made; the delivery becomes `next`. */
  | { kind: 'change'; delivery: Delivery; next: Delivery }
  /** Its time has not come. */
  | { kind: 'wait'; delivery: Delivery }
  /** This invocation has too little time left. */
  | { kind: 'return' }
  | ({ kind: 'attempt' } & Admitted);

export interface AdmissionTime {
  /** Epoch milliseconds. */
  now: number;
  /** How long this invocation may still run, and how much of that an attempt may need, in milliseconds. */
  remainingMs: number;
  neededMs: number;
  random: Random;
}

/** Asks the gates in order; the first that objects decides. */
export function admit({ message, delivery, ...subject }: Subject, time: AdmissionTime): Admission {
  const { now } = time;
  if (delivery !== null) {
    if (isFinished(delivery)) return { kind: 'drop' };
    if (delivery.effects.length > 0) return { kind: 'owe', delivery };
    // Another message carries what is on record.
    if (message.cancel !== undefined) return { kind: 'drop' };
    if (delivery.claim !== null && delivery.claim.endsAt > now) return { kind: 'drop' };
  }
  // A delivery that cannot be made is on record as well: the tenant sees why nothing arrives.
  const known = delivery ?? newDelivery({ ...message, ...originOf(subject) });
  const becomes = (next: Delivery): Admission => ({ kind: 'change', delivery: known, next });
  const cancel = (code: string, reason: string): Admission => becomes(cancelDelivery(known, now, code, reason));

  const { subscription, event, profile } = subject;
  if (subscription === null) return cancel('subscription_deleted', 'The subscription was deleted.');
  const fail = (code: string, reason: string): Admission => {
    const failed = failDelivery(known, now, code, reason);
    return becomes(withEffects(failed, exhaustedEffects(known, failed, subscription.url, now), now));
  };
  if (hasExpired(subscription, now))
    return cancel('subscription_expired', 'The subscription expired before this attempt.');
  if (event === null) return cancel('event_gone', 'The event is no longer in the journal.');
  if (event.data === null) return cancel('event_gone', 'The data of the event was expunged.');
  if (profile === null) return cancel('profile_gone', 'The profile no longer exists.');
  if (message.cancel !== undefined) return cancel(message.cancel, OVER_BUDGET);
  const trigger = known.requested ?? (known.attempts.length === 0 ? message.trigger : 'automatic');
  if (subscription.status !== 'active' && trigger !== 'test') {
    const remedy = subscription.status === 'unverified' ? 'Verify' : 'Resume';
    const reason = `The subscription is ${subscription.status}. ${remedy} it to deliver what is parked.`;
    return becomes(parkDelivery(known, now, reason));
  }
  if (isDiscarded(subscription, known))
    return cancel('discarded', 'It was parked, and discarded when the subscription was resumed.');
  const isEarly = known.nextAttemptAt !== null && known.nextAttemptAt > now;
  if (isEarly && !waitsByOldLimit(subscription, known)) return { kind: 'wait', delivery: known };
  if (trigger === 'automatic' && isTooLate(profile.document.retry, known.attempts[0]?.startedAt ?? now, now)) {
    return fail('attempts_exhausted', PAST_DEADLINE);
  }
  if (trigger === 'automatic' && countInterrupted(known) >= MAX_INTERRUPTED) {
    const reason = `Posthorn did not record the end of ${MAX_INTERRUPTED} attempts. It can be retried by hand.`;
    return fail('interrupted_too_often', reason);
  }
  const health = healthOf(subscription);
  // A person who asks for an attempt gets it.
  const isAsked = trigger === 'manual' || trigger === 'test' || profile.document.breaker === null;
  const gate = isAsked ? 'closed' : askBreaker(health, now);
  if (gate === 'open') {
    const triedAt = known.attempts.at(-1)?.startedAt ?? null;
    return becomes(holdDelivery(known, trigger, heldUntil(health, now, time.random, triedAt)));
  }
  if (time.remainingMs < time.neededMs) return { kind: 'return' };
  const admitted = { delivery: known, subscription, event: { ...event, data: event.data }, profile, trigger, health };
  return { kind: 'attempt', ...admitted, isProbe: gate === 'probe' };
}

/** What is known of a delivery that is not on record yet. */
function originOf({ event, subscription, profile }: Omit<Subject, 'message' | 'delivery'>) {
  return {
    eventType: event?.type ?? '',
    profile: profile?.document.name ?? subscription?.profile ?? '',
    profileVersion: profile?.version ?? 0,
  };
}
