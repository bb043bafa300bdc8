import { describe, expect, it } from 'vitest';
import { requestAttempt } from '../../../functions/core/delivery/delivery.ts';
import { scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import { deliverSetup, WAITS } from '../../support/deliver-setup.ts';
import {
  answered,
  HOUR,
  MINUTE,
  makeAttempt,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
  subscriptionId,
  UNANSWERED,
} from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

const ACK = { kind: 'ack' };

describe('a first attempt', () => {
  it('that succeeds is one read, one POST and one write', async () => {
    const setup = deliverSetup();
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.requests).toMatchObject([{ url: 'https://receiver.example/hooks', timeoutMs: 15_000 }]);
    expect(setup.journal.calls).toEqual(['loadForMessages', 'putSucceededDeliveries']);
    expect(setup.queued).toEqual([]);
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      status: 'succeeded',
      attempts: [{ number: 1, trigger: 'automatic', outcome: 'success', durationMs: 100 }],
      completedAt: NOW + 100,
      nextAttemptAt: null,
      dueAt: null,
    });
    expect(setup.reports).toMatchObject([{ kind: 'recorded', made: { result: { outcome: 'success' } } }]);
  });

  it('sends the body of Standard Webhooks, with data as it was published', async () => {
    const setup = deliverSetup();
    const data = '{"10":1,"9":2,"big":9007199254740993,"one":1.0,"huge":1e400,"zero":-0}';
    setup.journal.add(makeEvent({ data }));
    await setup.deliver(makeMessage());
    expect(setup.requests[0]?.body).toBe(
      `{"type":"employee.created","timestamp":"2026-11-22T09:59:00.000Z","data":${data}}`,
    );
  });

  it('sends the headers of the subscription, its credentials, and its own last', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ headers: { 'X-Team': 'payroll' }, credentials: 'jürgen:geheim' }));
    await setup.deliver(makeMessage());
    expect(setup.requests[0]?.headers).toMatchObject({
      'X-Team': 'payroll',
      authorization: `Basic ${Buffer.from('jürgen:geheim').toString('base64')}`,
      'content-type': 'application/json',
      'user-agent': 'Posthorn/test',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(NOW / 1_000),
      'webhook-signature': expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
    });
  });

  it('keeps neither the values of its headers nor its credentials', async () => {
    const setup = deliverSetup();
    setup.journal.add(makeSubscription({ headers: { 'X-Key': 'very-secret' }, credentials: 'user:very-secret' }));
    await setup.deliver(makeMessage());
    const stored = JSON.stringify(setup.journal.delivery(makeDelivery()));
    expect(stored).toContain('"X-Key":"[redacted]"');
    expect(stored).toContain('"webhook-signature"');
    expect(stored).not.toMatch(/very-secret|authorization/i);
  });

  it('that fails is written with its retry, then enqueued', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(500);
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    const at = NOW + 100 + 5 * SECOND;
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      status: 'pending',
      nextAttemptAt: at,
      dueAt: at + WAITS.lostAfterMs,
      revision: 1,
    });
    expect(setup.queued).toEqual([{ message: makeMessage(), delaySeconds: 6 }]);
  });

  it('whose retry is far off waits in the due index alone', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(503, { 'retry-after': '3600' });
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      nextAttemptAt: NOW + 100 + HOUR,
      dueAt: NOW + 100 + HOUR,
    });
    expect(setup.queued).toEqual([]);
  });

  it('that finds no connection is no attempt, and waits for its turn on record', async () => {
    for (const trigger of ['automatic', 'test'] as const) {
      const setup = deliverSetup();
      setup.receive = () => ({ outcome: 'not_sent', reason: 'no_connection' });
      expect(await setup.deliver(makeMessage({ trigger }))).toEqual([ACK]);
      expect(setup.requests).toMatchObject([{ maxWaitMs: 10_000 }]);
      // On record as waiting, without an attempt: its message cannot wear out.
      const at = NOW + 5 * SECOND;
      const waiting = { status: 'pending', attempts: [], nextAttemptAt: at, dueAt: at + WAITS.lostAfterMs };
      expect(setup.journal.delivery(makeDelivery())).toMatchObject(waiting);
      expect(setup.queued).toEqual([{ message: makeMessage(), delaySeconds: 5 }]);
      setup.receive = () => answered(200);
      setup.now += 5 * SECOND;
      expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
      const attempts = [{ number: 1, trigger }];
      expect(setup.journal.delivery(makeDelivery())).toMatchObject({ status: 'succeeded', attempts });
    }
  });

  it('begins when its request leaves, not when it begins to wait for a connection', async () => {
    const setup = deliverSetup();
    setup.receive = () => {
      setup.now += 3 * SECOND;
      return answered(200);
    };
    await setup.deliver(makeMessage());
    const startedAt = NOW + 3 * SECOND - 100;
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      attempts: [{ startedAt, durationMs: 100 }],
      completedAt: NOW + 3 * SECOND,
    });
  });

  it('of a test event is recorded as a test and not retried', async () => {
    const setup = deliverSetup();
    setup.receive = () => UNANSWERED;
    expect(await setup.deliver(makeMessage({ trigger: 'test' }))).toEqual([ACK]);
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      status: 'failed',
      statusReason: { code: 'test_failed' },
      attempts: [{ trigger: 'test', outcome: 'timeout' }],
      dueAt: null,
    });
    expect(setup.queued).toEqual([]);
  });

  it('answered 410 disables the subscription, with the reason', async () => {
    const setup = deliverSetup();
    setup.receive = () => answered(410);
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(setup.journal.delivery(makeDelivery())).toMatchObject({
      status: 'failed',
      statusReason: { code: 'receiver_gone' },
    });
    expect(setup.journal.subscriptions.get(`acme ${subscriptionId()}`)).toMatchObject({
      status: 'disabled',
      statusReason: { code: 'receiver_gone', at: NOW + 100 },
    });
    expect(setup.reports.map(({ kind }) => kind)).toEqual(['recorded', 'deactivated']);
  });
});

