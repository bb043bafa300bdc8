import type { Event } from '../event/event.ts';
import { matchesPattern } from '../event/event-type.ts';
import { matchFilter } from './filter/filter.ts';
import { hasExpired, type Subscription } from './subscription.ts';

/** What decides whether an event goes to a subscription, and no more: fan-out reads this of each. */
export const MATCHABLE_FIELDS = [
  'id',
  'environment',
  'eventTypes',
  'createdAt',
  'filter',
  'expiresAt',
  'status',
  'hasBeenVerified',
] as const;
export type MatchableSubscription = Pick<Subscription, (typeof MATCHABLE_FIELDS)[number]>;

/**
 * Which subscriptions an event goes to. Paused and disabled ones are among them, and those whose changed URL is
 * being verified: their deliveries are parked.
 * @param data the event's data, parsed; asked for only if there is a filter
 */
export function wantsEvent(
  subscription: Omit<MatchableSubscription, 'id'>,
  event: Pick<Event, 'environment' | 'type' | 'recordedAt' | 'acceptedAt'>,
  isRepetition: boolean,
  data: () => unknown,
): boolean {
  const { filter } = subscription;
  return (
    subscription.environment === event.environment &&
    (subscription.status !== 'unverified' || subscription.hasBeenVerified) &&
    !hasExpired(subscription, event.acceptedAt) &&
    (!isRepetition || subscription.createdAt <= event.recordedAt) &&
    subscription.eventTypes.some((pattern) => matchesPattern(pattern, event.type)) &&
    (filter === null || matchFilter(filter, { type: event.type, environment: event.environment, data: data() }).matches)
  );
}
