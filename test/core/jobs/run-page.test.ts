import { beforeEach, describe, expect, it } from 'vitest';
import { sweepDue } from '../../../functions/core/delivery/sweep.ts';
import type { Job } from '../../../functions/core/jobs/job.ts';
import { type JobMessage, type JobQueue, jobMessage, wakeJobs } from '../../../functions/core/jobs/job-store.ts';
import { createJobs } from '../../../functions/core/jobs/jobs.ts';
import { type JobReport, type JobWork, runJobPage } from '../../../functions/core/jobs/run-page.ts';
import { Refusal } from '../../../functions/core/refusal.ts';
import { SystemEvent } from '../../../functions/core/system-event/system-event.ts';
import { HOUR, MINUTE, makeJob, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryJobs } from '../../support/memory-jobs.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

/** Jobs over 25 numbers, ten a page: `done` has each number as often as its page was worked on. */
function setup() {
  const clock = { now: NOW };
  const now = () => clock.now;
  const store = new MemoryJobs(now);
  const sent: { message: JobMessage; delaySeconds: number }[] = [];
  const reports: JobReport[] = [];
  const done: number[] = [];
  const queue: JobQueue = {
    send: async (jobs) => {
      sent.push(...jobs.map(({ job, delaySeconds }) => ({ message: jobMessage(job), delaySeconds })));
    },
  };
  const all = Array.from({ length: 25 }, (_, number) => number);
  const work: JobWork = async ({ cursor }) => {
    const start = Number(cursor ?? 0);
    const items = all.slice(start, start + 10);
    done.push(...items);
    const end = start + items.length;
    return { done: items.length, failed: 0, cursor: end < all.length ? String(end) : null };
  };
  const told: string[] = [];
  const publish = async (messages: readonly { body: string }[]): Promise<void> => {
    told.push(...messages.map(({ body }) => body));
  };
  const steered = { queue, work, publish };
  const events = new MemoryJournal();
  const jobQueue: JobQueue = { send: (jobs) => steered.queue.send(jobs) };
  const run = (message: JobMessage): Promise<void> =>
    runJobPage(
      {
        store,
        queue: jobQueue,
        work: (job) => steered.work(job),
        systemEvents: { events, publish: (messages) => steered.publish(messages) },
        now,
        report: (report) => reports.push(report),
      },
      message,
    );
  return Object.assign(steered, {
    clock,
    events,
    told,
    store,
    sent,
    reports,
    done,
    jobs: createJobs({ store, queue: jobQueue, now, random: Math.random }),
    run,
    /** Works on messages until there are none. */
    async drain() {
      for (let next = sent.shift(); next !== undefined; next = sent.shift()) await run(next.message);
    },
    sweep: () => sweepDue({ store, wake: wakeJobs(jobQueue), now, hasTime: () => true }),
  });
}

const order = { task: makeJob().task, maxPerSecond: null, createdBy: 'company' };
let parts: ReturnType<typeof setup>;
let job: Job;
beforeEach(async () => {
  parts = setup();
  job = await parts.jobs.start(order);
});
const read = async (): Promise<Job> => {
  const stored = await parts.jobs.read(null, job.id);
  if (stored instanceof Refusal) throw new Error(stored.message);
  return stored;
};
const crash = async () => {
  throw new Error('crashed');
};

