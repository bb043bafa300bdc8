import { wholeSeconds } from '../delivery/queue-message.ts';
import { emitSystemEvent, type SystemEventPorts } from '../system-event/emit.ts';
import {
  advanceJob,
  endJob,
  type Job,
  type JobError,
  type JobPage,
  type NextPage,
  owesItsEnd,
  repeatPage,
} from './job.ts';
import { jobEnded } from './job-ended.ts';
import type { JobMessage, JobQueue, JobStore } from './job-store.ts';

/** Does the next page of a job. Done twice, a page changes nothing more. */
export type JobWork = (job: Job) => Promise<JobPage | JobError>;

export interface RunPageDeps {
  store: Pick<JobStore, 'getJob' | 'saveJob'>;
  queue: JobQueue;
  work: JobWork;
  systemEvents: SystemEventPorts;
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
  const { store, queue } = deps;
  const job = await store.getJob(jobId);
  if (job === null || job.ticket !== ticket) return;
  if (owesItsEnd(job)) return tellEnd(deps, job);
  if (job.status !== 'running') return;
  const { job: next, pauseMs } = await doPage(deps, job);
  // Cancelled, or woken by `sweep` meanwhile.
  if (!(await store.saveJob(next, job.revision))) return;
  const saved = { ...next, revision: job.revision + 1 };
  if (saved.status === 'running') await queue.send([{ job: saved, delaySeconds: wholeSeconds(pauseMs) }]);
  else await tellEnd(deps, saved);
}

/** The system event first, then the record that it is out: told twice, it is one event. */
async function tellEnd({ store, systemEvents, report }: RunPageDeps, job: Job): Promise<void> {
  await emitSystemEvent(systemEvents, jobEnded(job));
  if (await store.saveJob({ ...job, dueAt: null }, job.revision)) report({ kind: 'ended', job });
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
