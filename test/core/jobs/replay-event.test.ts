import { beforeEach, describe, expect, it } from 'vitest';
import type { Outgoing } from '../../../functions/core/delivery/queue-message.ts';
import type { JobError, JobPage } from '../../../functions/core/jobs/job.ts';
import { replayEventPage } from '../../../functions/core/jobs/replay-event.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { makeDelivery, makeEvent, makeJob, makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

let journal: MemoryJournal;
let queued: Outgoing[];
beforeEach(() => {
  journal = new MemoryJournal().add(
    makeEvent(),
    makeSubscription(),
    makeSubscription({ id: subscriptionId(2), createdAt: NOW + 1 }),
    makeSubscription({ id: subscriptionId(3), eventTypes: ['payroll.run'] }),
    makeSubscription({ id: subscriptionId(4), status: 'paused' }),
  );
  journal.store(makeDelivery({ status: 'succeeded', completedAt: NOW, revision: 1 }));
  queued = [];
});

function run(one: string | null, id = 'evt_1', job = makeJob()): Promise<JobPage | JobError> {
  const ports = {
    deliveries: journal,
    events: journal,
    subscriptions: journal,
    retries: { send: async (messages: readonly Outgoing[]) => void queued.push(...messages) },
    waits: WAITS,
    now: () => NOW,
  };
  const task = { kind: 'replay_event' as const, tenantId: 'acme', subscriptionId: one, filter: { eventId: id } };
  return replayEventPage(ports, { ...job, task }, task);
}
const sentTo = () =>
  queued.map(({ message }) => (message.kind === 'deliver' ? [message.subscriptionId, message.trigger] : message.kind));

describe('the replay of one event', () => {
  it('goes to each active subscription that had it or would get it', async () => {
    expect(await run(null)).toEqual({ done: 2, failed: 0, cursor: null });
    expect(sentTo()).toEqual([
      [subscriptionId(2), 'replay'],
      [subscriptionId(), 'automatic'],
    ]);
    expect(journal.delivery(makeDelivery())).toMatchObject({ status: 'succeeded', requested: 'replay', ticket: 1 });
  });

  it.each([
    [subscriptionId(), 1],
    [subscriptionId(2), 1],
    [subscriptionId(3), 0],
    [subscriptionId(4), 0],
    [subscriptionId(5), 0],
  ])('goes to the one that is named, if that wants it (%s)', async (one, done) => {
    expect(await run(one)).toEqual({ done, failed: 0, cursor: null });
    expect(queued).toHaveLength(done);
  });

  it('asks for nothing of a subscription that has expired since it had the event', async () => {
    journal.add(makeSubscription({ expiresAt: NOW }));
    expect(await run(subscriptionId())).toEqual({ done: 0, failed: 0, cursor: null });
    expect(queued).toEqual([]);
    expect(journal.delivery(makeDelivery())).toMatchObject({ requested: null });
  });

  it('that is repeated asks the delivery on record once', async () => {
    const job = makeJob();
    await run(subscriptionId(), 'evt_1', job);
    await run(subscriptionId(), 'evt_1', job);
    expect(journal.delivery(makeDelivery())).toMatchObject({ ticket: 1, revision: 2 });
  });

  it('cannot be made without the event, or without its data', async () => {
    expect(await run(null, 'other')).toMatchObject({ code: 'event_gone' });
    journal.add(makeEvent({ data: null }));
    expect(await run(null)).toMatchObject({ code: 'event_gone' });
    expect(queued).toEqual([]);
  });
});
