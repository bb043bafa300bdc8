import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptTrigger } from '../../../functions/core/delivery/attempt.ts';
import { claimDelivery, MAX_ATTEMPTS_KEPT } from '../../../functions/core/delivery/claim.ts';
import {
  cancelDelivery,
  DELIVERY_STATUSES,
  type Delivery,
  isFinished,
  parkDelivery,
  requestAttempt,
} from '../../../functions/core/delivery/delivery.ts';
import { clearEffects, settle } from '../../../functions/core/delivery/settle.ts';
import { EFFECTS_DUE_MS, scheduleAttempt } from '../../../functions/core/delivery/wake.ts';
import type { WebhookResult } from '../../../functions/core/target/webhook.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import { answered, HOUR, MINUTE, makeAttempt, makeDelivery, NOW, SECOND, UNANSWERED } from '../../support/domain.ts';
import { builtIn } from '../../support/profiles.ts';

const URL = 'https://receiver.example/hooks';
const CONTEXT = { profile: builtIn('standard').document, waits: WAITS, random: () => 0.5 };
let attempts = 0;

/** The delivery after an attempt, claimed if it is on record. */
function attempt(delivery: Delivery, result: WebhookResult, trigger: AttemptTrigger = 'automatic'): Delivery {
  attempts += 1;
  const begun = { id: `attempt ${attempts}`, trigger, startedAt: NOW, url: URL };
  const claimed = delivery.attempts.length === 0 ? delivery : claimDelivery(delivery, begun, NOW + MINUTE);
  return settle(claimed, { ...begun, result, request: { url: URL, headers: {} }, generation: 4 }, CONTEXT);
}

