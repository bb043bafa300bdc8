import { describe, expect, it } from 'vitest';
import { PartialFailure } from '../../../functions/core/partial-failure.ts';
import { type Health, healthOf } from '../../../functions/core/subscription/health.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import { answered, MINUTE, makeMessage, makeSubscription, NOW, subscriptionId } from '../../support/domain.ts';

const ACK = { kind: 'ack' };
const healthy = healthOf({ generation: 0, health: null });
const slow: Health = { ...healthy, slowUntil: NOW + MINUTE };

/** A subscription of each health, and a message of a first attempt to each. */
function setupOf(...healths: (Health | null)[]) {
  const setup = deliverSetup();
  const subscriptions = healths.map((health, index) => makeSubscription({ id: subscriptionId(index), health }));
  setup.journal.add(...subscriptions);
  return { setup, messages: subscriptions.map(({ id }) => makeMessage({ subscriptionId: id })) };
}

describe('a first attempt in the lane of first attempts', () => {
  it('goes over to the lane of the retries if its receiver is slow or failing by now, and is made there', async () => {
    const lastFailure = { outcome: 'http_error', status: 500, message: '', at: NOW } as const;
    const failing = { since: NOW, failures: 1, lastFailure, warnings: 0, warnedAt: null };
    const was = { ...healthy, slowUntil: NOW };
    const { setup, messages } = setupOf(null, slow, { ...healthy, failing }, was);
    expect(await setup.deliver(...messages)).toEqual([ACK, ACK, ACK, ACK]);
    expect(setup.requests).toHaveLength(2);
    const moved = setup.queued.splice(0);
    expect(moved).toEqual(
      messages.slice(1, 3).map((message) => ({ message: { ...message, repeated: true }, delaySeconds: 0 })),
    );
    setup.fromRetries = true;
    const again = moved.flatMap(({ message }) => (message.kind === 'deliver' ? [message] : []));
    expect(await setup.deliver(...again)).toEqual([ACK, ACK]);
    expect(setup.requests).toHaveLength(4);
    expect(setup.queued).toEqual([]);
  });

  it('is made where it is if a person asked for it, and waits where it is known to have to', async () => {
    const open = { state: 'open', openedAt: NOW, pauseMs: MINUTE, nextProbeAt: NOW + MINUTE, probe: null } as const;
    const { setup, messages } = setupOf(slow, { ...healthy, breaker: open });
    const [asked, held] = messages;
    if (asked === undefined || held === undefined) throw new Error('there are two');
    expect(await setup.deliver({ ...asked, trigger: 'test' }, held)).toEqual([ACK, ACK]);
    expect(setup.requests).toHaveLength(1);
    expect(setup.queued).toEqual([]);
  });

  it('comes back if it could not be moved, and holds up no other', async () => {
    const { setup, messages } = setupOf(slow, null, slow);
    setup.receive = () => answered(200);
    setup.send = async (outgoing) => {
      throw new PartialFailure(outgoing.slice(1), outgoing.length, new Error('throttled'));
    };
    expect(await setup.deliver(...messages)).toEqual([ACK, ACK, { kind: 'fail' }]);
    expect(setup.requests).toHaveLength(1);
    expect(setup.reports).toContainEqual(expect.objectContaining({ kind: 'error', about: messages[2] }));
  });
});
