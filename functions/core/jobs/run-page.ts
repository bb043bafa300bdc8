import { wholeSeconds } from '../delivery/queue-message.ts';
import { advanceJob, endJob, type Job, type JobError, type JobPage, type NextPage, repeatPage } from './job.ts';
import type { JobMessage, JobQueue, JobStore } from './job-store.ts';

/** Does the next page of a job. Done twice, a page changes nothing more. */
export type JobWork = (job: Job) => Promise<JobPage | JobError>;

export interface RunPageDeps {
  store: Pick<JobStore, 'getJob' | 'saveJob'>;
  queue: JobQueue;
  work: JobWork;
  now: () => number;
  report: (report: JobReport) => void;
}

/** For metrics and logs. `error`: a page could not be done; it is repeated, unless the job has ended by it. */
export type JobReport = { kind: 'ended'; job: Job } | { kind: 'error'; job: Job; error: unknown };

/**
 * Does one page of a job, puts its cursor on record, and sends the message for the next page. A crash before the record
 * repeats the page; a crash after it leaves the job to `sweep`. Of two messages for one page, one writes the record.
 */
export async function runJobPage(deps: RunPageDeps, { jobId, ticket }: JobMessage): Promise<void> {
  const { store, queue, report } = deps;
  const job = await store.getJob(jobId);
  if (job === null || job.status !== 'running' || job.ticket !== ticket) return;
  const { job: next, pauseMs } = await doPage(deps, job);
  // Cancelled, or woken by `sweep` meanwhile.
  if (!(await store.saveJob(next, job.revision))) return;
  if (next.status === 'running') await queue.send([{ job: next, delaySeconds: wholeSeconds(pauseMs) }]);
  else report({ kind: 'ended', job: next });
}

async function doPage({ work, now, report }: RunPageDeps, job: Job): Promise<NextPage> {
  try {
    const page = await work(job);
    if ('code' in page) return { job: endJob(job, 'failed', page, now()), pauseMs: 0 };
    return advanceJob(job, page, now());
  } catch (error) {
    report({ kind: 'error', job, error });
    return repeatPage(job, now());
  }
}