describe('a job', () => {
  it('does a page a message, and ends', async () => {
    expect(parts.sent).toEqual([{ message: jobMessage(job), delaySeconds: 0 }]);
    await parts.drain();
    expect(parts.done).toHaveLength(25);
    expect(await read()).toMatchObject({ status: 'done', progress: { done: 25, failed: 0, total: 25 } });
    expect(parts.reports).toMatchObject([{ kind: 'ended', job: { id: job.id } }]);
  });

  it('whose first message is lost is woken by sweep', async () => {
    parts.sent.length = 0;
    await parts.sweep();
    expect(parts.sent).toEqual([]);
    parts.clock.now += 5 * MINUTE;
    await parts.sweep();
    await parts.drain();
    expect(await read()).toMatchObject({ status: 'done' });
    expect(new Set(parts.done).size).toBe(25);
  });

  it('is on record although its queue is away', async () => {
    parts.queue.send = crash;
    const other = await parts.jobs.start(order);
    expect(await parts.store.getJob(other.id)).toEqual(other);
  });

  it('goes on at its cursor after a crash between record and message; the old message is dropped', async () => {
    const { queue } = parts;
    parts.queue = { send: crash };
    const first = jobMessage(job);
    await expect(parts.run(first)).rejects.toThrow('crashed');
    parts.queue = queue;
    parts.sent.length = 0;
    await parts.run(first);
    expect([parts.sent, parts.done.length]).toEqual([[], 10]);
    parts.clock.now += 5 * MINUTE;
    await parts.sweep();
    await parts.drain();
    expect(parts.done).toHaveLength(25);
    expect(await read()).toMatchObject({ status: 'done', progress: { done: 25 } });
  });

  it('of which two messages come has one chain of pages', async () => {
    const [first] = parts.sent.splice(0);
    if (first === undefined) throw new Error('no message');
    await Promise.all([parts.run(first.message), parts.run(first.message)]);
    expect(parts.sent).toHaveLength(1);
    await parts.drain();
    // The one page that both worked on is counted once.
    expect(await read()).toMatchObject({ status: 'done', progress: { done: 25 } });
  });

  it('stops when it is cancelled, also in the middle of a page', async () => {
    const { work } = parts;
    parts.work = async (one) => {
      if (one.cursor === '10') await parts.jobs.cancel(null, job.id);
      return work(one);
    };
    await parts.drain();
    expect(parts.done).toHaveLength(20);
    expect(await read()).toMatchObject({ status: 'cancelled', progress: { done: 10 }, endedAt: NOW, dueAt: null });
    parts.clock.now += 60 * MINUTE;
    await parts.sweep();
    expect([parts.sent, parts.told.length]).toEqual([[], 1]);
  });

  it('tries a page that fails again, later, and fails in the end', async () => {
    parts.work = crash;
    const delays: number[] = [];
    for (let next = parts.sent.shift(); next !== undefined; next = parts.sent.shift()) {
      delays.push(next.delaySeconds);
      await parts.run(next.message);
    }
    expect(delays).toEqual([0, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    expect(await read()).toMatchObject({ status: 'failed', error: { code: 'internal_error' }, cursor: null });
    expect(parts.reports.map(({ kind }) => kind)).toEqual([...Array(10).fill('error'), 'ended']);
  });

  it('fails at once over what it cannot get past', async () => {
    parts.work = async () => ({ code: 'subscription_deleted', message: 'gone' });
    await parts.drain();
    expect(await read()).toMatchObject({ status: 'failed', error: { code: 'subscription_deleted', message: 'gone' } });
  });
});

describe('the end of a job', () => {
  it('is told once, as a system event', async () => {
    await parts.drain();
    expect([...parts.events.events.values()]).toMatchObject([{ tenantId: 'posthorn', type: 'posthorn.job.ended' }]);
    const [event] = parts.events.events.values();
    expect(JSON.parse(event?.data ?? '')).toEqual({
      tenantId: 'acme',
      subscriptionId: subscriptionId(),
      job: {
        id: job.id,
        kind: 'replay',
        filter: {
          from: new Date(NOW - HOUR).toISOString(),
          to: new Date(NOW).toISOString(),
          eventTypes: [],
          dryRun: false,
          status: 'failed',
        },
        status: 'done',
        progress: { done: 25, failed: 0, total: 25 },
        createdAt: new Date(NOW).toISOString(),
        endedAt: new Date(NOW).toISOString(),
        error: null,
      },
    });
    expect(SystemEvent.safeParse({ type: event?.type, data: JSON.parse(event?.data ?? '') }).success).toBe(true);
    expect(parts.told).toHaveLength(1);
    expect(await read()).toMatchObject({ dueAt: null });
  });

  it('is told later if it could not be, under the same id', async () => {
    const { publish } = parts;
    parts.publish = crash;
    await expect(parts.drain()).rejects.toThrow('crashed');
    expect(await read()).toMatchObject({ status: 'done', progress: { done: 25 } });
    expect(parts.reports).toEqual([]);
    parts.publish = publish;
    parts.clock.now += 5 * MINUTE;
    await parts.sweep();
    await parts.drain();
    expect([parts.told.length, parts.events.events.size, parts.done.length]).toEqual([1, 1, 25]);
    expect(parts.reports).toMatchObject([{ kind: 'ended', job: { id: job.id } }]);
    parts.clock.now += 60 * MINUTE;
    await parts.sweep();
    expect(parts.sent).toEqual([]);
  });
});

describe('a caller', () => {
  it('sees the jobs of its own tenant alone', async () => {
    expect(await parts.jobs.read('acme', job.id)).toEqual(await parts.jobs.read(null, job.id));
    expect(await parts.jobs.read('other', job.id)).toMatchObject({ code: 'not_found' });
    expect(await parts.jobs.cancel('other', job.id)).toMatchObject({ code: 'not_found' });
    expect(await read()).toMatchObject({ status: 'running' });
  });

  it('may cancel a job twice; one that has ended stays as it is', async () => {
    const cancelled = await parts.jobs.cancel('acme', job.id);
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    expect(await parts.jobs.cancel('acme', job.id)).toEqual(cancelled);
    const other = await parts.jobs.start(order);
    await parts.drain();
    expect(await parts.jobs.cancel(null, other.id)).toMatchObject({ status: 'done', progress: { done: 25 } });
  });
});
