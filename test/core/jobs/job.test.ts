import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceJob,
  endJob,
  type Job,
  type JobPage,
  MAX_FAILURES,
  owesItsEnd,
  pageLimit,
  repeatPage,
  spanOf,
  spreadMs,
} from '../../../functions/core/jobs/job.ts';
import { MINUTE, makeJob, NOW, SECOND } from '../../support/domain.ts';

const page = (rest: Partial<JobPage> = {}): JobPage => ({ done: 3, failed: 1, cursor: 'next', ...rest });

describe('a job after a page', () => {
  it('goes on at once from the cursor, under another ticket, and is due if its message is lost', () => {
    const { job, pauseMs } = advanceJob(makeJob({ failures: 2, ticket: 4 }), page(), NOW);
    expect(pauseMs).toBe(0);
    expect(job).toMatchObject({
      status: 'running',
      cursor: 'next',
      progress: { done: 3, failed: 1, total: null },
      failures: 0,
      ticket: 5,
      dueAt: NOW + 5 * MINUTE,
    });
  });

  it('is done after its last page, knows its total, and owes its end', () => {
    const first = advanceJob(makeJob(), page(), NOW).job;
    const { job } = advanceJob(first, page({ cursor: null }), NOW + SECOND);
    expect(job).toMatchObject({
      status: 'done',
      progress: { done: 6, failed: 2, total: 8 },
      endedAt: NOW + SECOND,
      dueAt: NOW + SECOND + 5 * MINUTE,
      error: null,
    });
  });

  it('estimates its total by how much of its range of time lies behind it', () => {
    const span = (firstAt: number, lastAt: number) => ({ firstAt, lastAt, until: NOW + 100 });
    let job = makeJob();
    const estimated = (rest: Partial<JobPage>) => {
      job = advanceJob(job, page(rest), NOW).job;
      return job.estimate?.total ?? null;
    };
    expect(estimated({})).toBeNull();
    // Eight items in a fifth of the time.
    expect(estimated({ span: span(NOW, NOW + 20) })).toBe(40);
    // What lies before the first item is no part of it.
    expect(estimated({ done: 91, span: span(NOW + 21, NOW + 50) })).toBe(200);
    // A page without items says nothing new.
    expect(estimated({ done: 0, failed: 0, span: null })).toBe(200);
    expect(estimated({ done: 0, failed: 0, cursor: null })).toBe(200);
  });

  it('estimates at least what it has done, wherever its items lie', () => {
    const times = fc
      .array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.array(times, { minLength: 1 }), fc.integer({ min: 0, max: 1_000 }), (pages, to) => {
        let job = makeJob();
        for (const one of pages) {
          job = advanceJob(job, page({ done: one.length, failed: 0, span: spanOf(one, { to }) }), NOW).job;
          expect(job.estimate?.total).toBeGreaterThanOrEqual(job.progress.done);
        }
      }),
    );
    expect(spanOf([], { to: NOW })).toBeNull();
  });

  it('waits as long as its rate allows the page to take', () => {
    const { job, pauseMs } = advanceJob(makeJob({ maxPerSecond: 2 }), page({ done: 7 }), NOW);
    expect(pauseMs).toBe(3_500);
    expect(job.dueAt).toBe(NOW + 3_500 + 5 * MINUTE);
  });

  it('never does more than its rate, page by page', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(fc.integer({ min: 0, max: 100 })), (rate, counts) => {
        let job: Job = makeJob({ maxPerSecond: rate });
        let at = NOW;
        let items = 0;
        for (const count of counts) {
          const done = Math.min(count, pageLimit(job, 100));
          const starts = Array.from({ length: done }, (_, index) => at + spreadMs(index, rate));
          // Whoever looks back over all of it, up to any item, sees no more than the rate gives.
          for (const [index, start] of starts.entries())
            expect(items + index).toBeLessThanOrEqual(((start - NOW) * rate) / 1_000);
          const next = advanceJob(job, page({ done }), at);
          items += done;
          at += next.pauseMs;
          job = next.job;
        }
      }),
    );
  });
});

describe('a job whose page failed', () => {
  it('tries the page again after growing pauses, and fails after an hour', () => {
    let job = makeJob({ cursor: 'here' });
    const pauses: number[] = [];
    while (job.status === 'running') {
      const next = repeatPage(job, NOW);
      if (next.job.status === 'running') pauses.push(next.pauseMs / SECOND);
      expect(next.job.cursor).toBe('here');
      job = next.job;
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 900, 900]);
    expect(job).toMatchObject({
      status: 'failed',
      failures: MAX_FAILURES,
      error: { code: 'internal_error' },
      endedAt: NOW,
    });
  });
});

it('a job that was cancelled owes its end, until that is told', () => {
  const job = endJob(makeJob({ ticket: 3 }), 'cancelled', null, NOW);
  expect(job).toMatchObject({ status: 'cancelled', ticket: 4, endedAt: NOW });
  expect([job, { ...job, dueAt: null }, makeJob()].map(owesItsEnd)).toEqual([true, false, false]);
});

it.each([
  [null, 100],
  [1, 10],
  [5, 50],
  [10, 100],
  [1_000, 100],
])('a page at the rate %s has at most %s items', (maxPerSecond, limit) => {
  expect(pageLimit(makeJob({ maxPerSecond }), 100)).toBe(limit);
});
