import type { WorkQueue } from '../delivery/queue-message.ts';
import { type EventStore, eventKey } from '../event/event-store.ts';
import { type FanOutDeps, fanOutFrom, STEPS_AT_ONCE } from '../ingest/fan-out.ts';
import type { IngestDeps } from '../ingest/ingest.ts';
import { StepBudget } from '../step-budget.ts';
import type { MatchableSubscriptions } from '../subscription/subscription-store.ts';
import { type Job, type JobPage, POSTHORN } from './job.ts';
import type { TaskOf } from './job-task.ts';
import type { Jobs } from './jobs.ts';

export interface FanOutJobPorts extends Pick<FanOutDeps, 'now'> {
  events: Pick<EventStore, 'getEvents'>;
  matchable: MatchableSubscriptions;
  retries: WorkQueue;
  fanOut: Pick<FanOutDeps, 'matcherOf' | 'pause' | 'report'>;
}

/** A page is over after so long: a cancelled job stops soon, and a crash repeats little. */
const PAGE_MS = 5_000;

/** Filters that take more than a page's steps wait for so long between two pages: most of the time is others'. */
const COSTLY_PAUSE_MS = 2_000;

/** Goes on with a fan-out, as a job. */
export function fanOutAsJob({ start }: Pick<Jobs, 'start'>): IngestDeps['goOn'] {
  return ({ tenantId, eventIds, cursor, queued }) =>
    start({
      task: { kind: 'fan_out', tenantId, subscriptionId: null, filter: { eventIds } },
      maxPerSecond: null,
      createdBy: POSTHORN,
      begun: { cursor, done: queued },
    });
}

/**
 * A page of a tenant's subscriptions gets the events that it wants. Repeated, it sends messages that may have twins: `deliver`
 * finds those that are on record. All go with the retries, so that no small fan-out waits behind a large one.
 */
export async function fanOutPage(
  { events, matchable, retries, fanOut, now }: FanOutJobPorts,
  job: Job,
  { tenantId, filter: { eventIds } }: TaskOf<'fan_out'>,
): Promise<JobPage> {
  const begunAt = now();
  const refs = eventIds.map((id) => ({ tenantId, id }));
  const known = await events.getEvents(refs, true);
  const run = refs.flatMap((ref) => {
    // One that the journal has forgotten goes nowhere.
    const event = known.get(eventKey(ref))?.event;
    return event === undefined ? [] : [{ event, isRepetition: true, mayHaveTwins: true, notBefore: begunAt }];
  });
  const steps = new StepBudget(STEPS_AT_ONCE);
  const { cursor, queued } = await fanOutFrom(
    {
      ...fanOut,
      // The job's cursor says where it is; a tenant that was deleted meanwhile stays so.
      store: { saveFanOutCursor: async () => {}, createTenant: async () => {} },
      deliveries: retries,
      retries,
      now,
      hasTime: () => now() - begunAt < PAGE_MS,
      steps,
    },
    tenantId,
    run,
    matchable.readMatchable(
      tenantId,
      job.cursor,
      run.map(({ event }) => event),
    ),
    job.cursor,
  );
  return { done: queued, failed: 0, cursor, pauseMs: steps.isSpent ? COSTLY_PAUSE_MS : 0 };
}
