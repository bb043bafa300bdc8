import type { Outgoing, WorkQueue } from '../delivery/queue-message.ts';
import type { Event } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { StepBudget } from '../step-budget.ts';
import { isSlowOrFailing } from '../subscription/health.ts';
import { FilteredContent, type MatchableSubscription, type Matcher } from '../subscription/match.ts';
import type { FanOutPage } from '../subscription/subscription-store.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';

export interface FanOutDeps {
  store: Pick<EventStore, 'saveFanOutCursor'> & Pick<TenantStore, 'createTenant'>;
  deliveries: WorkQueue;
  /** Carries also the first attempts of slow and failing receivers, so that the others' never wait behind them. */
  retries: WorkQueue;
  now: () => number;
  /** False once it is time to hand over to the next invocation. */
  hasTime: () => boolean;
  /** The same subscription may have the same: its filter is read once then. */
  matcherOf: (subscription: MatchableSubscription) => Matcher;
  /** What its filters may take; once it is spent, the rest is handed over as well. */
  steps: StepBudget;
  /** Lets other work go on before more filters are asked: one tenant's must not hold up another tenant's event. */
  pause: () => Promise<void>;
  report: (report: FanOutReport) => void;
}

/** A filter would have taken too many steps: the delivery is on its way to be recorded as cancelled. */
export interface FanOutReport {
  kind: 'filter_over_budget';
  subscription: MatchableSubscription;
  event: Event;
}

/** An event on its way to its tenant's subscriptions. */
export interface FannedOut {
  event: Event;
  isRepetition: boolean;
  /** Whether another message may have made the first attempts of its deliveries. */
  mayHaveTwins: boolean;
  /** Epoch milliseconds before which its messages are not to become visible. */
  notBefore: number;
}

/** `cursor`: where it goes on; null if it came to the last subscription. `queued`: deliveries. */
export interface FanOutEnd {
  cursor: string | null;
  queued: number;
}

/** After so many messages the place in the tenant's subscriptions is saved: what a crash repeats is no more than these. */
const MESSAGES_A_STRETCH = 500;

/** Characters of an event that takes milliseconds to read: other work of this process goes first. */
export const LARGE = 32_768;

/**
 * Filters take turns with the rest of the process after so many steps, also in the middle of one: a tenth of a millisecond.
 * An event of another tenant waits that long at each turn of the event loop, of which a read or a write takes several.
 */
const STEPS_A_STRETCH = 5_000;

/**
 * What the filters of one tenant take at once: about a tenth of a second. A thousand that have been read, each with ten conditions on lists
 * of a hundred items, take a tenth of it; to read them takes a half. The rest of a fan-out is a job's, a little at a time, so that no tenant's filters keep a
 * processor busy.
 */
export const STEPS_AT_ONCE = 4_000_000;

/**
 * Sends a message for each delivery of one tenant's events to its subscriptions, as long as it has time and steps.
 * @param pages the tenant's subscriptions after `start`
 */
export async function fanOutFrom(
  deps: FanOutDeps,
  tenantId: string,
  run: readonly FannedOut[],
  pages: AsyncIterable<FanOutPage>,
  start: string | null,
): Promise<FanOutEnd> {
  const contents = run.map(({ event }) => new FilteredContent(() => JSON.parse(event.data ?? 'null')));
  let queued = 0;
  let saved = start;
  const save = async (cursor: string | null): Promise<void> => {
    if (cursor === saved) return;
    await Promise.all(run.map(({ event }) => deps.store.saveFanOutCursor(event, cursor)));
    saved = cursor;
  };
  const mustEnd = () => !deps.hasTime() || deps.steps.isSpent;
  let isLarge = run.some(({ event }) => event.data !== null && event.data.length > LARGE);
  for await (const page of pages) {
    if (!page.tenantExists) await deps.store.createTenant(tenantId, deps.now());
    // The first filter reads it, for all.
    if (isLarge && page.subscriptions.some(({ filter }) => filter !== null)) {
      await deps.pause();
      isLarge = false;
    }
    const last = page.subscriptions.at(-1);
    let outgoing: Lanes = { deliveries: [], retries: [] };
    const count = (): number => outgoing.deliveries.length + outgoing.retries.length;
    let steps = new StepBudget(STEPS_A_STRETCH);
    for (const subscription of page.subscriptions) {
      const isLast = subscription === last;
      const lane = isSlowOrFailing(subscription, deps.now()) ? outgoing.retries : outgoing.deliveries;
      let isPaused = false;
      for (const message of messagesFor(deps, subscription, run, contents, () => steps)) {
        if (message !== null) lane.push(message);
        if (!steps.isSpent) continue;
        isPaused = true;
        deps.steps.spend(steps.spent);
        await deps.pause();
        steps = new StepBudget(STEPS_A_STRETCH);
      }
      const mustStop = (isPaused || count() >= MESSAGES_A_STRETCH) && mustEnd();
      if (!isLast && !mustStop && count() < MESSAGES_A_STRETCH) continue;
      await send(deps, outgoing);
      queued += count();
      outgoing = { deliveries: [], retries: [] };
      if (isLast) break;
      // Without a save before the end of its first stretch, a fan-out that is over soon costs no write.
      await save(subscription.id);
      if (mustStop || mustEnd()) return { cursor: subscription.id, queued };
    }
    if (page.cursor !== null && mustEnd()) {
      await save(page.cursor);
      return { cursor: page.cursor, queued };
    }
  }
  // A fan-out that finishes in one stretch stored no cursor. A longer one clears its cursor, so that a repetition starts
  // at the beginning.
  await save(null);
  return { cursor: null, queued };
}

type Lanes = Record<'deliveries' | 'retries', Outgoing[]>;

async function send(deps: FanOutDeps, { deliveries, retries }: Lanes): Promise<void> {
  // All are tried before a failure is reported.
  const sent = await Promise.allSettled([
    ...(deliveries.length > 0 ? [deps.deliveries.send(deliveries)] : []),
    ...(retries.length > 0 ? [deps.retries.send(retries)] : []),
  ]);
  for (const one of sent) if (one.status === 'rejected') throw one.reason;
}

/** The messages for the events that the subscription wants. Null where there is none yet: others may have their turn. */
function* messagesFor(
  deps: FanOutDeps,
  subscription: MatchableSubscription,
  run: readonly FannedOut[],
  contents: readonly FilteredContent[],
  steps: () => StepBudget,
): Generator<Outgoing | null> {
  const match = deps.matcherOf(subscription);
  const now = deps.now();
  for (const [index, { event, isRepetition, mayHaveTwins, notBefore }] of run.entries()) {
    const content = contents[index];
    if (content === undefined) continue;
    let verdict = match(event, isRepetition, content, steps());
    while (verdict === 'unfinished') {
      yield null;
      verdict = match(event, isRepetition, content, steps());
    }
    if (verdict === 'over_budget') deps.report({ kind: 'filter_over_budget', subscription, event });
    yield verdict === 'no_match'
      ? null
      : {
          delaySeconds: Math.max(0, Math.ceil((notBefore - now) / 1_000)),
          message: {
            v: 1,
            kind: 'deliver',
            tenantId: event.tenantId,
            subscriptionId: subscription.id,
            eventId: event.id,
            eventAt: event.acceptedAt,
            ticket: 0,
            trigger: 'automatic',
            ...(mayHaveTwins ? { repeated: true } : {}),
            ...(verdict === 'over_budget' ? { cancel: 'filter_over_budget' } : {}),
          },
        };
  }
}