/** The delivery after so many failures. */
function failed(times: number, trigger: AttemptTrigger = 'automatic'): Delivery {
  let delivery = makeDelivery();
  for (let count = 0; count < times; count += 1) delivery = attempt(delivery, answered(500), trigger);
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
        nextAttemptAt: null,
        // That the company is told.
        effects: [{ kind: 'emit_system_event' }],
        dueAt: NOW + 100 + EFFECTS_DUE_MS,
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
      'a test that failed, and was sent again by a replay',
      makeDelivery({ attempts: [makeAttempt({ trigger: 'test' })], requested: 'replay' }),
      answered(500),
      'replay',
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
      requestAttempt(failed(10), 'manual', NOW, WAITS),
      answered(500),
      'manual',
      { status: 'failed', statusReason: { code: 'attempts_exhausted' } },
    ],
    [
      'a success by hand after all others',
      requestAttempt(failed(10), 'manual', NOW, WAITS),
      answered(200),
      'manual',
      { status: 'succeeded', completedAt: NOW + 100, statusReason: null },
    ],
  ])('%s', (_, delivery, result, trigger, expected) => {
    expect(attempt(delivery, result, trigger)).toMatchObject(expected);
  });

  it('only 410 asks to deactivate the subscription, of the generation that the attempt used', () => {
    expect(attempt(makeDelivery(), answered(410)).effects).toEqual([
      {
        kind: 'deactivate_subscription',
        deactivation: 'disable',
        generation: 4,
        reason: { code: 'receiver_gone', message: expect.stringContaining('410') },
        url: 'https://receiver.example/hooks',
        at: NOW + 100,
      },
    ]);
    const broken = { ...answered(410), outcome: 'protocol_error' as const };
    expect(attempt(makeDelivery(), broken)).toMatchObject({ status: 'pending', effects: [] });
    for (const status of [200, 302, 400, 404, 409, 429, 500, 503])
      expect(attempt(makeDelivery(), answered(status)).effects).toEqual([]);
  });

  it.each<[string, Delivery]>([
    ['a success', makeDelivery({ status: 'succeeded', completedAt: NOW, requested: 'manual' })],
    ['a cancellation', cancelDelivery(makeDelivery(), NOW, 'cancelled', '')],
  ])('410 is heard whatever the delivery is: %s', (_, delivery) => {
    const next = attempt(delivery, answered(410), 'manual');
    expect(next.status).toBe(delivery.status);
    expect(next.effects).toHaveLength(1);
    expect(next.dueAt).toBe(NOW + 100 + EFFECTS_DUE_MS);
    expect(isFinished(next)).toBe(false);
    expect(clearEffects(next, NOW, WAITS)).toMatchObject({ effects: [], dueAt: null, status: delivery.status });
  });

  it('an attempt that is settled twice is on record once', () => {
    const made = { id: 'a', trigger: 'automatic', startedAt: NOW, url: URL, generation: 0 } as const;
    const whole = { ...made, result: answered(500), request: { url: URL, headers: {} } };
    const once = settle(makeDelivery(), whole, CONTEXT);
    expect(settle(once, whole, CONTEXT).attempts).toEqual(once.attempts);
  });

  it('of a claim that ended and was taken over, an answer that comes late leaves the plan alone', () => {
    const begun = (id: string) => ({ id, trigger: 'automatic' as const, startedAt: NOW, url: URL });
    const claimedAgain = claimDelivery(claimDelivery(failed(1), begun('late'), NOW), begun('second'), NOW + MINUTE);
    const late = { ...begun('late'), result: answered(500), request: { url: URL, headers: {} }, generation: 0 };
    expect(settle(claimedAgain, late, CONTEXT)).toMatchObject({
      claim: { attemptId: 'second' },
      nextAttemptAt: claimedAgain.nextAttemptAt,
      dueAt: claimedAgain.dueAt,
      attempts: [{ number: 1 }, { id: 'late', outcome: 'http_error' }, { id: 'second', outcome: 'interrupted' }],
    });
    expect(settle(claimedAgain, { ...late, result: answered(200) }, CONTEXT).status).toBe('succeeded');
  });

  it('an interrupted attempt does not use up the schedule', () => {
    const begun = { id: 'lost', trigger: 'automatic' as const, startedAt: NOW, url: URL };
    const interrupted = { ...claimDelivery(failed(9), begun, NOW), claim: null };
    expect(attempt(failed(9), answered(500)).status).toBe('failed');
    const last = attempt(interrupted, answered(500));
    expect(last).toMatchObject({ status: 'failed', statusReason: { message: expect.stringContaining('All 10') } });
    expect(attempt({ ...claimDelivery(failed(8), begun, NOW), claim: null }, answered(500)).status).toBe('pending');
  });

  it('attempts are numbered on, however many are kept', () => {
    const delivery = failed(MAX_ATTEMPTS_KEPT + 5, 'manual');
    expect(delivery.attempts).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(delivery.attempts.map(({ number }) => number)).toEqual(
      Array.from({ length: MAX_ATTEMPTS_KEPT }, (_, index) => index + 6),
    );
  });

  it('a recorded attempt says all that is known', () => {
    expect(attempt(makeDelivery(), UNANSWERED, 'replay').attempts).toEqual([
      {
        id: expect.any(String),
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
    ['a short wait is a message, which may be lost', 2 * MINUTE, 2 * MINUTE + WAITS.lostAfterMs],
    ['a long one is in the due index', 2 * MINUTE + 1, 2 * MINUTE + 1],
    ['one that is over is a message', -HOUR, WAITS.lostAfterMs],
  ])('%s', (_, wait, due) => {
    expect(scheduleAttempt(makeDelivery(), NOW + wait, NOW, WAITS)).toMatchObject({
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

  it('a parked delivery plans no attempt, keeps what was asked for, and is due for a look at its subscription', () => {
    expect(parkDelivery(waiting, NOW, 'why')).toMatchObject({
      nextAttemptAt: null,
      requested: 'manual',
      status: 'parked',
      parkedAt: NOW,
      dueAt: NOW + 15 * MINUTE,
      ticket: 4,
      statusReason: { message: 'why' },
    });
  });

  it('cancelling stops all waiting', () => {
    const cancelled = cancelDelivery(waiting, NOW, 'cancelled', 'why');
    expect(cancelled).toMatchObject({ ...idle, status: 'cancelled', completedAt: NOW });
    expect(isFinished(cancelled)).toBe(true);
  });

  it.each(DELIVERY_STATUSES)('asking for an attempt opens a delivery that is %s', (status) => {
    const asked = requestAttempt(makeDelivery({ status, completedAt: NOW - HOUR, ticket: 1 }), 'manual', NOW, WAITS);
    expect(isFinished(asked)).toBe(false);
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
          attempt(delivery, answer, trigger),
    ),
    fc.constant((delivery: Delivery) => requestAttempt(delivery, 'manual', NOW, WAITS)),
    fc.constant((delivery: Delivery) => parkDelivery(delivery, NOW, '')),
    fc.constant((delivery: Delivery) => clearEffects(delivery, NOW, WAITS)),
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

  it('what is not finished is in the due index, so that no lost message can lose it; what is finished is not', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        const delivery = changes.reduce((one, apply) => apply(one), attempt(makeDelivery(), answered(500)));
        expect(delivery.dueAt === null).toBe(isFinished(delivery));
        expect(delivery.completedAt === null).toBe(delivery.status === 'pending' || delivery.status === 'parked');
        expect(new Set(delivery.attempts.map(({ id }) => id)).size).toBe(delivery.attempts.length);
      }),
    );
  });
});
