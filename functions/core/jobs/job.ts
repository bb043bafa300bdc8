import * as z from 'zod';
import { newId, type Random } from '../ids.ts';
import { JobTask } from './job-task.ts';

export const JOB_STATUSES = ['running', 'done', 'cancelled', 'failed'] as const;
export const JobStatus = z.enum(JOB_STATUSES);

/** Long work over many items, a page at a time. Times are epoch milliseconds. */
export const Job = z.object({
  id: z.string(),
  task: JobTask,
  /** Items a second at most; null: as fast as it goes. */
  maxPerSecond: z.int().positive().nullable(),
  status: JobStatus,
  /** Where the next page begins; the work gives it a meaning. Null: at the beginning. */
  cursor: z.string().nullable(),
  /** `total` is null until it is known. A page that a crash repeats counts only what was left of it. */
  progress: z.object({ done: z.int(), failed: z.int(), total: z.int().nullable() }),
  /** When its first item was, and how many items there may be; null as long as that is unknown. */
  estimate: z.object({ firstAt: z.number(), total: z.int() }).nullable().default(null),
  /** Figures of its own kind, such as what a proof has counted. */
  result: z.record(z.string(), z.number()).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** Who asked for it. */
  createdBy: z.string(),
  createdAt: z.number(),
  endedAt: z.number().nullable(),
  /** Pages in a row that could not be worked on. */
  failures: z.int(),
  /** Names the one message that carries the job: raised with each page, and by `sweep`. */
  ticket: z.int(),
  /** When `sweep` must wake it if nothing else has: the due index. Null once it has ended and its end was told. */
  dueAt: z.number().nullable(),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type Job = z.infer<typeof Job>;

/** Whom a job names that no request asked for. */
export const POSTHORN = 'posthorn';

/** What a caller says of a new job. */
export interface JobOrder {
  task: JobTask;
  maxPerSecond: number | null;
  createdBy: string;
  /** What was done before it became a job, and where it goes on. */
  begun?: { cursor: string; done: number };
}

/** What came of one page. */
export interface JobPage {
  done: number;
  failed: number;
  /** Where the next page begins; null after the last. */
  cursor: string | null;
  /** How long the next page waits, besides what the rate asks for. */
  pauseMs?: number;
  result?: Record<string, number>;
  /** Where the work goes through a range of time. */
  span?: PageSpan | null;
}

/** What a page has covered of a range of time, whose items it takes in their order. Epoch milliseconds. */
export interface PageSpan {
  firstAt: number;
  lastAt: number;
  /** Where the range ends. */
  until: number;
}

/** The span of a page with items of these times; null if there are none. */
export function spanOf(times: readonly number[], { to: until }: { to: number }): PageSpan | null {
  const [firstAt, lastAt] = [times[0], times.at(-1)];
  return firstAt === undefined || lastAt === undefined ? null : { firstAt, lastAt, until };
}

/** The job cannot go on, and would not be able to later. */
export interface JobError {
  code: string;
  message: string;
}

/** A job whose message is this late counts as lost. Longer than a page may take. */
const LOST_AFTER_MS = 5 * 60_000;

/** After so many failures of one page, which take about an hour, the job fails as a fault of ours. */
export const MAX_FAILURES = 10;
const FIRST_PAUSE_MS = 10_000;
const LAST_PAUSE_MS = 15 * 60_000;

export function newJob({ task, maxPerSecond, createdBy, begun }: JobOrder, now: number, random: Random): Job {
  return {
    id: newId('job', now, random),
    task,
    maxPerSecond,
    status: 'running',
    cursor: begun?.cursor ?? null,
    progress: { done: begun?.done ?? 0, failed: 0, total: null },
    estimate: null,
    result: null,
    error: null,
    createdBy,
    createdAt: now,
    endedAt: null,
    failures: 0,
    ticket: 0,
    dueAt: now + LOST_AFTER_MS,
    revision: 0,
  };
}

/** A job after a page, and how long its next page waits. */
export interface NextPage {
  job: Job;
  pauseMs: number;
}

export function advanceJob(job: Job, page: JobPage, now: number): NextPage {
  const done = job.progress.done + page.done;
  const failed = job.progress.failed + page.failed;
  const progress = { ...job.progress, done, failed };
  const estimate = page.span ? estimateTotal(job, page.span, done + failed) : job.estimate;
  const result = page.result ?? job.result;
  const counted: Job = { ...job, failures: 0, cursor: page.cursor, progress, estimate, result };
  if (page.cursor === null) {
    return {
      job: endJob({ ...counted, progress: { ...progress, total: done + failed } }, 'done', null, now),
      pauseMs: 0,
    };
  }
  return continueJob(counted, (page.pauseMs ?? 0) + spreadMs(page.done, job.maxPerSecond), now);
}

/** As if the rest of the range had as many items in its time as what lies behind: it costs no read. */
function estimateTotal(job: Job, { firstAt: first, lastAt, until }: PageSpan, handled: number): Job['estimate'] {
  const firstAt = job.estimate?.firstAt ?? first;
  const covered = lastAt - firstAt;
  const total = covered > 0 ? Math.round((handled * Math.max(until - firstAt, covered)) / covered) : handled;
  return { firstAt, total: Math.max(total, handled) };
}

/** The same page again after a while. */
export function repeatPage(job: Job, now: number): NextPage {
  const failures = job.failures + 1;
  if (failures >= MAX_FAILURES) {
    const message = `A page of its work could not be done, ${MAX_FAILURES} times. Start the job again once the cause is removed.`;
    return { job: endJob({ ...job, failures }, 'failed', { code: 'internal_error', message }, now), pauseMs: 0 };
  }
  return continueJob({ ...job, failures }, Math.min(FIRST_PAUSE_MS * 2 ** job.failures, LAST_PAUSE_MS), now);
}

function continueJob(job: Job, pauseMs: number, now: number): NextPage {
  return { job: { ...job, ticket: job.ticket + 1, dueAt: now + pauseMs + LOST_AFTER_MS }, pauseMs };
}

export function endJob(job: Job, status: Exclude<Job['status'], 'running'>, error: JobError | null, now: number): Job {
  return { ...job, status, error, endedAt: now, dueAt: now + LOST_AFTER_MS, ticket: job.ticket + 1 };
}

/** Whether its end is still to be told. */
export function owesItsEnd({ status, dueAt }: Job): boolean {
  return status !== 'running' && dueAt !== null;
}

/** How many items the next page may have: with a rate, what ten seconds take, so that a cancelled job stops soon. */
export function pageLimit({ maxPerSecond }: Job, most: number): number {
  return maxPerSecond === null ? most : Math.min(most, maxPerSecond * 10);
}

/** When, after a page begins, its item of this index has its turn. */
export function spreadMs(index: number, maxPerSecond: number | null): number {
  return maxPerSecond === null ? 0 : Math.ceil((index * 1_000) / maxPerSecond);
}
