import type { Context } from 'aws-lambda';
import type { Telemetry } from '../adapters/lambda/telemetry.ts';
import type { Delivery } from '../core/delivery/delivery.ts';
import type { DueStore } from '../core/delivery/due-store.ts';
import type { WorkQueue } from '../core/delivery/queue-message.ts';
import { sweepDue, wakeDeliveries } from '../core/delivery/sweep.ts';
import type { Job } from '../core/jobs/job.ts';
import { type JobQueue, wakeJobs } from '../core/jobs/job-store.ts';
import { foldStats } from '../core/stats/fold-stats.ts';
import type { StatsStore } from '../core/stats/stats-store.ts';
import { METRICS } from '../names.ts';

export interface SweepHandlerDeps extends Telemetry {
  deliveries: DueStore<Delivery>;
  retries: WorkQueue;
  jobs: DueStore<Job>;
  jobQueue: JobQueue;
  /** Null: nothing is counted. */
  stats: StatsStore | null;
  /** Resolves when statistics are to be added up, also if there is still something to wake. */
  patience: () => Promise<unknown>;
  now: () => number;
}

/** Time kept back for the page that is under way. */
const RESERVE_MS = 10_000;
/** About 10 MB. */
const MAX_SUMS = 10_000;

/** Runs every minute. What it does not get to, the next run does. */
export function createSweepHandler(deps: SweepHandlerDeps) {
  const { deliveries, retries, jobs, jobQueue, stats, now, logger, counter } = deps;
  return async (_event: unknown, context: Context): Promise<void> => {
    const hasTime = () => context.getRemainingTimeInMillis() > RESERVE_MS;
    const waking = sweepDue({
      store: deliveries,
      plannedAt: ({ nextAttemptAt }) => nextAttemptAt,
      wake: wakeDeliveries(retries),
      now,
      hasTime,
    });
    // Statistics can wait, and those of thousands of subscriptions take seconds of this function's processor.
    const isWoken = Promise.race([waking.catch(() => {}), deps.patience()]);
    const [woken, wokenJobs, folded] = await Promise.allSettled([
      waking,
      sweepDue({ store: jobs, wake: wakeJobs(jobQueue), now, hasTime }),
      stats === null ? null : isWoken.then(() => foldStats({ store: stats, maxSums: MAX_SUMS, now, hasTime })),
    ]);
    if (woken.status === 'fulfilled') {
      const { overdue, oldestOverdueMs } = woken.value;
      if (woken.value.woken > 0) logger.info('woke deliveries that were due', { ...woken.value });
      // Zeros, too: what is not said for minutes cannot be told from a sweep that found out nothing.
      counter.count(METRICS.deliveriesSwept, woken.value.woken);
      counter.count(METRICS.deliveriesOverdue, overdue);
      counter.measure(METRICS.oldestOverdue, Math.round(oldestOverdueMs / 1_000));
      counter.publish();
    }
    if (wokenJobs.status === 'fulfilled' && wokenJobs.value.woken > 0)
      logger.info('woke jobs whose message was lost', { woken: wokenJobs.value.woken });
    for (const one of [woken, wokenJobs, folded]) if (one.status === 'rejected') throw one.reason;
  };
}
