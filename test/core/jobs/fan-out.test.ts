import { describe, expect, it } from 'vitest';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import { fanOutAsJob, fanOutPage } from '../../../functions/core/jobs/fan-out.ts';
import { advanceJob, type Job, type JobOrder, newJob } from '../../../functions/core/jobs/job.ts';
import { createMatcher } from '../../../functions/core/subscription/match.ts';
import { makeSubscription, NOW, SECOND, subscriptionId } from '../../support/domain.ts';
import { ingestSetup } from '../../support/memory-ingest.ts';

const body = (rest: object = {}): string =>
  JSON.stringify({ tenantId: 'acme', type: 'employee.created', data: { id: 1 }, ...rest });

/** Two events whose fan-out came to the third of ten subscriptions, and the job that it goes on as. */
async function handedOver() {
  const setup = ingestSetup();
  setup.store.subscriptions = Array.from({ length: 10 }, (_, at) => makeSubscription({ id: subscriptionId(at + 1) }));
  setup.store.pageSize = 3;
  setup.hasTime = () => false;
  const orders: JobOrder[] = [];
  const handOver = fanOutAsJob({
    start: async (order) => {
      orders.push(order);
      return newJob(order, NOW, Math.random);
    },
  });
  setup.goOn = async (rest) => void (await handOver(rest));
  await setup.ingest({ body: body({ id: 'a' }) }, { body: body({ id: 'b' }) });
  const [order] = orders;
  if (order === undefined || orders.length > 1) throw new Error(`${orders.length} jobs instead of one`);
  return { setup, order };
}

type Setup = Awaited<ReturnType<typeof handedOver>>['setup'];

function page({ store, queued, slow, now }: Setup, job: Job, clock = () => now) {
  if (job.task.kind !== 'fan_out') throw new Error(`a job of another kind: ${job.task.kind}`);
  const send = async (messages: readonly Outgoing[]) => {
    for (const list of [queued, slow]) list.push(...messages);
  };
  const fanOut = { matcherOf: createMatcher, pause: async () => {}, report: () => {} };
  return fanOutPage({ events: store, matchable: store, retries: { send }, now: clock, fanOut }, job, job.task);
}

describe('the rest of a fan-out', () => {
  it('is one job for events that share their pages, and goes to each subscription once', async () => {
    const { setup, order } = await handedOver();
    expect(order).toEqual({
      task: { kind: 'fan_out', tenantId: 'acme', subscriptionId: null, filter: { eventIds: ['a', 'b'] } },
      maxPerSecond: null,
      createdBy: 'posthorn',
      begun: { cursor: subscriptionId(3), done: 6 },
    });
    expect(await page(setup, newJob(order, NOW, Math.random))).toEqual({
      done: 14,
      failed: 0,
      cursor: null,
      pauseMs: 0,
    });
    const wanted = setup.store.subscriptions.flatMap(({ id }) => [`a ${id}`, `b ${id}`]);
    expect(setup.targets()).toEqual(wanted);
    // A page that a crash repeats makes twins, which deliver can tell by this. They go with the retries.
    expect(setup.slow.map(({ message }) => message)).toEqual(
      Array(14).fill(expect.objectContaining({ repeated: true, trigger: 'automatic' })),
    );
  });

  it('goes on page by page, each of five seconds at most', async () => {
    const { setup, order } = await handedOver();
    let now = NOW;
    setup.store.before = (operation) => {
      if (operation === 'readMatchable') now += 4 * SECOND;
    };
    let job = newJob(order, NOW, Math.random);
    const cursors: (string | null)[] = [];
    while (job.status === 'running') {
      const done = await page(setup, job, () => now);
      cursors.push(done.cursor);
      job = advanceJob(job, done, now).job;
    }
    expect(cursors).toEqual([subscriptionId(9), null]);
    expect(job.progress).toEqual({ done: 20, failed: 0, total: 20 });
  });

  it('goes on a little at a time where its filters are costly: most of the time is others’', async () => {
    const { setup, order } = await handedOver();
    // Alternatives within alternatives, all of which look at the same objects.
    let filter: Record<string, unknown> = { n: [0] };
    for (let level = 0; level < 12; level += 1) filter = { $or: [filter, { n: [1] }, { n: [2] }] };
    const costly = { $or: [{ data: { l: filter } }, { type: ['employee.created'] }] };
    const data = JSON.stringify({ l: Array.from({ length: 20_000 }, () => ({})) });
    for (const one of setup.store.events.values()) one.event.data = data;
    setup.store.subscriptions = setup.store.subscriptions.map((one) => ({ ...one, filter: costly }));
    let job = newJob(order, NOW, Math.random);
    const pauses: number[] = [];
    while (job.status === 'running') {
      const next = advanceJob(job, await page(setup, job), NOW);
      job = next.job;
      pauses.push(next.pauseMs);
    }
    expect(pauses.length).toBeGreaterThan(2);
    expect(pauses.slice(0, -1)).toEqual(Array(pauses.length - 1).fill(2 * SECOND));
    expect(job.progress).toEqual({ done: 20, failed: 0, total: 20 });
    expect(new Set(setup.targets()).size).toBe(20);
  });

  it('leaves out events that the journal has forgotten, and makes no tenant anew', async () => {
    const { setup, order } = await handedOver();
    setup.store.events.delete('acme a');
    setup.store.tenants.clear();
    expect(await page(setup, newJob(order, NOW, Math.random))).toMatchObject({ done: 7, cursor: null });
    expect(setup.store.tenants.size).toBe(0);
  });
});
