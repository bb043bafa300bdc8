import { type Event, isTestEvent } from '../event/event.ts';
import { matchesPattern } from '../event/event-type.ts';
import { compileFilter } from './filter/filter.ts';
import type { FilterMismatch } from './filter/mismatch.ts';
import type { FilteredContent, MatchableSubscription } from './match.ts';
import { hasExpired } from './subscription.ts';

export const MISMATCH_CODES = [
  'test_event',
  'created_later',
  'other_environment',
  'event_type',
  'unverified',
  'expired',
  'filter',
  'filter_over_budget',
  'data_expunged',
] as const;

/** Why an event does not go to a subscription. `message` may quote the event: it is for its tenant, not for logs. */
export interface MatchMismatch {
  code: (typeof MISMATCH_CODES)[number];
  message: string;
  /** Of what a filter missed. */
  mismatch?: FilterMismatch;
}

/**
 * The first thing for which an event does not go to a subscription as it is now; null if it would. In the order in which
 * `createMatcher` asks.
 */
export function explainMismatch(
  subscription: Omit<MatchableSubscription, 'id'>,
  event: Event,
  content: FilteredContent,
): MatchMismatch | null {
  const { environment, eventTypes, filter, status, hasBeenVerified, createdAt } = subscription;
  if (isTestEvent(event)) return { code: 'test_event', message: 'It was made to test another subscription.' };
  if (createdAt > event.recordedAt)
    return { code: 'created_later', message: 'The subscription was created after the event.' };
  if (environment !== event.environment)
    return { code: 'other_environment', message: `The subscription receives events of ${environment} only.` };
  if (!eventTypes.some((pattern) => matchesPattern(pattern, event.type)))
    return { code: 'event_type', message: `The subscription does not ask for ${event.type}.` };
  if (status === 'unverified' && !hasBeenVerified)
    return { code: 'unverified', message: 'The receiver has not confirmed yet that it wants events.' };
  if (hasExpired(subscription, event.acceptedAt))
    return { code: 'expired', message: 'The subscription had expired when the event came.' };
  if (filter === null) return null;
  if (event.data === null)
    return { code: 'data_expunged', message: 'Its data was expunged, so the filter cannot be asked about it.' };
  const match = compileFilter(filter)({ type: event.type, environment: event.environment, data: content.data });
  if (match.matches) return null;
  return { code: match.overBudget ? 'filter_over_budget' : 'filter', message: match.reason, mismatch: match.mismatch };
}
