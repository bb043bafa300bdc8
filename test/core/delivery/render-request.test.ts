import { describe, expect, it } from 'vitest';
import { makeAttempt } from '../../../functions/core/delivery/make-attempt.ts';
import { renderRequest } from '../../../functions/core/delivery/render-request.ts';
import { builtInProfile } from '../../../functions/core/profile/built-in-profiles.ts';
import type { WebhookRequest } from '../../../functions/core/target/webhook.ts';
import { answered, makeDelivery, makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

const profile = builtInProfile('peopleforce');

describe('a request', () => {
  it('has the profile’s headers before own ones, and shows the log no value of those', () => {
    if (profile === null) throw new Error('there is no such profile');
    const { headers, shownHeaders } = renderRequest(profile, {
      event: { ...makeEvent(), data: '{}' },
      subscription: makeSubscription(),
      ref: { subscriptionId: makeSubscription().id, eventId: 'evt_1', eventAt: 0 },
      attempt: 1,
      at: 0,
      keys: { subscription: [], tenant: null },
      userAgent: 'Posthorn/test',
      ownHeaders: { 'X-Key': 'secret', 'USER-AGENT': 'other' },
      credentials: 'user:pass',
    });
    expect(headers).toMatchObject({
      'X-Key': 'secret',
      authorization: `Basic ${btoa('user:pass')}`,
      'user-agent': 'Posthorn/test',
    });
    expect(headers).not.toHaveProperty('USER-AGENT');
    expect(shownHeaders).toEqual({
      'X-Key': '[redacted]',
      'user-agent': 'Posthorn/test',
      'content-type': 'application/json',
    });
  });

  it('of an attempt carries own headers opened, and the record of it their names', async () => {
    if (profile === null) throw new Error('there is no such profile');
    const sent: WebhookRequest[] = [];
    const made = await makeAttempt(
      {
        store: { getTenantKey: async () => null },
        sender: {
          send: async (request) => {
            sent.push(request);
            return answered(200);
          },
        },
        opener: { open: async (sealed) => `${sealed} and opened` },
        attemptTimeoutMs: 15_000,
        userAgent: 'Posthorn/test',
        now: () => NOW,
      },
      {
        profile,
        delivery: makeDelivery(),
        subscription: makeSubscription({ headers: { 'X-Key': 'sealed' } }),
        event: { ...makeEvent(), data: '{}' },
        trigger: 'automatic',
      },
      { id: 'attempt 1', trigger: 'automatic', startedAt: NOW, url: 'https://receiver.example/hooks' },
      10_000,
    );
    expect(sent[0]?.headers['X-Key']).toBe('sealed and opened');
    expect(made).toMatchObject({ request: { headers: { 'X-Key': '[redacted]' } } });
  });
});
