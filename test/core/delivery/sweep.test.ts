import { describe, expect, it } from 'vitest';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import { sweepDue } from '../../../functions/core/delivery/sweep.ts';
import { HOUR, MINUTE, makeDelivery, NOW } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

function setup(...dueAts: number[]) {
  const journal = new MemoryJournal();
  const deliveries = dueAts.map((dueAt, index) =>
    journal.store(makeDelivery({ eventId: `e${index}`, dueAt, nextAttemptAt: dueAt, ticket: 3, revision: 2 })),
  );
  const queued: Outgoing[] = [];
  const run = (hasTime = () => true, send = async (messages: readonly Outgoing[]) => void queued.push(...messages)) =>
    sweepDue({ store: journal, retries: { send }, now: () => NOW, hasTime });
  return { journal, deliveries, queued, run };
}

describe('sweep', () => {
  it('wakes what is due, and nothing else', async () => {
    const { journal, deliveries, queued, run } = setup(NOW - HOUR, NOW, NOW + 1);
    expect(await run()).toBe(2);
    expect(queued).toMatchObject([
      { message: { eventId: 'e0', ticket: 4 }, delaySeconds: 0 },
      { message: { eventId: 'e1', ticket: 4 }, delaySeconds: 0 },
    ]);
    expect(deliveries.map((one) => journal.delivery(one))).toMatchObject([
      { dueAt: NOW + 15 * MINUTE, ticket: 4, revision: 3, nextAttemptAt: NOW - HOUR },
      { dueAt: NOW + 15 * MINUTE, ticket: 4, revision: 3 },
      { dueAt: NOW + 1, ticket: 3, revision: 2 },
    ]);
  });

  it('goes through page after page', async () => {
    const { journal, queued, run } = setup(...Array.from({ length: 25 }, () => NOW));
    journal.pageSize = 10;
    expect(await run()).toBe(25);
    expect(new Set(queued.map(({ message }) => message.kind === 'deliver' && message.eventId)).size).toBe(25);
  });

  it('stops when time is up, and leaves the rest to the next run', async () => {
    const { journal, run } = setup(...Array.from({ length: 25 }, () => NOW));
    journal.pageSize = 10;
    let pages = 0;
    expect(await run(() => pages++ < 1)).toBe(10);
    expect(await run()).toBe(15);
  });

  it('leaves what somebody else moves meanwhile, and does not turn in circles over it', async () => {
    const { journal, queued, run } = setup(NOW, NOW);
    // An index that lags: it goes on listing what has been moved already.
    const entries = await journal.listDueDeliveries('one', NOW);
    for (const entry of entries) await journal.leaseDelivery(entry, NOW + HOUR);
    journal.listDueDeliveries = async () => entries;
    expect(await run()).toBe(0);
    expect(queued).toEqual([]);
  });

  it('takes the lease first: what its crash leaves unsent is due again after it', async () => {
    const { journal, deliveries, run } = setup(NOW);
    const refuse = async () => {
      throw new Error('the queue is away');
    };
    await expect(run(() => true, refuse)).rejects.toThrow('the queue is away');
    expect(journal.delivery(deliveries[0] ?? makeDelivery())).toMatchObject({
      status: 'pending',
      dueAt: NOW + 15 * MINUTE,
    });
  });
});
