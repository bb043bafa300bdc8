import * as z from 'zod';
import type { SweepDeps } from '../delivery/sweep.ts';
import type { ListOptions, Page } from '../page.ts';
import type { Job } from './job.ts';

/** The port to jobs. One past its retention is absent. */
export interface JobStore {
  /** Consistent. */
  getJob(jobId: string): Promise<Job | null>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  saveJob(job: Job, revision: number): Promise<boolean>;
  /** Newest first; those of all tenants if none is named. The index that finds a tenant's lags by moments. */
  listJobs(tenantId: string | null, options: ListOptions): Promise<Page<Job>>;
}

/** On the jobs queue: do the next page of this job. One that carries another ticket than the job has is dropped. */
export const JobMessage = z.object({ v: z.literal(1), kind: z.literal('job'), jobId: z.string(), ticket: z.int() });
export type JobMessage = z.infer<typeof JobMessage>;

/** The port to the jobs queue. */
export interface JobQueue {
  /** Sends the message that carries the job as it stands; it becomes visible after `delaySeconds` (SQS: 0 to 900). */
  send(jobs: readonly { job: Job; delaySeconds: number }[]): Promise<void>;
}

export function jobMessage({ id, ticket }: Job): JobMessage {
  return { v: 1, kind: 'job', jobId: id, ticket };
}

/** Wakes jobs by messages on their queue. */
export function wakeJobs(queue: JobQueue): SweepDeps<Job>['wake'] {
  return (woken) => queue.send(woken.map(({ thing, delaySeconds }) => ({ job: thing, delaySeconds })));
}
