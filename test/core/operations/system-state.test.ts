import { describe, expect, it } from 'vitest';
import { readSystemState, type SystemStatePorts } from '../../../functions/core/operations/system-state.ts';
import { HOUR, MINUTE, makeDelivery, makeEvent, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

const SIZE = { visible: 1, inFlight: 2, delayed: 3 };
const DEAD = { visible: 4, inFlight: 0, delayed: 0 };

function setup() {
  const journal = new MemoryJournal();
  /** Newest first. */
  const told: { kind: string; subscription: number; data?: string | null }[] = [];
  const asked: Parameters<SystemStatePorts['events']['listEvents']>[] = [];
  const ports: SystemStatePorts = {
    queues: { measureQueue: async () => SIZE, measureDeadLetters: async () => DEAD },
    due: journal,
    events: {
      listEvents: async (...args) => {
        asked.push(args);
        const [, , matches] = args;
        const events = told.map(({ kind, subscription, data }) =>
          makeEvent({
            tenantId: 'posthorn',
            type: `posthorn.${kind}`,
            data: data === undefined ? JSON.stringify(dataOf(kind, subscription)) : data,
          }),
        );
        return { values: events.filter((event) => matches === null || matches(event)), next: null };
      },
    },
    now: () => NOW,
  };
  return { journal, told, asked, read: () => readSystemState(ports) };
}

const at = new Date(NOW).toISOString();
function dataOf(kind: string, subscription: number) {
  const about = { tenantId: 'acme', subscriptionId: subscriptionId(subscription), url: 'https://a.example/' };
  const lastFailure = { outcome: 'timeout', status: null, message: 'm', at };
  if (kind === 'subscription.failing') return { ...about, since: at, failures: 9, lastFailure, disablesAt: at };
  if (kind === 'subscription.recovered') return { ...about, failedSince: at };
  return { ...about, reason: { code: 'c', message: 'm' }, since: at };
}

describe('the state of the system', () => {
  it('has the sizes of all queues and dead-letter queues', async () => {
    expect((await setup().read()).queues).toEqual(
      ['events', 'deliveries', 'retries', 'jobs'].map((name) => ({ name, size: SIZE, deadLetters: DEAD })),
    );
  });

  it('counts as overdue what sweep should have woken, and not what it still may', async () => {
    const { journal, read } = setup();
    expect((await read()).overdue).toEqual({ count: 0, isCapped: false, oldestDueAt: null });
    journal.store(makeDelivery({ dueAt: NOW - 2 * MINUTE + 1 }));
    expect((await read()).overdue.count).toBe(0);
    journal.store(makeDelivery({ eventId: 'evt_2', dueAt: NOW - 2 * MINUTE }));
    journal.store(makeDelivery({ eventId: 'evt_3', dueAt: NOW - HOUR }));
    expect((await read()).overdue).toEqual({ count: 2, isCapped: false, oldestDueAt: NOW - HOUR });
    journal.pageSize = 2;
    expect((await read()).overdue).toMatchObject({ count: 2, isCapped: true });
  });

  it('names the subscriptions whose latest news is that they fail', async () => {
    const { told, asked, read } = setup();
    told.push(
      { kind: 'subscription.failing', subscription: 1 },
      { kind: 'job.ended', subscription: 1 },
      { kind: 'subscription.recovered', subscription: 2 },
      { kind: 'subscription.failing', subscription: 3, data: null },
      { kind: 'subscription.failing', subscription: 2 },
      { kind: 'subscription.disabled', subscription: 4 },
      { kind: 'subscription.failing', subscription: 4 },
      { kind: 'subscription.failing', subscription: 1 },
    );
    const { failing } = await read();
    expect(failing).toMatchObject([{ subscriptionId: subscriptionId(1), failures: 9 }]);
    const options = { limit: 100, after: null, from: NOW - 7 * 24 * HOUR, to: null };
    expect(asked).toEqual([['posthorn', options, expect.any(Function)]]);
  });
});
