import { describe, expect, it } from 'vitest';
import { type Delivery, holdDelivery, parkDelivery } from '../../../functions/core/delivery/delivery.ts';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import { settleParked } from '../../../functions/core/delivery/settle-parked.ts';
import { advanceJob, type Job, type JobOrder, type JobPage, newJob } from '../../../functions/core/jobs/job.ts';
import type { Jobs } from '../../../functions/core/jobs/jobs.ts';
import { settleAsJob, settleParkedPage } from '../../../functions/core/jobs/settle-parked.ts';
import { healthOf } from '../../../functions/core/subscription/health.ts';
import { discardParked } from '../../../functions/core/subscription/subscription.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  HOUR,
  MINUTE,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
} from '../../support/domain.ts';

/** Parked deliveries, an hour apart, the last one now. */
function setup(count: number) {
  const parts = deliverSetup();
  const { journal } = parts;
  const parked = Array.from({ length: count }, (_, index) => {
    const eventAt = NOW - (count - 1 - index) * HOUR;
    journal.add(makeEvent({ id: `e${index}`, acceptedAt: eventAt }));
    return journal.store(parkDelivery(makeDelivery({ eventId: `e${index}`, eventAt, revision: 1 }), NOW, 'paused'));
  });
  const { tenantId, id } = makeSubscription();
  const ports = { retries: { send: (messages: readonly Outgoing[]) => parts.send(messages) }, now: () => NOW };
  const orders: JobOrder[] = [];
  const start: Jobs['start'] = async (order) => {
    orders.push(order);
    return newJob(order, NOW, () => 0);
  };
  /** As the message has it done, and the job that may come of it. */
  const run = async () => {
    await settleParked({ store: journal, ...ports, goOn: settleAsJob({ start }) }, { tenantId, subscriptionId: id });
    const pages: JobPage[] = [];
    for (const order of orders.splice(0)) {
      let job = newJob(order, NOW, () => 0);
      if (order.task.kind !== 'settle_parked') throw new Error(`a job of another kind: ${order.task.kind}`);
      while (job.status === 'running') {
        const page = await settleParkedPage({ waiting: journal, ...ports }, job, order.task);
        pages.push(page);
        job = advanceJob(job, page, NOW).job;
      }
      jobs.push(job);
    }
    return pages;
  };
  const jobs: Job[] = [];
  /** The messages that were sent are received. */
  const receive = async (queued: readonly Outgoing[] = parts.queued.splice(0)) => {
    for (const { message } of queued)
      if (message.kind === 'deliver') await parts.deliver({ message, fromRetries: true });
  };
  const states = () => parked.map((one: Delivery) => journal.delivery(one)?.status);
  return { ...parts, parked, jobs, run, receive, states };
}

