import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../functions/core/event/event.ts';
import { explainMismatch } from '../../../functions/core/subscription/explain-match.ts';
import { createMatcher, FilteredContent } from '../../../functions/core/subscription/match.ts';
import type { Subscription } from '../../../functions/core/subscription/subscription.ts';
import { makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

const contentOf = ({ data }: Event) => new FilteredContent(() => JSON.parse(data ?? 'null'));
const explain = (subscription: Partial<Subscription>, event: Partial<Event>) => {
  const made = makeEvent(event);
  return explainMismatch(makeSubscription(subscription), made, contentOf(made));
};
const FRENCH = { data: { country: ['FR'] } };

describe('why an event does not go to a subscription', () => {
  it.each<[string | null, Partial<Subscription>, Partial<Event>]>([
    [null, {}, {}],
    [null, { status: 'paused' }, {}],
    [null, { filter: FRENCH }, { data: '{"country":"FR"}' }],
    ['test_event', {}, { contentHash: '' }],
    ['created_later', { createdAt: NOW + 1 }, {}],
    ['other_environment', { environment: 'development' }, {}],
    ['event_type', { eventTypes: ['payrun.*'] }, {}],
    ['unverified', { status: 'unverified', hasBeenVerified: false }, {}],
    [null, { status: 'unverified', hasBeenVerified: true }, {}],
    ['expired', { expiresAt: NOW }, {}],
    ['filter', { filter: FRENCH }, { data: '{"country":"DE"}' }],
    ['data_expunged', { filter: FRENCH }, { data: null }],
    [null, {}, { data: null }],
  ])('%s', (code, subscription, event) => {
    expect(explain(subscription, event)?.code ?? null).toBe(code);
  });

  it('says what a filter missed', () => {
    expect(explain({ filter: FRENCH }, { data: '{"country":"DE"}' })?.message).toMatch(/data\.country.*"FR"/);
  });

  it('is there just for the events that fan-out passes over', () => {
    const subscriptions = fc.record({
      environment: fc.constantFrom('production', 'development'),
      status: fc.constantFrom('active', 'paused', 'unverified'),
      hasBeenVerified: fc.boolean(),
      createdAt: fc.constantFrom(NOW - 1, NOW, NOW + 1),
      expiresAt: fc.constantFrom(null, NOW, NOW + 1),
      eventTypes: fc.constantFrom<string[]>(['*'], ['employee.*'], ['payrun.finalized']),
      filter: fc.constantFrom(null, FRENCH),
    });
    const events = fc.record({
      environment: fc.constantFrom('production', 'development'),
      type: fc.constantFrom('employee.created', 'payrun.finalized'),
      data: fc.constantFrom('{"country":"FR"}', '{"country":"DE"}', '{}'),
    });
    fc.assert(
      fc.property(subscriptions, events, (subscription, event) => {
        const [made, of] = [makeEvent(event), makeSubscription(subscription)];
        // A repetition goes to nothing that is younger than its event.
        const verdict = createMatcher(of)(made, true, contentOf(made));
        expect(explainMismatch(of, made, contentOf(made)) === null).toBe(verdict === 'match');
      }),
    );
  });
});
