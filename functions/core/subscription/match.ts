import type { Event } from '../event/event.ts';
import { matchesPattern } from '../event/event-type.ts';
import { StepBudget } from '../step-budget.ts';
import { compileFilter } from './filter/filter.ts';
import { MAX_FILTER_STEPS } from './filter/filter-cost.ts';
import { FlatLists } from './filter/flat-lists.ts';
import { hasExpired, type Subscription } from './subscription.ts';

/** What decides whether an event goes to a subscription and by which lane, and no more: fan-out reads this of each. */
export const MATCHABLE_FIELDS = [
  'id',
  'environment',
  'eventTypes',
  'createdAt',
  'filter',
  'expiresAt',
  'status',
  'hasBeenVerified',
  'generation',
  'health',
] as const;
export type MatchableSubscription = Pick<Subscription, (typeof MATCHABLE_FIELDS)[number]>;

/** `over_budget`: the filter could not be asked, because this event would take it too many steps. */
export type MatchVerdict = 'match' | 'no_match' | 'over_budget';

/** What filters look at in one event: parsed when the first of them asks, and shared by all that do. */
export class FilteredContent {
  readonly lists = new FlatLists();
  private readonly parse: () => unknown;
  private parsed: { data: unknown } | null = null;

  /** @param parse gives the event's data */
  constructor(parse: () => unknown) {
    this.parse = parse;
  }

  get data(): unknown {
    this.parsed ??= { data: this.parse() };
    return this.parsed.data;
  }
}

type MatchedEvent = Pick<Event, 'environment' | 'type' | 'recordedAt' | 'acceptedAt'>;

/** Whether a subscription wants an event. Takes the steps of its filter from `steps`, if that is given. */
export type Matcher = (
  event: MatchedEvent,
  isRepetition: boolean,
  content: FilteredContent,
  steps?: StepBudget,
) => MatchVerdict;

/**
 * Which events go to a subscription, for many events: its filter is read once. Paused and disabled ones get theirs, and
 * those whose changed URL is being verified: their deliveries are parked.
 */
export function createMatcher(subscription: Omit<MatchableSubscription, 'id'>): Matcher {
  const { filter } = subscription;
  let compiled: ReturnType<typeof compileFilter> | null = null;
  return (event, isRepetition, content, steps) => {
    if (!isAddressed(subscription, event, isRepetition)) return 'no_match';
    if (filter === null) return 'match';
    compiled ??= compileFilter(filter);
    const budget = new StepBudget(MAX_FILTER_STEPS);
    const { type, environment } = event;
    const match = compiled({ type, environment, data: content.data }, budget, content.lists);
    steps?.spend(budget.spent);
    if (match.matches) return 'match';
    return match.overBudget ? 'over_budget' : 'no_match';
  };
}

/** Everything but the filter. */
function isAddressed(
  subscription: Omit<MatchableSubscription, 'id'>,
  event: MatchedEvent,
  isRepetition: boolean,
): boolean {
  return (
    subscription.environment === event.environment &&
    (subscription.status !== 'unverified' || subscription.hasBeenVerified) &&
    !hasExpired(subscription, event.acceptedAt) &&
    (!isRepetition || subscription.createdAt <= event.recordedAt) &&
    subscription.eventTypes.some((pattern) => matchesPattern(pattern, event.type))
  );
}
