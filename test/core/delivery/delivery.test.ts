import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptTrigger } from '../../../functions/core/delivery/attempt.ts';
import {
  afterAttempt,
  cancel,
  DELIVERY_STATUSES,
  type Delivery,
  isOpen,
  MAX_ATTEMPTS_KEPT,
  park,
  release,
  request,
  schedule,
} from '../../../functions/core/delivery/delivery.ts';
import type { WebhookResult } from '../../../functions/core/target/webhook.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { answered, HOUR, MINUTE, makeDelivery, NOW, SECOND, UNANSWERED } from '../../support/domain.ts';
import { builtIn } from '../../support/profiles.ts';

function attempt(delivery: Delivery, result: WebhookResult, trigger: AttemptTrigger = 'automatic', startedAt = NOW) {
  const made = { trigger, startedAt, result, request: { url: 'https://receiver.example/hooks', headers: {} } };
  return afterAttempt(delivery, made, builtIn('standard').document, WAITS, () => 0.5);
}

/** The delivery after so many failures. */
function failed(times: number, trigger: AttemptTrigger = 'automatic'): Delivery {
  let delivery = makeDelivery();
  for (let count = 0; count < times; count += 1) delivery = attempt(delivery, answered(500), trigger).delivery;
  return delivery;
}

describe('after an attempt', () => {
  it.each<[string, Delivery, WebhookResult, AttemptTrigger, object]>([
    [
      'a first success',
      makeDelivery(),
      answered(200),
      'automatic',
      { status: 'succeeded', completedAt: NOW + 100, dueAt: null },
    ],
    [
      'a first failure',
      makeDelivery(),
      answered(500),
      'automatic',
      { status: 'pending', nextAttemptAt: NOW + 100 + 5 * SECOND },
    ],
    ['a timeout', makeDelivery(), UNANSWERED, 'automatic', { status: 'pending', nextAttemptAt: NOW + 20 * SECOND }],
    ['a redirect', makeDelivery(), answered(302), 'automatic', { status: 'pending' }],
    [
      'the third failure',
      failed(2),
      answered(500),
      'automatic',
      { nextAttemptAt: NOW + 100 + 30 * MINUTE, dueAt: NOW + 100 + 30 * MINUTE },
    ],
    [
      'a success after failures',
      failed(3),
      answered(204),
      'automatic',
      { status: 'succeeded', statusReason: null, nextAttemptAt: null },
    ],
    [
      'the tenth failure',
      failed(9),
      answered(500),
      'automatic',
      {
        status: 'failed',
        statusReason: { code: 'attempts_exhausted', message: expect.stringContaining('All 10 attempts') },
        dueAt: null,
      },
    ],
    ['410', makeDelivery(), answered(410), 'automatic', { status: 'failed', statusReason: { code: 'receiver_gone' } }],
    ['409, which standard does not know', makeDelivery(), answered(409), 'automatic', { status: 'pending' }],
    [
      'a test that failed',
      makeDelivery(),
      answered(500),
      'test',
      { status: 'failed', statusReason: { code: 'test_failed' } },
    ],
    [
      'a failure by hand after two others',
      failed(2),
      answered(500),
      'manual',
      { status: 'pending', nextAttemptAt: NOW + 100 + 5 * MINUTE },
    ],
    [
      'a failure by hand after all others',
      request(failed(10), 'manual', NOW, WAITS),
      answered(500),
      'manual',
      { status: 'failed', statusReason: { code: 'attempts_exhausted' } },
    ],
    [
      'a success by hand after all others',
      request(failed(10), 'manual', NOW, WAITS),
      answered(200),
      'manual',
      { status: 'succeeded', completedAt: NOW + 100, statusReason: null },
    ],
  ])('%s', (_, delivery, result, trigger, expected) => {
    expect(attempt(delivery, result, trigger).delivery).toMatchObject(expected);
  });

  it('only 410 deactivates', () => {
    expect(attempt(makeDelivery(), answered(410)).deactivates).toBe(true);
    for (const status of [200, 302, 400, 404, 409, 429, 500, 503])
      expect(attempt(makeDelivery(), answered(status)).deactivates).toBe(false);
  });

  it('attempts are numbered on, however many are kept', () => {
    const delivery = failed(MAX_ATTEMPTS_KEPT + 5, 'manual');
    expect(delivery.attempts).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(delivery.attempts.map(({ number }) => number)).toEqual(
      Array.from({ length: MAX_ATTEMPTS_KEPT }, (_, index) => index + 6),
    );
  });

  it('a recorded attempt says all that is known', () => {
    expect(attempt(makeDelivery(), UNANSWERED, 'replay').delivery.attempts).toEqual([
      {
        number: 1,
        trigger: 'replay',
        startedAt: NOW,
        ...UNANSWERED,
        request: { url: 'https://receiver.example/hooks', headers: {} },
      },
    ]);
  });
});

