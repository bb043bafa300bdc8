import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../functions/core/delivery/delivery.ts';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import { LEASES_AT_A_TIME, sweepDue, wakeDeliveries } from '../../../functions/core/delivery/sweep.ts';
import { SWEEP_LOOK_AHEAD_MS } from '../../../functions/core/delivery/wake.ts';
import { HOUR, MINUTE, makeDelivery, NOW } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

function setup(...dueAts: number[]) {
  const journal = new MemoryJournal();
  const deliveries = dueAts.map((dueAt, index) =>
    journal.store(makeDelivery({ eventId: `e${index}`, dueAt, nextAttemptAt: dueAt, ticket: 3, revision: 2 })),
  );
  const queued: Outgoing[] = [];
  const plannedAt = ({ nextAttemptAt }: Delivery): number | null => nextAttemptAt;
  const run = (hasTime = () => true, send = async (messages: readonly Outgoing[]) => void queued.push(...messages)) =>
    sweepDue({ store: journal, plannedAt, wake: wakeDeliveries({ send }), now: () => NOW, hasTime });
  return { journal, deliveries, queued, run };
}

describe('sweep', () => {
  it('wakes what is due before its next run, to the second, and nothing else', async () => {
    const { journal, deliveries, queued, run } = setup(NOW - HOUR, NOW, NOW + 30_500, NOW + SWEEP_LOOK_AHEAD_MS + 1);
    expect(await run()).toMatchObject({ woken: 3 });
    expect(queued).toMatchObject([
      { message: { eventId: 'e0', ticket: 4 }, delaySeconds: 0 },
      { message: { eventId: 'e1', ticket: 4 }, delaySeconds: 0 },
      { message: { eventId: 'e2', ticket: 4 }, delaySeconds: 31 },
    ]);
    expect(deliveries.map((one) => journal.delivery(one))).toMatchObject([
      { dueAt: NOW + 15 * MINUTE, ticket: 4, revision: 3, nextAttemptAt: NOW - HOUR },
      { dueAt: NOW + 15 * MINUTE, ticket: 4, revision: 3 },
      { dueAt: NOW + 30_500 + 15 * MINUTE, ticket: 4, revision: 3, nextAttemptAt: NOW + 30_500 },
      { dueAt: NOW + SWEEP_LOOK_AHEAD_MS + 1, ticket: 3, revision: 2 },
    ]);
  });

  it.each([
    { name: 'in time', late: 2 * MINUTE - 1, found: { overdue: 0, oldestOverdueMs: 0 } },
    { name: 'overdue', late: 2 * MINUTE, found: { overdue: 1, oldestOverdueMs: 2 * MINUTE } },
  ])('tells what comes $name', async ({ late, found }) => {
    expect(await setup(NOW - late, NOW + 1).run()).toEqual({ woken: 2, ...found });
  });

  it('measures by when the attempt was planned: a lost message was due later than that, and so is one sent again', async () => {
    const { journal, run } = setup(NOW - HOUR);
    journal.store(makeDelivery({ eventId: 'sent again', dueAt: NOW, nextAttemptAt: NOW - 2 * HOUR, revision: 1 }));
    // What owes an effect plans no attempt.
    journal.store(makeDelivery({ eventId: 'owes', dueAt: NOW - 3 * MINUTE, nextAttemptAt: null, revision: 1 }));
    expect(await run()).toEqual({ woken: 3, overdue: 3, oldestOverdueMs: 2 * HOUR });
  });

  it('goes through page after page', async () => {
    const { journal, queued, run } = setup(...Array.from({ length: 25 }, () => NOW));
    journal.pageSize = 10;
    expect(await run()).toMatchObject({ woken: 25 });
    expect(new Set(queued.map(({ message }) => message.kind === 'deliver' && message.eventId)).size).toBe(25);
  });

  it('leases a few at a time, so that their connections are kept open', async () => {
    const { journal, run } = setup(...Array.from({ length: 25 }, () => NOW));
    const lease = journal.lease.bind(journal);
    let underWay = 0;
    let most = 0;
    journal.lease = async (...args) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const leased = await lease(...args);
      underWay -= 1;
      return leased;
    };
    expect(await run()).toMatchObject({ woken: 25 });
    expect(most).toBe(LEASES_AT_A_TIME);
  });

  it('stops when time is up, and leaves the rest to the next run', async () => {
    const { journal, run } = setup(...Array.from({ length: 25 }, () => NOW));
    journal.pageSize = 10;
    let pages = 0;
    expect(await run(() => pages++ < 1)).toMatchObject({ woken: 10 });
    expect(await run()).toMatchObject({ woken: 15 });
  });

  it('leaves what another write moves meanwhile, and does not repeat itself over it', async () => {
    const { journal, queued, run } = setup(NOW, NOW);
    // An index that lags: it goes on listing what has been moved already.
    const entries = await journal.listDue('one', NOW);
    for (const entry of entries) await journal.lease(entry, NOW + HOUR);
    journal.listDue = async () => entries;
    expect(await run()).toMatchObject({ woken: 0 });
    expect(queued).toEqual([]);
  });

  it('sends what it has leased, though one lease failed, and reports the failure', async () => {
    const { journal, queued, run } = setup(NOW, NOW, NOW);
    let leases = 0;
    journal.before = (operation) => {
      if (operation === 'lease' && leases++ === 1) throw new Error('throttled');
    };
    journal.listDue = (
      (list) => async (shard: string, now: number) =>
        leases === 0 ? list(shard, now) : []
    )(journal.listDue.bind(journal));
    await expect(run()).rejects.toMatchObject({ errors: [expect.objectContaining({ message: 'throttled' })] });
    expect(queued).toMatchObject([{ message: { eventId: 'e0' } }, { message: { eventId: 'e2' } }]);
  });

  it('takes the lease first: what its crash leaves unsent is due again after it', async () => {
    const { journal, deliveries, run } = setup(NOW);
    const refuse = async () => {
      throw new Error('the queue is away');
    };
    await expect(run(() => true, refuse)).rejects.toThrow('1 due things could not be woken');
    expect(journal.delivery(deliveries[0] ?? makeDelivery())).toMatchObject({
      status: 'pending',
      dueAt: NOW + 15 * MINUTE,
    });
  });
});
