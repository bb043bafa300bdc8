import type { Event } from '../event/event.ts';
import { matchesPattern } from '../event/event-type.ts';
import { StepBudget } from '../step-budget.ts';
import { type CompiledSearch, compileSearch, type FilterSearch } from './filter/filter.ts';
import { FlatLists } from './filter/flat-lists.ts';
import { hasExpired, type Subscription } from './subscription.ts';

/** What decides whether an event goes to a subscription and by which lane, and of which revision it is: fan-out reads no more of each. */
export const MATCHABLE_FIELDS = [
  'id',
  'revision',
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

/**
 * `over_budget`: the filter could not be asked, because this event would take it too many steps. `unfinished`: the steps
 * given are spent, and the same question with others continues.
 */
export type MatchVerdict = 'match' | 'no_match' | 'over_budget' | 'unfinished';

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

export type MatchedEvent = Pick<Event, 'environment' | 'type' | 'recordedAt' | 'acceptedAt'>;

/** Whether a subscription wants an event. Its filter takes its steps from `steps`; without them it comes to its end. */
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
  let compiled: CompiledSearch | null = null;
  const searches = new WeakMap<FilteredContent, FilterSearch>();
  return (event, isRepetition, content, steps = new StepBudget(Number.POSITIVE_INFINITY)) => {
    if (!isAddressed(subscription, event, isRepetition)) return 'no_match';
    if (filter === null) return 'match';
    if (compiled === null) {
      compiled = compileSearch(filter);
      steps.spend(compiled.steps);
    }
    const { type, environment } = event;
    const search = searches.get(content) ?? compiled.search({ type, environment, data: content.data }, content.lists);
    const match = search.proceed(steps);
    if (match === null) {
      searches.set(content, search);
      return 'unfinished';
    }
    searches.delete(content);
    if (match.matches) return 'match';
    return match.overBudget ? 'over_budget' : 'no_match';
  };
}

/** Whether it may want events of that type in that environment: what its other fields say changes by the event and the time. */
export function mayWant(
  { environment, eventTypes }: Pick<MatchableSubscription, 'environment' | 'eventTypes'>,
  event: Pick<MatchedEvent, 'environment' | 'type'>,
): boolean {
  return environment === event.environment && eventTypes.some((pattern) => matchesPattern(pattern, event.type));
}

/** Everything but the filter. */
function isAddressed(
  subscription: Omit<MatchableSubscription, 'id'>,
  event: MatchedEvent,
  isRepetition: boolean,
): boolean {
  return (
    mayWant(subscription, event) &&
    (subscription.status !== 'unverified' || subscription.hasBeenVerified) &&
    !hasExpired(subscription, event.acceptedAt) &&
    (!isRepetition || subscription.createdAt <= event.recordedAt)
  );
}
