import { describe, expect, it } from 'vitest';
import { type Admission, admit } from '../../../functions/core/delivery/admit.ts';
import { claimDelivery } from '../../../functions/core/delivery/claim.ts';
import { type Delivery, parkDelivery, requestAttempt } from '../../../functions/core/delivery/delivery.ts';
import type { Effect } from '../../../functions/core/delivery/effect.ts';
import { healthOf } from '../../../functions/core/subscription/health.ts';
import { discardParked, type Subscription } from '../../../functions/core/subscription/subscription.ts';
import { WAITS } from '../../support/deliver-setup.ts';
import {
  HOUR,
  MINUTE,
  makeAttempt,
  makeDelivery,
  makeEvent,
  makeMessage,
  makeSubscription,
  NOW,
} from '../../support/domain.ts';
import { builtIn, makeProfile } from '../../support/profiles.ts';

const TIME = { now: NOW, remainingMs: 30_000, neededMs: 20_000, random: () => 0 };
const subject = {
  message: makeMessage(),
  delivery: null as Delivery | null,
  subscription: makeSubscription() as ReturnType<typeof makeSubscription> | null,
  event: makeEvent() as ReturnType<typeof makeEvent> | null,
  profile: builtIn('standard') as ReturnType<typeof builtIn> | null,
};
const pending = makeDelivery({ revision: 1, nextAttemptAt: NOW, dueAt: NOW + HOUR, attempts: [makeAttempt()] });
const effect: Effect = {
  kind: 'deactivate_subscription',
  deactivation: 'disable',
  generation: 0,
  reason: { code: 'receiver_gone', message: '' },
  url: 'https://receiver.example/',
  at: NOW,
};
const begun = { id: 'a', trigger: 'automatic' as const, startedAt: NOW - MINUTE, url: 'https://receiver.example/' };
const interrupted = (count: number) =>
  Array.from({ length: count }, (_, index) => makeAttempt({ number: index + 1, outcome: 'interrupted' }));
/** Its breaker is open until then. */
const broken = (nextProbeAt: number, rest: Partial<Subscription> = {}) =>
  makeSubscription({
    health: {
      ...healthOf(makeSubscription()),
      breaker: { state: 'open', openedAt: NOW - MINUTE, pauseMs: MINUTE, nextProbeAt, probe: null },
    },
    ...rest,
  });
const becomes = (status: string, code: string | null) => ({
  kind: 'change',
  next: { status, statusReason: code === null ? null : { code } },
});

/** The gates in their order: each row is one that objects, with everything after it objecting as well. */
const GATES: [string, Partial<typeof subject>, object][] = [
  ['it is finished', { delivery: makeDelivery({ status: 'succeeded', revision: 1 }) }, { kind: 'drop' }],
  [
    'it is finished and owes effects',
    { delivery: { ...pending, status: 'failed', effects: [effect] } },
    { kind: 'owe' },
  ],
  ['its attempt is under way', { delivery: claimDelivery(pending, begun, NOW + 1) }, { kind: 'drop' }],
  ['the subscription is gone', { subscription: null }, becomes('cancelled', 'subscription_deleted')],
  [
    'the subscription has expired',
    { subscription: makeSubscription({ expiresAt: NOW, status: 'paused' }) },
    becomes('cancelled', 'subscription_expired'),
  ],
  ['the event is gone', { event: null }, becomes('cancelled', 'event_gone')],
  ['the event was expunged', { event: makeEvent({ data: null }) }, becomes('cancelled', 'event_gone')],
  ['the profile is gone', { profile: null }, becomes('cancelled', 'profile_gone')],
  [
    'its filter took too many steps',
    { message: makeMessage({ cancel: 'filter_over_budget' }), subscription: makeSubscription({ status: 'paused' }) },
    becomes('cancelled', 'filter_over_budget'),
  ],
  [
    'its filter took too many steps and it is on record',
    { message: makeMessage({ cancel: 'filter_over_budget' }), delivery: pending },
    { kind: 'drop' },
  ],
  [
    'the subscription is paused',
    { subscription: makeSubscription({ status: 'paused' }) },
    becomes('parked', 'subscription_inactive'),
  ],
  [
    'a resume discarded it',
    {
      delivery: parkDelivery({ ...pending, nextAttemptAt: NOW + HOUR }, NOW - 1, ''),
      subscription: discardParked(makeSubscription(), NOW, null),
    },
    becomes('cancelled', 'discarded'),
  ],
  ['its time has not come', { delivery: { ...pending, nextAttemptAt: NOW + 1 } }, { kind: 'wait' }],
  [
    'its deadline is over',
    {
      delivery: { ...pending, attempts: [makeAttempt({ startedAt: NOW - HOUR }), ...interrupted(10)] },
      profile: makeProfile({ retry: { gapsSeconds: [60], deadlineSeconds: 120 } }),
    },
    becomes('failed', 'attempts_exhausted'),
  ],
  [
    'ten attempts were interrupted',
    { delivery: { ...pending, attempts: interrupted(10) } },
    becomes('failed', 'interrupted_too_often'),
  ],
  [
    'the breaker is open',
    { delivery: pending, subscription: broken(NOW + 1) },
    {
      kind: 'change',
      next: { status: 'pending', nextAttemptAt: null, dueAt: NOW + 1, statusReason: { code: 'breaker_open' } },
    },
  ],
  [
    'the breaker is open and its event is new',
    { subscription: broken(NOW + 1) },
    { kind: 'change', delivery: { revision: 0 }, next: { status: 'pending', dueAt: NOW + 1 } },
  ],
];

