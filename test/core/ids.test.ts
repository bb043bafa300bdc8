import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryId, deriveId, EventId, newId, parseDeliveryId, SubscriptionId } from '../../functions/core/ids.ts';
import { NOW, subscriptionId } from '../support/domain.ts';

const eventId = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const subscription = fc.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/).map((text) => `sub_${text}`);
/** What a ULID's ten characters can hold. */
const LAST_MOMENT = 2 ** 48 - 1;

describe('a delivery id', () => {
  it('finds the delivery again', () => {
    fc.assert(
      fc.property(subscription, eventId, fc.nat(LAST_MOMENT), (subscriptionId, eventId, eventAt) => {
        const ref = { subscriptionId, eventId, eventAt };
        expect(parseDeliveryId(deliveryId(ref))).toEqual(ref);
      }),
    );
  });

  it('of an event id with underscores is not cut short', () => {
    const ref = { subscriptionId: subscriptionId(), eventId: '__a_dlv_-', eventAt: NOW };
    expect(parseDeliveryId(deliveryId(ref))).toEqual(ref);
  });

  const valid = deliveryId({ subscriptionId: subscriptionId(), eventId: 'e', eventAt: NOW });
  it.each([
    '',
    'dlv_',
    valid.slice(0, -2),
    valid.slice(0, -1),
    `${valid}\n`,
    ` ${valid}`,
    valid.replace('dlv_', 'sub_'),
    valid.toLowerCase(),
    `${valid}/..`,
    `${valid}${'a'.repeat(64)}`,
    valid.replace('dlv_0', 'dlv_I'),
    `dlv_${'0'.repeat(26)}8ZZZZZZZZZ_e`,
  ])('%j is none', (text) => {
    expect(parseDeliveryId(text)).toBeNull();
  });

  it('is read without throwing, whatever it is', () => {
    const almost = fc.stringMatching(/^dlv_[0-9A-Z]{36}_[A-Za-z0-9_-]{0,3}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), (text) => {
        const ref = parseDeliveryId(text);
        expect(ref === null ? text : deliveryId(ref)).toBe(text);
      }),
    );
  });
});

describe('ids', () => {
  it('of subscriptions are valid and sort by time', () => {
    const ids = [0, 1, 1_000, 1_000_000].map((later) => newId('sub', NOW + later, Math.random));
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) expect(SubscriptionId.safeParse(id).success).toBe(true);
  });

  it('that are derived follow from time and seed alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 32 }), fc.nat(LAST_MOMENT), (seed, sentAt) => {
        const id = deriveId('evt', sentAt, seed);
        expect(deriveId('evt', sentAt, seed)).toBe(id);
        expect(EventId.safeParse(id).success).toBe(true);
      }),
    );
  });
});
