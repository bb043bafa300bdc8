import { beforeEach, describe, expect, it } from 'vitest';
import type { DueStore } from '../../functions/core/delivery/due-store.ts';
import { endJob, type Job, newJob } from '../../functions/core/jobs/job.ts';
import type { JobStore } from '../../functions/core/jobs/job-store.ts';
import { HOUR, makeReplay, NOW } from '../support/domain.ts';
import { freshTenant, RETENTION_MS, readPages, type Subject, WHOLE } from './subject.ts';

/** @param subject whose due jobs are none but those that this contract puts there */
export function describeJobStore(name: string, { store, setNow, losing }: Subject<JobStore & DueStore<Job>>): void {
  describe(`jobs in ${name}`, () => {
    let tenantId = '';
    const job = (rest: Partial<Job> = {}, at = NOW): Job => {
      const order = { task: makeReplay(tenantId), maxPerSecond: null, createdBy: 'key_1' };
      return { ...newJob(order, at, Math.random), ...rest };
    };
    const FAR = NOW + 1_000 * RETENTION_MS;
    const listDue = async (now: number) =>
      (await Promise.all(store.shards.map((shard) => store.listDue(shard, now)))).flat();

    beforeEach(async () => {
      setNow(NOW);
      tenantId = freshTenant();
      for (let due = await listDue(FAR); due.length > 0; due = await listDue(FAR))
        await Promise.all(due.map((entry) => store.lease(entry, FAR + 1)));
    });

    it.each<[string, Partial<Job>]>([
      ['that has just begun', {}],
      [
        'in the middle',
        { cursor: '1 2026#ü', maxPerSecond: 5, failures: 2, ticket: 7, progress: { done: 3, failed: 1, total: null } },
      ],
      [
        'that has failed',
        {
          status: 'failed',
          dueAt: null,
          endedAt: NOW,
          error: { code: 'c', message: 'm' },
          progress: { done: 1, failed: 2, total: 3 },
        },
      ],
    ])('one %s comes back as it was', async (_, rest) => {
      const one = job(rest);
      expect(await store.saveJob(one, 0)).toBe(true);
      expect(await store.getJob(one.id)).toEqual({ ...one, revision: 1 });
    });

    it('is written only over the revision that was read', async () => {
      const one = job();
      expect(await store.saveJob(one, 1)).toBe(false);
      expect(await store.getJob(one.id)).toBeNull();
      expect(await store.saveJob(one, 0)).toBe(true);
      expect(await store.saveJob(one, 0)).toBe(false);
      expect(await store.saveJob({ ...one, cursor: 'next' }, 1)).toBe(true);
      expect(await store.saveJob({ ...one, cursor: 'other' }, 1)).toBe(false);
      expect(await store.getJob(one.id)).toMatchObject({ cursor: 'next', revision: 2 });
    });

    it('is absent past its retention', async () => {
      const one = job();
      await store.saveJob(one, 0);
      setNow(NOW + RETENTION_MS);
      expect(await store.getJob(one.id)).toBeNull();
      expect((await store.listJobs(tenantId, WHOLE)).values).toEqual([]);
    });

    it('is listed newest first, for its tenant and for the company', async () => {
      const jobs = Array.from({ length: 7 }, (_, index) => job({}, NOW + index));
      await Promise.all(jobs.map((one) => store.saveJob(one, 0)));
      const others = job({ task: makeReplay(freshTenant()) }, NOW + HOUR);
      await store.saveJob(others, 0);
      const ids = jobs.map(({ id }) => id).toReversed();
      const listed = await readPages((after) => store.listJobs(tenantId, { ...WHOLE, limit: 3, after }));
      expect(listed.map(({ id }) => id)).toEqual(ids);
      const all = await readPages((after) => store.listJobs(null, { ...WHOLE, limit: 3, after }));
      expect(all.map(({ id }) => id).filter((id) => [...ids, others.id].includes(id))).toEqual([others.id, ...ids]);
    });

    it('is due while it runs, and leased to one alone with another ticket', async () => {
      const one = job({ dueAt: NOW + HOUR, ticket: 4 });
      await store.saveJob(one, 0);
      expect(await listDue(NOW + HOUR - 1)).toEqual([]);
      const [entry] = await listDue(NOW + HOUR);
      if (entry === undefined) throw new Error('nothing is due');
      const leases = await Promise.all([1, 2].map(() => store.lease(entry, NOW + 2 * HOUR)));
      expect(leases.filter((lease) => lease !== null)).toEqual([
        { ...one, dueAt: NOW + 2 * HOUR, ticket: 5, revision: 2 },
      ]);
      expect(await store.saveJob(one, 1)).toBe(false);
      expect(await store.saveJob({ ...endJob(one, 'done', null, NOW), dueAt: null }, 2)).toBe(true);
      expect(await listDue(FAR)).toEqual([]);
    });

    if (losing !== null) {
      it('whose write had its effect is written, although the answer was lost', async () => {
        const one = job();
        expect(await losing(() => store.saveJob(one, 0))).toBe(true);
        expect(await store.getJob(one.id)).toMatchObject({ revision: 1 });
      });
    }
  });
}
