import { describe, expect, it, vi } from 'vitest';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  answered,
  HOUR,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
  subscriptionId,
} from '../../support/domain.ts';

const ACK = { kind: 'ack' };

describe('a batch', () => {
  it('makes one attempt of two messages for one delivery, that of the latest ticket', async () => {
    const setup = deliverSetup();
    setup.journal.store(makeDelivery({ ticket: 2, revision: 3, nextAttemptAt: NOW + SECOND, dueAt: NOW + HOUR }));
    const [old, latest] = [makeMessage({ ticket: 1 }), makeMessage({ ticket: 2 })];
    const decisions = await setup.deliver(
      { message: old, fromRetries: true },
      { message: latest, fromRetries: true },
      { message: { ...latest }, fromRetries: true },
    );
    expect(decisions).toEqual([ACK, { kind: 'hide', seconds: 1 }, ACK]);
  });

  it('has on record what is over while one receiver still hangs', async () => {
    const setup = deliverSetup();
    const [quick, slow] = [1, 2].map((number) =>
      makeSubscription({ id: subscriptionId(number), url: `https://r${number}/` }),
    );
    if (quick === undefined || slow === undefined) throw new Error('there are two');
    setup.journal.add(quick, slow);
    const hanging = Promise.withResolvers<ReturnType<typeof answered>>();
    setup.receive = ({ url }) => (url === 'https://r2/' ? hanging.promise : answered(200));
    const patience = Promise.withResolvers<void>();
    setup.patience = patience.promise;
    const [first, second] = [quick, slow].map(({ id }) => makeMessage({ subscriptionId: id }));
    if (first === undefined || second === undefined) throw new Error('there are two');
    const decisions = setup.deliver(first, second);
    await vi.waitFor(() => expect(setup.requests).toHaveLength(2));
    expect(await setup.journal.getDelivery(first)).toBeNull();
    patience.resolve();
    await vi.waitFor(async () => expect((await setup.journal.getDelivery(first))?.status).toBe('succeeded'));
    expect(await setup.journal.getDelivery(second)).toBeNull();
    hanging.resolve(answered(200));
    expect(await decisions).toEqual([ACK, ACK]);
    expect((await setup.journal.getDelivery(second))?.status).toBe('succeeded');
  });

  it('answers in the order of the messages, whatever each becomes', async () => {
    const setup = deliverSetup();
    const three = [1, 2, 3].map((number) =>
      makeSubscription({ id: subscriptionId(number), url: `https://r${number}/` }),
    );
    setup.journal.add(...three);
    setup.receive = ({ url }) => (url === 'https://r2/' ? answered(500) : answered(200));
    const failing = makeDelivery({ subscriptionId: subscriptionId(2), revision: 1, nextAttemptAt: NOW });
    setup.journal.store(failing);
    const decisions = await setup.deliver(
      ...three.map(({ id }) => ({ message: makeMessage({ subscriptionId: id }), fromRetries: true })),
    );
    expect(decisions).toEqual([ACK, ACK, ACK]);
    expect(setup.queued).toMatchObject([{ message: { subscriptionId: subscriptionId(2) } }]);
    expect(setup.journal.calls.filter((call) => call === 'putSucceededDeliveries')).toHaveLength(1);
  });

  it('is read consistently as soon as one message may have been handled before', async () => {
    for (const received of [{ fromRetries: true }, { receivedBefore: true }]) {
      const setup = deliverSetup();
      setup.journal.store(makeDelivery({ status: 'succeeded', revision: 1 }));
      setup.journal.unseen.add(`${subscriptionId()} evt_1 ${NOW}`);
      expect(await setup.deliver(received)).toEqual([ACK]);
      expect(setup.requests).toEqual([]);
    }
  });
});

describe('what is not found', () => {
  it.each([
    ['subscription', `acme ${subscriptionId()}`],
    ['event', 'acme evt_1'],
  ])('a %s is looked for again before anything is decided', async (_, key) => {
    const setup = deliverSetup();
    setup.journal.unseen.add(key);
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.requests).toHaveLength(1);
    expect(setup.journal.calls).toEqual(['loadForMessages', 'loadForMessages', 'putSucceededDeliveries']);
  });

  it('a subscription that seems to have expired is read again, in case it was given another expiresAt', async () => {
    const setup = deliverSetup();
    const { journal } = setup;
    const load = journal.loadForMessages.bind(journal);
    journal.loadForMessages = async (messages, consistent) =>
      (await load(messages, consistent)).map((loaded) =>
        consistent ? loaded : { ...loaded, subscription: makeSubscription({ expiresAt: NOW - 1 }) },
      );
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.requests).toHaveLength(1);
  });

  it.each([
    ['the subscription', 'subscription_deleted', { subscription: true }],
    ['the event', 'event_gone', { event: true }],
    ['its data', 'event_gone', { data: true }],
  ])('without %s a delivery is on record as cancelled, also one that was not on record', async (_, code, gone) => {
    for (const onRecord of [true, false]) {
      const setup = deliverSetup();
      if ('subscription' in gone) setup.journal.subscriptions.clear();
      if ('event' in gone) setup.journal.events.clear();
      if ('data' in gone) setup.journal.add(makeEvent({ data: null }));
      const pending = makeDelivery({ revision: 1, nextAttemptAt: NOW, dueAt: NOW + HOUR });
      if (onRecord) setup.journal.store(pending);
      expect(await setup.deliver({ fromRetries: onRecord })).toEqual([ACK]);
      expect(setup.requests).toEqual([]);
      expect(setup.journal.delivery(pending)).toMatchObject({
        status: 'cancelled',
        statusReason: { code },
        completedAt: NOW,
        dueAt: null,
      });
    }
  });
});
