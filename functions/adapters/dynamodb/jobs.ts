import type { DueStore } from '../../core/delivery/due-store.ts';
import { Job } from '../../core/jobs/job.ts';
import type { JobStore } from '../../core/jobs/job-store.ts';
import type { Tables } from './client.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import { createDueIndex } from './due-index.ts';
import type { JournalOptions } from './events.ts';
import { createJournalLists } from './journal-lists.ts';
import { DUE_JOBS, type Item, jobKey, jobPartitions, type KeyedItem, tenantJobs } from './keys.ts';
import { createRetention } from './retention.ts';

export function createJobStore({ tables, retentionDays, now }: JournalOptions): JobStore {
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  const writes = createConditionalWrites(tables, tables.journalTable);
  return {
    async getJob(jobId) {
      const [item] = (await lists.getItems([jobKey(jobId)], true)).values();
      return item === undefined ? null : parseJob(item);
    },

    saveJob(job, revision) {
      const item = jobItem({ ...job, revision: revision + 1 }, retention.expiresAt());
      return writes.putIf(item, revision === 0 ? retention.ifAbsent() : retention.ifLive(atRevision(revision)));
    },

    listJobs(tenantId, options) {
      const partitions = tenantId === null ? { table: jobPartitions() } : { index: [tenantJobs(tenantId)] };
      return lists.readList(partitions, options, parseJob, null);
    },
  };
}

/** The journal's jobs that run, by when `sweep` has to look after them. */
export function createDueJobs(
  tables: Pick<Tables, 'documents' | 'journalTable' | 'newWriteId'>,
  now: () => number,
): DueStore<Job> {
  return createDueIndex(tables, now, [DUE_JOBS], parseJob);
}

/** @param expiresAt epoch seconds: when the journal may forget it */
function jobItem({ dueAt, ...job }: Job, expiresAt: number): KeyedItem {
  const key = jobKey(job.id);
  const { tenantId } = job.task;
  return {
    ...key,
    v: 1,
    ...job,
    expiresAt,
    ...(tenantId === null ? {} : { listPk: tenantJobs(tenantId), listSk: key.sk }),
    ...(dueAt === null ? {} : { dueAt, duePk: DUE_JOBS }),
  };
}

function parseJob(item: Item): Job {
  return Job.parse({ dueAt: null, ...item });
}