describe('waiting', () => {
  it.each<[string, number, number]>([
    ['a short wait is a message, which may be lost', 15 * MINUTE, 15 * MINUTE + WAITS.lostAfterMs],
    ['a long one is in the due index', 15 * MINUTE + 1, 15 * MINUTE + 1],
    ['one that is over is a message', -HOUR, -HOUR + WAITS.lostAfterMs],
  ])('%s', (_, wait, due) => {
    expect(schedule(makeDelivery(), NOW + wait, NOW, WAITS)).toMatchObject({
      status: 'pending',
      nextAttemptAt: NOW + wait,
      dueAt: NOW + due,
      completedAt: null,
    });
  });
});

describe('transitions', () => {
  const waiting = makeDelivery({ nextAttemptAt: NOW + HOUR, dueAt: NOW + HOUR, ticket: 4, requested: 'manual' });
  const idle = { nextAttemptAt: null, dueAt: null, requested: null };

  it('parking stops all waiting, and no message opens it', () => {
    const parked = park(waiting, 'why');
    expect(parked).toMatchObject({ ...idle, status: 'parked', ticket: 4, statusReason: { message: 'why' } });
    expect(isOpen(parked)).toBe(false);
  });

  it('cancelling stops all waiting', () => {
    const cancelled = cancel(waiting, NOW, 'cancelled', 'why');
    expect(cancelled).toMatchObject({ ...idle, status: 'cancelled', completedAt: NOW });
    expect(isOpen(cancelled)).toBe(false);
  });

  it('releasing wakes it at once, with a ticket of its own', () => {
    expect(release(park(waiting, ''), NOW, WAITS)).toMatchObject({
      status: 'pending',
      nextAttemptAt: NOW,
      dueAt: NOW + WAITS.lostAfterMs,
      statusReason: null,
      ticket: 5,
    });
  });

  it.each(DELIVERY_STATUSES)('asking for an attempt opens a delivery that is %s', (status) => {
    const asked = request(makeDelivery({ status, completedAt: NOW - HOUR, ticket: 1 }), 'manual', NOW, WAITS);
    expect(isOpen(asked)).toBe(true);
    expect(asked).toMatchObject({
      status: status === 'succeeded' ? 'succeeded' : 'pending',
      completedAt: status === 'succeeded' ? NOW - HOUR : null,
      nextAttemptAt: NOW,
      dueAt: NOW + WAITS.lostAfterMs,
      requested: 'manual',
      ticket: 2,
    });
  });
});

describe('whatever happens to a delivery', () => {
  const result = fc.constantFrom(answered(200), answered(500), answered(410), UNANSWERED);
  const change = fc.oneof(
    fc.tuple(result, fc.constantFrom<AttemptTrigger>('automatic', 'manual', 'test', 'replay')).map(
      ([answer, trigger]) =>
        (delivery: Delivery) =>
          attempt(delivery, answer, trigger).delivery,
    ),
    fc.constant((delivery: Delivery) => request(delivery, 'manual', NOW, WAITS)),
  );

  it('attempts and requests never undo a success, nor lower its ticket', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        let delivery = makeDelivery();
        for (const apply of changes) {
          const next = apply(delivery);
          if (delivery.status === 'succeeded') {
            expect(next).toMatchObject({ status: 'succeeded', completedAt: delivery.completedAt });
          }
          expect(next.ticket).toBeGreaterThanOrEqual(delivery.ticket);
          delivery = next;
        }
      }),
    );
  });

  it('what is open is in the due index, so that no lost message can lose it; what is closed is not', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const delivery = changes.reduce((one, apply) => apply(one), makeDelivery());
        expect(delivery.dueAt !== null).toBe(isOpen(delivery));
        expect(delivery.nextAttemptAt !== null).toBe(isOpen(delivery));
        expect(delivery.completedAt !== null).toBe(delivery.status !== 'pending');
      }),
    );
  });
});
