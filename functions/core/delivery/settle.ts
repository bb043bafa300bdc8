import type { Random } from '../ids.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import { matchesStatus, planRetry } from '../profile/retry-policy.ts';
import type { HealthSignal } from '../subscription/health.ts';
import type { WebhookResult } from '../target/webhook.ts';
import type { Attempt } from './attempt.ts';
import { attemptNumber, type BegunAttempt, MAX_ATTEMPTS_KEPT } from './claim.ts';
import { type Delivery, failDelivery, isFinished, isTest, withdrawRequest } from './delivery.ts';
import type { Effect } from './effect.ts';
import { exhaustedEffects } from './exhausted.ts';
import { effectOfSignal } from './signal-effect.ts';
import { EFFECTS_DUE_MS, scheduleAttempt, type WaitPolicy } from './wake.ts';

export interface MadeAttempt extends BegunAttempt {
  request: Attempt['request'];
  result: WebhookResult;
  /** The trace that the event's publisher was in. */
  traceparent?: string | undefined;
  /** The subscription's generation that it used. */
  generation: number;
}

export interface SettleContext {
  profile: Pick<ProfileDocument, 'retry' | 'responses'>;
  waits: WaitPolicy;
  random: Random;
}

export const PAST_DEADLINE =
  'The next attempt would come after the deadline of its schedule. It can be retried by hand.';

/**
 * What an attempt makes of a delivery, as the delivery stands now. The same attempt can be settled again on a delivery that
 * was changed meanwhile: it is on record once.
 * @param signals what the attempt makes of its subscription's health
 */
export function settle(
  delivery: Delivery,
  made: MadeAttempt,
  context: SettleContext,
  signals: readonly HealthSignal[] = [],
): Delivery {
  const endedAt = made.startedAt + Math.round(made.result.durationMs);
  const recorded = recordAttempt(delivery, made);
  const settled = planNext(recorded, made, endedAt, context);
  // A verdict follows from the answer, whatever state the delivery is in.
  const verdicts = effectsOf(delivery, made, endedAt, context.profile, signals);
  return withEffects(
    settled,
    [...verdicts, ...exhaustedEffects(delivery, settled, made.request.url, endedAt)],
    endedAt,
  );
}

function recordAttempt(delivery: Delivery, { id, trigger, startedAt, request, result }: MadeAttempt): Delivery {
  const { durationMs, outcome, response, error } = result;
  const at = delivery.attempts.findIndex((one) => one.id === id);
  const number = attemptNumber(delivery, id);
  const attempt: Attempt = { id, number, trigger, startedAt, durationMs, outcome, request, response, error };
  const attempts =
    at < 0 ? [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT) : delivery.attempts.with(at, attempt);
  return { ...delivery, attempts };
}

function planNext(delivery: Delivery, made: MadeAttempt, endedAt: number, context: SettleContext): Delivery {
  const { trigger, result } = made;
  const isOurs = delivery.claim === null || delivery.claim.attemptId === made.id;
  const free: Delivery = isOurs ? { ...delivery, claim: null } : delivery;
  const isAsked = delivery.requested !== null && delivery.requested !== trigger;
  if (result.outcome === 'success' || (delivery.status === 'succeeded' && !isAsked)) {
    const completedAt = delivery.completedAt ?? endedAt;
    return { ...withdrawRequest(free), status: 'succeeded', statusReason: null, completedAt };
  }
  // What was decided while the attempt was under way stands: an end, a request by hand, the attempt of a later claim.
  if (delivery.status !== 'pending' || isAsked || !isOurs) return free;
  const idle: Delivery = { ...free, requested: null, nextAttemptAt: null, dueAt: null };
  const { retry, responses } = context.profile;
  if (isRefusal(result, responses)) {
    const message = `The receiver answered ${result.response?.status}, by which it asks for no more deliveries.`;
    return failDelivery(idle, endedAt, 'receiver_gone', message);
  }
  if (isTest(idle)) return failDelivery(idle, endedAt, 'test_failed', 'A test is not retried.');
  // Attempts by hand are outside the schedule: they neither use it up nor restart it.
  const failures = idle.attempts.filter(countsForSchedule).length;
  const firstStartedAt = idle.attempts[0]?.startedAt ?? made.startedAt;
  const plan = planRetry(retry, { failures, firstStartedAt }, result, endedAt, context.random);
  switch (plan.kind) {
    case 'not_retried': {
      const message = 'The profile does not retry this kind of failure. It can be retried by hand.';
      return failDelivery(idle, endedAt, 'not_retried', message);
    }
    case 'exhausted': {
      const isAtItsEnd = Math.max(failures, 1) > retry.gapsSeconds.length;
      const message = isAtItsEnd
        ? `All ${failures} attempts of the schedule failed. It can be retried by hand.`
        : PAST_DEADLINE;
      return failDelivery(idle, endedAt, 'attempts_exhausted', message);
    }
    case 'retry':
      return { ...scheduleAttempt(idle, plan.at, endedAt, context.waits), statusReason: null };
    default:
      return plan satisfies never;
  }
}

/** An interrupted attempt is a fault of ours. */
function countsForSchedule({ trigger, outcome }: Attempt): boolean {
  return trigger === 'automatic' && outcome !== 'success' && outcome !== 'interrupted';
}

/** Whether the receiver asks for no more deliveries. An answer that broke off, or cannot be read, says nothing. */
export function isRefusal({ outcome, response }: WebhookResult, { deactivate }: ProfileDocument['responses']): boolean {
  return outcome === 'http_error' && response !== null && matchesStatus(deactivate, response.status);
}

function effectsOf(
  delivery: Delivery,
  made: MadeAttempt,
  at: number,
  { responses }: SettleContext['profile'],
  signals: readonly HealthSignal[],
): Effect[] {
  const { request, result, generation } = made;
  if (!isRefusal(result, responses)) return signals.map((signal) => effectOfSignal(signal, delivery, made, at));
  const message = `The receiver answered ${result.response?.status}, by which it asks for no more deliveries.`;
  const reason = { code: 'receiver_gone', message };
  return [
    { kind: 'deactivate_subscription', deactivation: responses.deactivation, generation, reason, url: request.url, at },
  ];
}

/** The delivery, which owes these effects too. */
export function withEffects(delivery: Delivery, effects: readonly Effect[], now: number): Delivery {
  const owed = [...delivery.effects, ...effects];
  if (owed.length === 0) return delivery;
  return {
    ...delivery,
    effects: owed,
    dueAt: Math.min(delivery.dueAt ?? Number.POSITIVE_INFINITY, now + EFFECTS_DUE_MS),
  };
}

/** The delivery once its effects are done. It is due again when its next attempt says, if it waits for one. */
export function clearEffects(delivery: Delivery, now: number, waits: WaitPolicy): Delivery {
  const { status, completedAt, nextAttemptAt } = delivery;
  const rest: Delivery = { ...delivery, effects: [] };
  const done = isFinished(rest) ? { ...rest, dueAt: null } : rest;
  if (nextAttemptAt === null) return done;
  return { ...scheduleAttempt(done, nextAttemptAt, now, waits), status, completedAt };
}
