import { beforeEach, describe, expect, it } from 'vitest';
import { type Delivery, failDelivery, parkDelivery } from '../../../functions/core/delivery/delivery.ts';
import { cancelPage } from '../../../functions/core/jobs/cancel-range.ts';
import type { TaskOf } from '../../../functions/core/jobs/job-task.ts';
import { HOUR, MINUTE, makeDelivery, makeJob, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

let journal: MemoryJournal;
beforeEach(() => {
  journal = new MemoryJournal();
  for (let index = 0; index < 150; index += 1) {
    const pending = make(`pending ${index}`, index, { nextAttemptAt: NOW, dueAt: NOW });
    journal.store(index % 2 === 0 ? pending : parkDelivery(make(`parked ${index}`, index), NOW, ''));
  }
  journal.store(failDelivery(make('failed', 1), NOW, 'c', ''));
  journal.store(make('succeeded', 1, { status: 'succeeded', completedAt: NOW }));
});

const at = (minutes: number) => NOW - 3 * HOUR + minutes * MINUTE;
function make(eventId: string, minutes: number, rest: Partial<Delivery> = {}): Delivery {
  return makeDelivery({ eventId, eventAt: at(minutes), revision: 1, ...rest });
}

async function run(filter: Partial<TaskOf<'cancel'>['filter']> = {}): Promise<number> {
  const all = { from: 0, to: NOW, eventTypes: [], dryRun: false, status: 'all' as const };
  const task = {
    kind: 'cancel' as const,
    tenantId: 'acme',
    subscriptionId: subscriptionId(),
    filter: { ...all, ...filter },
  };
  let done = 0;
  let cursor: string | null = null;
  do {
    const page = await cancelPage({ deliveries: journal, now: () => NOW }, makeJob({ task, cursor }), task);
    done += page.done;
    cursor = page.cursor;
  } while (cursor !== null);
  return done;
}
const cancelled = () => [...journal.deliveries.values()].filter(({ status }) => status === 'cancelled');

describe('the cancellation of a range', () => {
  it.each([
    ['all that wait', {}, 150],
    ['what is pending', { status: 'pending' as const }, 75],
    ['what is parked', { status: 'parked' as const }, 75],
    ['what is in its time', { from: at(10), to: at(19) }, 10],
    ['what is of its types', { eventTypes: ['payroll.*'] }, 0],
  ])('gives up %s, and nothing that has ended', async (_, filter, count) => {
    expect(await run({ ...filter, dryRun: true })).toBe(count);
    expect(cancelled()).toEqual([]);
    expect(await run(filter)).toBe(count);
    expect(cancelled()).toHaveLength(count);
    for (const one of cancelled())
      expect(one).toMatchObject({ dueAt: null, nextAttemptAt: null, statusReason: { code: 'cancelled' } });
    expect(await run(filter)).toBe(0);
  });

  it('goes on over a write that fails', async () => {
    let saves = 0;
    journal.before = (operation) => {
      if (operation === 'saveDelivery' && saves++ === 3) throw new Error('throttled');
    };
    await expect(run()).rejects.toThrow('throttled');
    // All others of the page were tried.
    expect(cancelled()).toHaveLength(74);
    expect(await run()).toBe(76);
  });
});