describe('a retry', () => {
  const due = makeDelivery({ status: 'pending', nextAttemptAt: NOW, dueAt: NOW + 10 * MINUTE, revision: 1 });
  const failedOnce = { ...due, attempts: [makeAttempt({ startedAt: NOW - 5_100 })] };

  it('that fails again waits as a new message, because what is hidden is in flight', async () => {
    const setup = deliverSetup();
    setup.journal.store(failedOnce);
    setup.receive = () => answered(500);
    setup.profiles.set('standard', makeProfile({ retry: { gapsSeconds: [5, 90], jitter: 0 } }));
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(setup.queued).toEqual([{ message: makeMessage(), delaySeconds: 91 }]);
    expect(setup.journal.delivery(due)).toMatchObject({
      attempts: [{ number: 1 }, { number: 2 }],
      nextAttemptAt: NOW + 100 + 90 * SECOND,
      dueAt: NOW + 100 + 90 * SECOND + WAITS.lostAfterMs,
      claim: null,
    });
  });

  it.each(['automatic', 'manual'] as const)('that finds no connection (%s) is no attempt', async (trigger) => {
    const setup = deliverSetup();
    const asked = trigger === 'manual' ? requestAttempt(failedOnce, 'manual', NOW, WAITS) : failedOnce;
    setup.journal.store(asked);
    setup.receive = () => ({ outcome: 'not_sent', reason: 'no_connection' });
    const received = { message: makeMessage({ ticket: asked.ticket }), fromRetries: true };
    expect(await setup.deliver(received)).toEqual([ACK]);
    expect(setup.queued).toMatchObject([{ message: { ticket: asked.ticket }, delaySeconds: 5 }]);
    expect(setup.journal.delivery(due)).toMatchObject({
      attempts: asked.attempts,
      requested: asked.requested,
      claim: null,
      nextAttemptAt: NOW + 5 * SECOND,
    });
    setup.receive = () => answered(200);
    setup.now += 5 * SECOND;
    expect(await setup.deliver(received)).toEqual([ACK]);
    expect(setup.journal.delivery(due)).toMatchObject({ status: 'succeeded', attempts: [{}, { number: 2, trigger }] });
  });

  it('that fails again is hidden until its time if no new message can be sent', async () => {
    const setup = deliverSetup();
    setup.journal.store(failedOnce);
    setup.receive = () => answered(500);
    setup.profiles.set('standard', makeProfile({ retry: { gapsSeconds: [5, 90], jitter: 0 } }));
    setup.send = async () => {
      throw new Error('throttled');
    };
    expect(await setup.deliver({ fromRetries: true })).toEqual([{ kind: 'hide', seconds: 91 }]);
  });

  it('that succeeds writes conditionally, and is done', async () => {
    const setup = deliverSetup();
    setup.journal.store(failedOnce);
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(setup.journal.calls).toEqual(['loadForMessages', 'saveDelivery', 'saveDelivery']);
    expect(setup.journal.delivery(due)).toMatchObject({ status: 'succeeded', completedAt: NOW + 100, dueAt: null });
  });

  it.each([
    ['is hidden again if it carries the delivery', { fromRetries: true }, 0, { kind: 'hide', seconds: 5 }],
    ['is dropped if its ticket is stale', { fromRetries: true }, 1, ACK],
    ['is dropped if it came from the other queue', {}, 0, ACK],
  ])('that comes early %s', async (_, received, ticket, decision) => {
    const setup = deliverSetup();
    setup.journal.store({ ...failedOnce, ticket, nextAttemptAt: NOW + 4_001, dueAt: NOW + HOUR });
    expect(await setup.deliver(received)).toEqual([decision]);
    expect(setup.requests).toEqual([]);
    expect(setup.journal.calls).toEqual(['loadForMessages']);
  });

  it('that comes so early that the due index has it is dropped', async () => {
    const setup = deliverSetup();
    for (const [waitMs, decision] of [
      [WAITS.maxQueueWaitMs + 1, ACK],
      [WAITS.maxQueueWaitMs, { kind: 'hide', seconds: 120 }],
    ] as const) {
      setup.journal.store(scheduleAttempt(failedOnce, NOW + waitMs, NOW, WAITS));
      expect(await setup.deliver({ fromRetries: true })).toEqual([decision]);
    }
  });

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'of a delivery that is %s makes no attempt',
    async (status) => {
      const setup = deliverSetup();
      setup.journal.store({ ...failedOnce, status, nextAttemptAt: null, dueAt: null });
      expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
      expect(setup.requests).toEqual([]);
      expect(setup.journal.calls).toEqual(['loadForMessages']);
    },
  );

  it('asked for by hand counts as manual and stays outside the schedule', async () => {
    const setup = deliverSetup();
    const asked = setup.journal.store(requestAttempt(failedOnce, 'manual', NOW, WAITS));
    setup.receive = () => answered(500);
    expect(await setup.deliver({ message: makeMessage({ ticket: 1 }), fromRetries: true })).toEqual([ACK]);
    expect(setup.queued).toMatchObject([{ message: { ticket: 1 }, delaySeconds: 6 }]);
    expect(setup.journal.delivery(asked)).toMatchObject({
      requested: null,
      attempts: [{ trigger: 'automatic' }, { trigger: 'manual' }],
      nextAttemptAt: NOW + 100 + 5 * SECOND,
    });
  });

  it('asked for by hand of a success leaves it a success, whatever comes of it', async () => {
    const setup = deliverSetup();
    const done = { ...failedOnce, status: 'succeeded' as const, completedAt: NOW - SECOND };
    setup.journal.store(requestAttempt(done, 'manual', NOW, WAITS));
    setup.receive = () => answered(500);
    await setup.deliver({ message: makeMessage({ ticket: 1 }), fromRetries: true });
    expect(setup.journal.delivery(done)).toMatchObject({
      status: 'succeeded',
      completedAt: NOW - SECOND,
      requested: null,
      dueAt: null,
      attempts: [{ outcome: 'http_error' }, { outcome: 'http_error', trigger: 'manual' }],
    });
  });
});
