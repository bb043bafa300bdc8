import { describe, expect, it } from 'vitest';
import { cancel, type Delivery, park } from '../../../functions/core/delivery/delivery.ts';
import type { Outgoing, ReleaseMessage } from '../../../functions/core/delivery/queue-message.ts';
import { releaseParked } from '../../../functions/core/delivery/settle-parked.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { HOUR, makeDelivery, makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';
import { MemoryJournal } from '../../support/memory-journal.ts';

const MESSAGE: ReleaseMessage = {
  v: 1,
  kind: 'release',
  tenantId: 'acme',
  subscriptionId: subscriptionId(),
  parked: 'deliver',
  since: null,
  cursor: null,
};

/** Parked deliveries, an hour apart, the last one now. */
function setup(count: number) {
  const journal = new MemoryJournal().add(makeSubscription());
  const parked = Array.from({ length: count }, (_, index) =>
    journal.store(
      park(makeDelivery({ eventId: `e${index}`, eventAt: NOW - (count - 1 - index) * HOUR, revision: 1 }), 'paused'),
    ),
  );
  const queued: Outgoing[] = [];
  const run = (message: Partial<ReleaseMessage> = {}, hasTime = () => true) =>
    releaseParked(
      {
        store: journal,
        retries: {
          send: async (messages) => {
            queued.push(...messages);
          },
        },
        waits: WAITS,
        now: () => NOW,
        hasTime,
      },
      { ...MESSAGE, ...message },
    );
  const states = () => parked.map((one: Delivery) => journal.delivery(one)?.status);
  return { journal, parked, queued, run, states };
}

describe('releasing what is parked', () => {
  it('wakes all of it, oldest first, over all pages', async () => {
    const { journal, queued, run, states } = setup(5);
    journal.pageSize = 2;
    await run();
    expect(states()).toEqual(Array(5).fill('pending'));
    expect(queued).toMatchObject(
      ['e0', 'e1', 'e2', 'e3', 'e4'].map((eventId) => ({
        message: { kind: 'deliver', eventId, ticket: 1 },
        delaySeconds: 0,
      })),
    );
  });

  it('goes on from a cursor when time is up', async () => {
    const { journal, queued, run, states } = setup(5);
    journal.pageSize = 2;
    await run({}, () => false);
    expect(states()).toEqual(['pending', 'pending', 'parked', 'parked', 'parked']);
    const rest = queued.at(-1)?.message;
    if (rest?.kind !== 'release') throw new Error('there is no message for the rest');
    expect(queued).toHaveLength(3);
    await run(rest);
    expect(states()).toEqual(Array(5).fill('pending'));
  });

  it('discards what is older than it is asked for', async () => {
    const { parked, journal, queued, run, states } = setup(3);
    await run({ since: NOW - HOUR });
    expect(states()).toEqual(['cancelled', 'pending', 'pending']);
    expect(journal.delivery(parked[0] ?? makeDelivery())).toMatchObject({
      statusReason: { code: 'discarded' },
      completedAt: NOW,
    });
    expect(queued).toHaveLength(2);
  });

  it('discards all of it if asked to', async () => {
    const { queued, run, states } = setup(3);
    await run({ parked: 'discard' });
    expect(states()).toEqual(Array(3).fill('cancelled'));
    expect(queued).toEqual([]);
  });

  it('cancels all of it when the subscription was deleted: nobody else will ever look at it', async () => {
    const { journal, queued, run, states } = setup(2);
    journal.subscriptions.clear();
    await run();
    expect(states()).toEqual(['cancelled', 'cancelled']);
    for (const { statusReason } of journal.deliveries.values())
      expect(statusReason).toMatchObject({ code: 'subscription_deleted' });
    expect(queued).toEqual([]);
  });

  it.each(['paused', 'disabled', 'unverified'] as const)(
    'leaves it when the subscription is %s meanwhile',
    async (status) => {
      const { journal, queued, run, states } = setup(2);
      journal.add(makeSubscription({ status }));
      await run();
      expect(states()).toEqual(['parked', 'parked']);
      expect(queued).toEqual([]);
    },
  );

  it('leaves what somebody else has seen to', async () => {
    const { journal, parked, queued, run, states } = setup(2);
    const [first] = parked;
    if (first === undefined) throw new Error('nothing is parked');
    let once = true;
    journal.before = (operation) => {
      if (operation !== 'saveDelivery' || !once) return;
      once = false;
      journal.store({ ...cancel(first, NOW, 'cancelled', ''), revision: 2 });
    };
    await run();
    expect(states()).toEqual(['cancelled', 'pending']);
    expect(queued).toMatchObject([{ message: { eventId: 'e1' } }]);
  });

  it('whose messages were lost leaves deliveries that sweep will find', async () => {
    const { journal, parked, run } = setup(1);
    journal.after = (operation) => {
      if (operation === 'saveDelivery') throw new Error('crashed');
    };
    await expect(run()).rejects.toThrow('crashed');
    expect(journal.delivery(parked[0] ?? makeDelivery())).toMatchObject({
      status: 'pending',
      dueAt: NOW + WAITS.lostAfterMs,
    });
  });
});