describe('settling what is parked', () => {
  it('wakes what fits on a page at once, without a job', async () => {
    const { jobs, run, receive, states } = setup(100);
    await run();
    await receive();
    expect(states()).toEqual(Array(100).fill('succeeded'));
    expect(jobs).toEqual([]);
    const more = setup(101);
    await more.run();
    expect(more.jobs).toHaveLength(1);
  });

  it('wakes all of it, oldest first, and goes on as a job that counts from the start', async () => {
    const { journal, jobs, queued, run, receive, states } = setup(5);
    journal.pageSize = 2;
    const pages = await run();
    expect(pages.map(({ done }) => done)).toEqual([1, 0]);
    expect(jobs).toMatchObject([
      {
        task: { kind: 'settle_parked', tenantId: 'acme', subscriptionId: makeSubscription().id, filter: {} },
        createdBy: 'posthorn',
        status: 'done',
        progress: { done: 5, failed: 0, total: 5 },
      },
    ]);
    expect(queued.map(({ message }) => message.kind === 'deliver' && message.eventId)).toEqual([
      'e0',
      'e1',
      'e2',
      'e3',
      'e4',
    ]);
    await receive();
    expect(states()).toEqual(Array(5).fill('succeeded'));
  });

  it('ends as a job when the subscription is paused meanwhile', async () => {
    const { journal, jobs, queued, run } = setup(7);
    journal.pageSize = 2;
    journal.before = (operation) => {
      if (operation === 'listWaitingDeliveries' && queued.length === 4)
        journal.add(makeSubscription({ status: 'paused' }));
    };
    await run();
    // The page that was being read when it was paused is woken: each looks at the subscription itself.
    expect(queued).toHaveLength(6);
    expect(jobs).toMatchObject([{ status: 'done', progress: { done: 6 } }]);
  });

  it.each([
    ['events before a time', NOW - HOUR, ['cancelled', 'succeeded', 'succeeded']],
    ['all of it', null, ['cancelled', 'cancelled', 'cancelled']],
  ])('cancels what the resume discarded: %s', async (_, eventsBefore, expected) => {
    const { journal, parked, requests, run, receive, states } = setup(3);
    journal.add(discardParked(makeSubscription(), NOW, eventsBefore));
    await run();
    await receive();
    expect(states()).toEqual(expected);
    expect(requests).toHaveLength(expected.filter((state) => state === 'succeeded').length);
    expect(journal.delivery(parked[0] ?? makeDelivery())).toMatchObject({
      statusReason: { code: 'discarded' },
      completedAt: NOW,
    });
  });

  it.each([
    ['all of it', null, NOW - HOUR, ['cancelled', 'cancelled', 'cancelled']],
    ['more', NOW - HOUR, NOW - 2 * HOUR, ['cancelled', 'succeeded', 'succeeded']],
    ['less', NOW - 2 * HOUR, NOW - HOUR, ['cancelled', 'succeeded', 'succeeded']],
  ])('keeps discarded what a resume discarded when a later one delivers: %s', async (_, first, second, expected) => {
    const { journal, run, receive, states } = setup(3);
    journal.add(discardParked(discardParked(makeSubscription(), NOW, first), NOW, second));
    await run();
    await receive();
    expect(states()).toEqual(expected);
  });

  it('delivers what was parked after a resume that discarded, if a later one delivers it', async () => {
    const { journal, run, receive, states } = setup(3);
    journal.add(discardParked(discardParked(makeSubscription(), NOW - 1, null), NOW, NOW - HOUR));
    await run();
    await receive();
    expect(states()).toEqual(['cancelled', 'succeeded', 'succeeded']);
  });

  it('keeps what was parked after the resume that discarded', async () => {
    const { journal, run, receive, states } = setup(1);
    journal.add(discardParked(makeSubscription(), NOW - 1, null));
    await run();
    await receive();
    expect(states()).toEqual(['succeeded']);
  });

  it('cancels what waits for a deleted subscription, parked and pending', async () => {
    const { journal, run, receive, requests } = setup(2);
    journal.store(makeDelivery({ revision: 1, nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR }));
    journal.subscriptions.clear();
    await run();
    await receive();
    expect([...journal.deliveries.values()]).toMatchObject(
      Array(3).fill({ status: 'cancelled', statusReason: { code: 'subscription_deleted' }, dueAt: null }),
    );
    expect(requests).toEqual([]);
  });

  it('leaves what an active subscription has pending', async () => {
    const { journal, queued, run } = setup(0);
    journal.store(makeDelivery({ revision: 1, nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR }));
    await run();
    expect(queued).toEqual([]);
  });

  it('wakes what has waited for its turn since before the limit was raised', async () => {
    const { journal, queued, requests, run, receive } = setup(0);
    journal.add(makeSubscription({ maxPerSecond: 100, limitRaisedAt: NOW - SECOND }));
    const pending = { revision: 1, nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR };
    for (const [eventId, limitedSince] of [
      ['before', NOW - HOUR],
      ['after', NOW],
      ['retry', null],
    ] as const) {
      journal.add(makeEvent({ id: eventId }));
      journal.store(makeDelivery({ ...pending, eventId, limitedSince }));
    }
    await run();
    expect(queued).toMatchObject([{ message: { eventId: 'before' }, delaySeconds: 0 }]);
    await receive();
    expect(requests).toHaveLength(1);
    expect(journal.delivery(makeMessage({ eventId: 'before' }))?.status).toBe('succeeded');
  });

  const held = () => holdDelivery(makeDelivery({ revision: 1 }), 'automatic', NOW + HOUR);
  const open = { state: 'open', openedAt: NOW, pauseMs: 1, nextProbeAt: NOW, probe: null } as const;

  it('wakes what a breaker held, when it has closed', async () => {
    const { journal, requests, run, receive } = setup(1);
    journal.store(held());
    await run();
    await receive();
    expect(requests).toHaveLength(2);
    expect([...journal.deliveries.values()].map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('wakes what a breaker held by and by, as the ramp gives it its turn, over all pages', async () => {
    const { journal, queued, run } = setup(0);
    const recovery = { since: NOW - 2 * SECOND, pauseMs: MINUTE };
    const breaker = { state: 'closed', unavailable: 0, recovery } as const;
    journal.add(makeSubscription({ health: { ...healthOf(makeSubscription()), breaker } }));
    for (let index = 0; index < 100; index += 1)
      journal.store({ ...held(), eventId: `h${String(index).padStart(2, '0')}` });
    journal.pageSize = 30;
    await run();
    // After t seconds the ramp has given (2^(t/10) - 1) × 10 / ln 2 of them their turn; two have passed.
    const delays = queued.map(({ delaySeconds }) => delaySeconds);
    expect(delays).toHaveLength(100);
    expect([0, 1, 2, 10, 50, 99].map((index) => delays[index])).toEqual([0, 0, 0, 6, 20, 28]);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  });

  it('leaves what a breaker holds', async () => {
    const { journal, queued, run } = setup(0);
    journal.store(held());
    journal.add(makeSubscription({ health: { ...healthOf(makeSubscription()), breaker: open } }));
    await run();
    expect(queued).toEqual([]);
  });

  it.each(['paused', 'disabled', 'unverified'] as const)(
    'leaves it when the subscription is %s meanwhile',
    async (status) => {
      const { journal, queued, run } = setup(2);
      journal.add(makeSubscription({ status }));
      await run();
      expect(queued).toEqual([]);
    },
  );

  it('makes one attempt of a delivery that is woken twice', async () => {
    const { queued, requests, run, receive } = setup(1);
    await run();
    await run();
    expect(queued).toHaveLength(2);
    await receive();
    expect(requests).toHaveLength(1);
  });

  it('that finds nothing loses nothing: a parked delivery wakes when it is due', async () => {
    const parts = setup(1);
    const [parked = makeDelivery()] = parts.parked;
    parts.now = parked.dueAt ?? 0;
    await parts.receive([{ message: makeMessage({ eventId: 'e0' }), delaySeconds: 0 }]);
    expect(parts.states()).toEqual(['succeeded']);
  });
});
