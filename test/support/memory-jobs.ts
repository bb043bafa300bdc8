import type { DueEntry, DueStore } from '../../functions/core/delivery/due-store.ts';
import type { Job } from '../../functions/core/jobs/job.ts';
import type { JobStore } from '../../functions/core/jobs/job-store.ts';
import type { ListOptions, Page } from '../../functions/core/page.ts';
import { NOW } from './domain.ts';
import { pageOf } from './page-of.ts';

/** Jobs as the journal keeps them. Its contract is in test/contracts. */
export class MemoryJobs implements JobStore, DueStore<Job> {
  readonly shards = ['one'];
  readonly pageSize = 100;
  readonly jobs = new Map<string, Job>();
  /** When the journal forgets a job, epoch milliseconds. */
  private readonly ends = new Map<string, number>();
  private readonly now: () => number;
  private readonly retentionMs: number;

  constructor(now = (): number => NOW, retentionMs = Number.POSITIVE_INFINITY) {
    this.now = now;
    this.retentionMs = retentionMs;
  }

  private live(jobId: string): Job | null {
    return (this.ends.get(jobId) ?? 0) > this.now() ? (this.jobs.get(jobId) ?? null) : null;
  }

  async getJob(jobId: string): Promise<Job | null> {
    return this.live(jobId);
  }

  async saveJob(job: Job, revision: number): Promise<boolean> {
    if ((this.live(job.id)?.revision ?? 0) !== revision) return false;
    this.jobs.set(job.id, { ...job, revision: revision + 1 });
    this.ends.set(job.id, this.now() + this.retentionMs);
    return true;
  }

  async listJobs(tenantId: string | null, options: ListOptions): Promise<Page<Job>> {
    const listed = [...this.jobs.keys()]
      .flatMap((id) => this.live(id) ?? [])
      .filter(({ task }) => tenantId === null || task.tenantId === tenantId);
    return pageOf(listed, ({ createdAt, id }) => ({ at: createdAt, id }), options, null);
  }

  async listDue(_shard: string, now: number): Promise<DueEntry[]> {
    return [...this.jobs.values()]
      .flatMap(({ id, dueAt }) => (dueAt === null || dueAt > now ? [] : [{ key: { pk: id, sk: '' }, dueAt }]))
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, 100);
  }

  async lease({ key, dueAt }: DueEntry, until: number): Promise<Job | null> {
    const job = this.jobs.get(key.pk);
    if (job === undefined || job.dueAt !== dueAt) return null;
    const isLive = this.live(key.pk) !== null;
    const { ticket, revision } = job;
    const leased = { ...job, dueAt: until, ticket: ticket + 1, revision: revision + 1 };
    this.jobs.set(key.pk, isLive ? leased : { ...job, dueAt: null });
    return isLive ? leased : null;
  }
}
