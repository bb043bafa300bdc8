import * as z from 'zod';
import { type Job, JobStatus } from '../../core/jobs/job.ts';
import { JOB_KINDS } from '../../core/jobs/job-task.ts';
import { shownFilter } from '../../core/jobs/shown-filter.ts';
import { Reason, Timestamp, viewOf } from './values.ts';

export const JobView = z
  .object({
    id: z.string(),
    kind: z.enum(JOB_KINDS),
    status: JobStatus,
    tenantId: z.string().nullable(),
    subscriptionId: z.string().nullable(),
    filter: z.record(z.string(), z.unknown()).meta({ description: 'Which items it is about, as it was asked for.' }),
    maxPerSecond: z.int().nullable(),
    progress: z.object({
      done: z.int(),
      failed: z.int(),
      total: z.int().nullable().meta({ description: 'Null until the job has ended.' }),
      estimate: z.int().nullable().meta({
        description:
          'About how many there will have been, judged by how much of its range of time lies behind it. Null before its first page, once the total is known, and for jobs that are not about a range.',
      }),
    }),
    result: z.record(z.string(), z.number()).nullable().meta({
      description: 'What an erasure has proven: how often it passed over everything, and what its last pass found.',
    }),
    createdBy: z.string(),
    createdAt: Timestamp,
    endedAt: Timestamp.nullable(),
    error: Reason.nullable(),
  })
  .meta({ id: 'Job' });

const show = viewOf(JobView);

export function jobView(job: Job) {
  const { kind, tenantId, subscriptionId } = job.task;
  const { total } = job.progress;
  const progress = { ...job.progress, estimate: total === null ? (job.estimate?.total ?? null) : null };
  return show({ ...job, progress, kind, tenantId, subscriptionId, filter: shownFilter(job.task) });
}

/** The answer to a request that starts a job. */
export const JOB_STARTED = { 202: { description: 'The job, which goes on by itself.', schema: JobView } };

export function jobStarted(job: Job) {
  const { tenantId } = job.task;
  const location = `/v1${tenantId === null ? '' : `/tenants/${tenantId}`}/jobs/${job.id}`;
  return { status: 202, body: jobView(job), revision: job.revision, location };
}