describe('what a message leads to', () => {
  it.each(GATES)('when %s', (_, rest, expected) => {
    const admission: Admission = admit({ ...subject, ...rest }, TIME);
    expect(admission).toMatchObject(expected);
  });

  it('is an attempt when no gate objects', () => {
    expect(admit(subject, TIME)).toMatchObject({ kind: 'attempt', trigger: 'automatic', delivery: { revision: 0 } });
    expect(admit({ ...subject, delivery: pending }, TIME)).toMatchObject({ kind: 'attempt', delivery: pending });
  });

  it('is left to a later invocation when too little time is left', () => {
    expect(admit(subject, { ...TIME, remainingMs: TIME.neededMs - 1 })).toEqual({ kind: 'return' });
    expect(admit(subject, { ...TIME, remainingMs: TIME.neededMs })).toMatchObject({ kind: 'attempt' });
  });

  it('is an attempt when the claim of an interrupted one has ended', () => {
    const claimed = claimDelivery(pending, begun, NOW);
    expect(admit({ ...subject, delivery: claimed }, TIME)).toMatchObject({ kind: 'attempt' });
  });

  it('is an attempt by hand also after ten interrupted ones', () => {
    const asked = requestAttempt({ ...pending, attempts: interrupted(10) }, 'manual', NOW, WAITS);
    expect(admit({ ...subject, delivery: asked }, TIME)).toMatchObject({ kind: 'attempt', trigger: 'manual' });
  });

  it('is the probe when the breaker’s pause is over', () => {
    expect(admit({ ...subject, subscription: broken(NOW) }, TIME)).toMatchObject({ kind: 'attempt', isProbe: true });
    expect(admit(subject, TIME)).toMatchObject({ kind: 'attempt', isProbe: false });
  });

  it.each(['manual', 'test'] as const)(
    'is an attempt that a person asked for, though the breaker is open: %s',
    (trigger) => {
      const asked = { ...subject, message: makeMessage({ trigger }), subscription: broken(NOW + 1) };
      expect(admit(asked, TIME)).toMatchObject({ kind: 'attempt', trigger, isProbe: false });
      const replayed = { ...asked, message: makeMessage({ trigger: 'replay' }) };
      expect(admit(replayed, TIME)).toMatchObject({ kind: 'change', next: { requested: 'replay' } });
    },
  );

  it('is an attempt where the profile has no breaker, or the breaker was about an earlier generation', () => {
    const vendor = { ...subject, profile: builtIn('keypay'), subscription: broken(NOW + 1) };
    expect(admit(vendor, TIME)).toMatchObject({ kind: 'attempt', isProbe: false });
    const resumed = { ...subject, subscription: broken(NOW + 1, { generation: 1 }) };
    expect(admit(resumed, TIME)).toMatchObject({ kind: 'attempt', isProbe: false });
  });

  it('is a test although the subscription is paused', () => {
    const message = makeMessage({ trigger: 'test' });
    const subscription = makeSubscription({ status: 'paused' });
    expect(admit({ ...subject, message, subscription }, TIME)).toMatchObject({ kind: 'attempt', trigger: 'test' });
  });
});
