import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Outgoing } from '../../functions/core/delivery/queue-message.ts';
import type { Job } from '../../functions/core/jobs/job.ts';
import { METRICS } from '../../functions/names.ts';
import { createSweepHandler } from '../../functions/sweep/handler.ts';
import { HOUR, MINUTE, makeDelivery, makeJob, NOW, subscriptionId } from '../support/domain.ts';
import { context, recordTelemetry } from '../support/lambda.ts';
import { MemoryJobs } from '../support/memory-jobs.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { MemoryStats } from '../support/memory-stats.ts';

function setup(count: number, stats: MemoryStats | null = new MemoryStats(), patience = new Promise<void>(() => {})) {
  const journal = new MemoryJournal();
  for (let index = 0; index < count; index += 1) {
    journal.store(makeDelivery({ eventId: `e${index}`, dueAt: NOW - index, nextAttemptAt: NOW - index, revision: 1 }));
  }
  const queued: Outgoing[] = [];
  const telemetry = recordTelemetry();
  const send = async (messages: readonly Outgoing[]): Promise<void> => {
    queued.push(...messages);
  };
  const jobStore = new MemoryJobs();
  const wokenJobs: { job: Job; delaySeconds: number }[] = [];
  const handler = createSweepHandler({
    deliveries: journal,
    retries: { send },
    jobs: jobStore,
    jobQueue: { send: async (jobs) => void wokenJobs.push(...jobs) },
    stats,
    patience: () => patience,
    now: () => NOW,
    ...telemetry,
  });
  return { journal, jobStore, wokenJobs, queued, telemetry, handler };
}

describe('the sweep function', () => {
  it('wakes what is due, and counts it', async () => {
    const { handler, queued, telemetry } = setup(3);
    await handler({}, context());
    expect(queued).toHaveLength(3);
    expect(telemetry.counts).toEqual({ [METRICS.deliveriesSwept]: 3, [METRICS.deliveriesOverdue]: 0 });
    expect(telemetry.measures).toEqual({ [METRICS.oldestOverdue]: [0] });
    expect(telemetry.published).toBe(1);
  });

  it('says in each run how late the latest delivery is', async () => {
    const { handler, journal, telemetry } = setup(1);
    journal.store(makeDelivery({ eventId: 'late', dueAt: NOW, nextAttemptAt: NOW - HOUR, revision: 1 }));
    await handler({}, context());
    expect(telemetry.counts).toEqual({ [METRICS.deliveriesSwept]: 2, [METRICS.deliveriesOverdue]: 1 });
    expect(telemetry.measures).toEqual({ [METRICS.oldestOverdue]: [3_600] });
  });

  it('wakes a job whose message was lost, also when deliveries cannot be woken', async () => {
    const { handler, jobStore, wokenJobs, journal } = setup(1);
    const job = makeJob({ dueAt: NOW });
    await jobStore.saveJob(job, 0);
    journal.before = () => {
      throw new Error('throttled');
    };
    await expect(handler({}, context())).rejects.toThrow('throttled');
    expect(wokenJobs).toMatchObject([{ job: { id: job.id, ticket: job.ticket + 1 }, delaySeconds: 0 }]);
    journal.before = () => {};
    await handler({}, context());
    expect(wokenJobs).toHaveLength(1);
  });

  it('wakes what is due before it adds up statistics', async () => {
    const stats = new MemoryStats();
    const { handler, queued } = setup(3, stats);
    const { readFolded } = stats;
    let before = -1;
    stats.readFolded = () => {
      before = queued.length;
      return readFolded.call(stats);
    };
    await handler({}, context());
    expect(before).toBe(3);
  });

  it('adds up statistics also while there is still something to wake', async () => {
    const stats = new MemoryStats();
    const patience = Promise.withResolvers<void>();
    const { handler, journal } = setup(1, stats, patience.promise);
    const listed = Promise.withResolvers<void>();
    journal.before = () => listed.promise;
    const folded = vi.spyOn(stats, 'readFolded');
    const run = handler({}, context());
    await setImmediate();
    expect(folded).not.toHaveBeenCalled();
    patience.resolve();
    await vi.waitFor(() => expect(folded).toHaveBeenCalledOnce());
    listed.resolve();
    await run;
  });

  it('adds up the statistics of minutes that are over, also when deliveries cannot be woken', async () => {
    const stats = new MemoryStats();
    const { handler, journal } = setup(1, stats);
    const counted = [{ tenantId: 'acme', subscriptionId: subscriptionId(), counters: { success: 1 } }];
    for (const away of [2, 3]) await stats.putRecord(NOW - away * MINUTE, counted);
    journal.before = () => {
      throw new Error('throttled');
    };
    await expect(handler({}, context())).rejects.toThrow('throttled');
    const read = () => stats.readSubscriptionCounters('acme', subscriptionId(), { from: NOW - HOUR, to: NOW });
    expect(await read()).toEqual(new Map([[NOW - HOUR, { success: 2 }]]));
  });

  it('fails when statistics cannot be added up, and wakes what is due', async () => {
    const stats = new MemoryStats();
    stats.readFolded = async () => {
      throw new Error('slow down');
    };
    const { handler, queued } = setup(3, stats);
    await expect(handler({}, context())).rejects.toThrow('slow down');
    expect(queued).toHaveLength(3);
  });

  it('adds up nothing if it keeps no statistics', async () => {
    const { handler, queued } = setup(3, null);
    await handler({}, context());
    expect(queued).toHaveLength(3);
  });

  it('logs nothing when nothing is due, and says so as a metric', async () => {
    const { handler, telemetry } = setup(0);
    await handler({}, context());
    expect([telemetry.lines, telemetry.published]).toEqual([[], 1]);
    expect(telemetry.measures).toEqual({ [METRICS.oldestOverdue]: [0] });
  });

  it('begins nothing that it may not have the time to end', async () => {
    const { handler, queued } = setup(3);
    await handler({}, context(9_999));
    expect(queued).toEqual([]);
  });
});
