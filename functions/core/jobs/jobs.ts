import { changeStored } from '../change-stored.ts';
import type { Random } from '../ids.ts';
import type { ListOptions, Page } from '../page.ts';
import { notFound, Refusal } from '../refusal.ts';
import { endJob, type Job, type JobOrder, newJob } from './job.ts';
import type { JobQueue, JobStore } from './job-store.ts';

/** Starts, shows and cancels jobs. `tenantId` null: whoever's. */
export interface Jobs {
  start(order: JobOrder): Promise<Job>;
  read(tenantId: string | null, jobId: string): Promise<Job | Refusal>;
  /** Newest first. */
  page(tenantId: string | null, options: ListOptions): Promise<Page<Job>>;
  /** What its last page has begun may still happen. One that has ended stays as it is. */
  cancel(tenantId: string | null, jobId: string): Promise<Job | Refusal>;
}

export interface JobsPorts {
  store: JobStore;
  queue: JobQueue;
  now: () => number;
  random: Random;
}

export function createJobs({ store, queue, now, random }: JobsPorts): Jobs {
  async function find(tenantId: string | null, jobId: string): Promise<Job | null> {
    const job = await store.getJob(jobId);
    return tenantId === null || job?.task.tenantId === tenantId ? job : null;
  }

  return {
    async start(order) {
      const job = newJob(order, now(), random);
      await store.saveJob(job, 0);
      // A message that is not sent delays the job: it is on record, and `sweep` wakes it.
      await queue.send([{ job, delaySeconds: 0 }]).catch(() => {});
      return { ...job, revision: 1 };
    },

    read: async (tenantId, jobId) => (await find(tenantId, jobId)) ?? notFound('job'),

    page: (tenantId, options) => store.listJobs(tenantId, options),

    async cancel(tenantId, jobId) {
      const job = await changeStored({
        what: 'job',
        ifMatch: null,
        read: () => find(tenantId, jobId),
        change: (job) => (job.status === 'running' ? endJob(job, 'cancelled', null, now()) : job),
        save: (next, revision) => store.saveJob(next, revision),
      });
      // By this message its end is told.
      if (!(job instanceof Refusal)) await queue.send([{ job, delaySeconds: 0 }]).catch(() => {});
      return job;
    },
  };
}
