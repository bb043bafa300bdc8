import { describe, expect, it } from 'vitest';
import { concludeVerification, type Verified } from '../../../functions/core/subscription/verification.ts';
import { makeSubscription, NOW } from '../../support/domain.ts';

const why = (code: string) => ({ code, message: 'm', at: NOW });
const AGREED: Verified = { status: 'active', statusReason: null, verificationToken: null };
const REFUSED: Verified = { status: 'unverified', statusReason: why('unverified'), verificationToken: 'sealed' };
const PAUSED = { status: 'paused', statusReason: why('paused') } as const;
const DISABLED = { status: 'disabled', statusReason: why('receiver_gone') } as const;
const ACTIVE = { status: 'active', statusReason: null } as const;

describe('a verification', () => {
  it.each([ACTIVE, PAUSED, DISABLED])('that succeeds changes nothing for one that is $status', (before) => {
    const subscription = makeSubscription(before);
    expect(concludeVerification(subscription, AGREED)).toEqual(subscription);
  });

  it.each([ACTIVE, PAUSED, DISABLED])('that fails, however often, is a detour for one that is $status', (before) => {
    const subscription = makeSubscription(before);
    const once = concludeVerification(subscription, REFUSED);
    expect(once).toMatchObject(REFUSED);
    const twice = concludeVerification(once, REFUSED);
    expect(twice).toEqual(once);
    expect(concludeVerification(twice, AGREED)).toEqual(subscription);
  });

  it('notes the first consent', () => {
    const subscription = makeSubscription({ hasBeenVerified: false });
    const refused = concludeVerification(subscription, REFUSED);
    expect(refused).toMatchObject({ hasBeenVerified: false });
    expect(concludeVerification(refused, AGREED)).toEqual({ ...subscription, hasBeenVerified: true });
  });
});
