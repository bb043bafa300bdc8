import { beforeEach, describe, expect, it } from 'vitest';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import type { TaskOf } from '../../../functions/core/jobs/job-task.ts';
import { recoverPage } from '../../../functions/core/jobs/recover.ts';
import type { Tenant } from '../../../functions/core/tenant/tenant.ts';
import {
  HOUR,
  MINUTE,
  makeDelivery,
  makeEvent,
  makeJob,
  makeSubscription,
  NOW,
  subscriptionId,
} from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';
import { pageOf } from '../../support/page-of.ts';

const AT = NOW - HOUR;
const happened = (id: string, tenantId = 'acme', rest: Parameters<typeof makeEvent>[0] = {}) =>
  makeEvent({ id, tenantId, acceptedAt: AT, recordedAt: AT, ...rest });
const subscribed = (number: number, tenantId = 'acme', rest: Parameters<typeof makeSubscription>[0] = {}) =>
  makeSubscription({ id: subscriptionId(number), tenantId, createdAt: AT - 1, ...rest });

let journal: MemoryJournal;
let tenants: string[];
let queued: Outgoing[];
let pages: number;
beforeEach(() => {
  journal = new MemoryJournal();
  tenants = ['acme'];
  queued = [];
  pages = 0;
});

/** All pages of the job. */
async function run(filter: Partial<TaskOf<'recover'>['filter']> = {}) {
  const ports = {
    tenants: {
      listTenants: async (limit: number, after: string | null) => {
        const made = tenants.map(
          (id, index): Tenant => ({
            id,
            name: null,
            metadata: {},
            defaultProfile: null,
            defaultMaxPerSecond: null,
            defaultMaxConcurrent: null,
            signingKey: null,
            createdAt: NOW - index,
            updatedAt: NOW,
            revision: 1,
          }),
        );
        return pageOf(
          made,
          ({ createdAt, id }) => ({ at: createdAt, id }),
          { limit, after, from: null, to: null },
          null,
        );
      },
    },
    events: journal,
    subscriptions: {
      /** In pages, unlike the journal's own. */
      pageSubscriptions: async (tenantId: string, limit: number, after: string | null) => {
        const own = [...journal.subscriptions.values()].filter((one) => one.tenantId === tenantId);
        const start = Number(after ?? 0);
        const next = start + limit < own.length ? String(start + limit) : null;
        return { values: own.slice(start, start + limit), next };
      },
    },
    deliveries: journal,
    retries: { send: async (messages: readonly Outgoing[]) => void queued.push(...messages) },
  };
  const task: TaskOf<'recover'> = {
    kind: 'recover',
    tenantId: null,
    subscriptionId: null,
    filter: { from: AT - HOUR, to: NOW, dryRun: false, ...filter },
  };
  const total = { done: 0, failed: 0 };
  let cursor: string | null = null;
  do {
    const page = await recoverPage(ports, { ...makeJob(), task, cursor }, task);
    total.done += page.done;
    total.failed += page.failed;
    cursor = page.cursor;
    pages += 1;
    if (pages > 1_000) throw new Error('the job does not end');
  } while (cursor !== null);
  return total;
}

const sent = () =>
  queued
    .map(({ message }) => (message.kind === 'deliver' ? `${message.subscriptionId} ${message.eventId}` : message.kind))
    .sort();
const ref = (number: number, eventId: string) => `${subscriptionId(number)} ${eventId}`;

describe('a recovery', () => {
  it('sends the first attempts of deliveries that are not on record, as a fan-out would have', async () => {
    journal.add(happened('evt_1'), happened('evt_2'), subscribed(1));
    journal.store(makeDelivery({ eventAt: AT, status: 'succeeded' }));
    expect(await run()).toEqual({ done: 1, failed: 0 });
    expect(queued).toMatchObject([
      {
        delaySeconds: 0,
        message: { tenantId: 'acme', eventId: 'evt_2', eventAt: AT, ticket: 0, trigger: 'automatic', repeated: true },
      },
    ]);
  });

  it.each(['pending', 'parked', 'failed', 'cancelled'] as const)(
    'leaves a delivery that is %s: what waits carries its own wake-up',
    async (status) => {
      journal.add(happened('evt_1'), subscribed(1));
      journal.store(makeDelivery({ eventAt: AT, status }));
      expect(await run()).toEqual({ done: 0, failed: 0 });
      expect(queued).toEqual([]);
    },
  );

  it('goes to all tenants, and to Posthorn’s own events, each once', async () => {
    tenants = ['acme', 'posthorn', 'globex'];
    journal.add(
      happened('evt_1'),
      happened('evt_2', 'globex'),
      happened('evt_3', 'posthorn'),
      happened('evt_4', 'gone'),
      subscribed(1),
      subscribed(2, 'globex'),
      subscribed(3, 'posthorn'),
    );
    expect(await run()).toEqual({ done: 3, failed: 0 });
    expect(sent()).toEqual([ref(1, 'evt_1'), ref(2, 'evt_2'), ref(3, 'evt_3')]);
  });

  it.each([['posthorn'], []])('ends when the list of tenants is %j', async (...all) => {
    tenants = all.filter((one) => one !== undefined);
    expect(await run()).toEqual({ done: 0, failed: 0 });
    expect(pages).toBe(1);
  });

  it('goes to who wants the event and was there when it came', async () => {
    journal.add(
      happened('evt_1'),
      subscribed(1),
      subscribed(2, 'acme', { createdAt: AT + 1 }),
      subscribed(3, 'acme', { eventTypes: ['payroll.run'] }),
      subscribed(4, 'acme', { environment: 'development' }),
      subscribed(5, 'acme', { status: 'paused' }),
    );
    expect(await run()).toEqual({ done: 2, failed: 0 });
    expect(sent()).toEqual([ref(1, 'evt_1'), ref(5, 'evt_1')]);
  });

  it('passes over what may be on its way, what is out of the range, and what has no data', async () => {
    journal.add(
      happened('evt_1', 'acme', { acceptedAt: NOW - 14 * MINUTE }),
      happened('evt_2', 'acme', { acceptedAt: AT - 2 * HOUR }),
      happened('evt_3', 'acme', { data: null }),
      happened('evt_4', 'acme', { acceptedAt: NOW - 16 * MINUTE }),
      subscribed(1, 'acme', { createdAt: 0 }),
    );
    await run();
    expect(sent()).toEqual([ref(1, 'evt_4')]);
  });

  it('goes through more events, subscriptions and tenants than a page has, each once', async () => {
    tenants = Array.from({ length: 120 }, (_, index) => `tenant-${index}`);
    for (let index = 0; index < 60; index += 1) journal.add(happened(`evt_${index}`, 'tenant-77'));
    for (let index = 1; index <= 230; index += 1) journal.add(subscribed(index, 'tenant-77'));
    expect(await run()).toEqual({ done: 60 * 230, failed: 0 });
    expect(new Set(sent()).size).toBe(60 * 230);
    // Two passages of 50 tenants and the rest, and three pages of events with three of subscriptions each.
    expect(pages).toBeLessThan(20);
  });

  it('counts, and does nothing, if asked to', async () => {
    journal.add(happened('evt_1'), subscribed(1));
    expect(await run({ dryRun: true })).toEqual({ done: 1, failed: 0 });
    expect(queued).toEqual([]);
  });

  it('that is repeated sends what is recognised as a twin', async () => {
    journal.add(happened('evt_1'), subscribed(1));
    await run();
    await run();
    expect(queued.map(({ message }) => 'repeated' in message && message.repeated)).toEqual([true, true]);
  });
});
