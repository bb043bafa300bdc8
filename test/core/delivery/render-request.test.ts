import { describe, expect, it } from 'vitest';
import { makeAttempt } from '../../../functions/core/delivery/make-attempt.ts';
import { renderRequest } from '../../../functions/core/delivery/render-request.ts';
import { builtInProfile, builtInProfiles } from '../../../functions/core/profile/built-in-profiles.ts';
import { type CompiledProfile, compileProfile } from '../../../functions/core/profile/compile-profile.ts';
import type { WebhookRequest } from '../../../functions/core/target/webhook.ts';
import { answered, makeDelivery, makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

const profile = builtInProfile('peopleforce');

describe('the trace of the publisher', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const render = (compiled: CompiledProfile, event = makeEvent({ traceparent })) =>
    renderRequest(compiled, {
      event: { ...event, data: '{}' },
      subscription: makeSubscription(),
      ref: { subscriptionId: makeSubscription().id, eventId: 'evt_1', eventAt: 0 },
      attempt: 1,
      at: 0,
      keys: { subscription: [], tenant: 'key' },
      userAgent: 'Posthorn/test',
      ownHeaders: { Traceparent: 'own' },
    }).headers;

  it.each(builtInProfiles())('is no header of the profile $document.name', (compiled) => {
    expect(render(compiled)).toEqual(render(compiled, makeEvent()));
  });

  it('is handed on where the company’s own profile says so, and there is one', () => {
    if (profile === null) throw new Error('there is no such profile');
    const compiled = compileProfile({ ...profile.document, traceparent: true }, 1);
    if (!compiled.ok) throw new Error('the profile is wrong');
    const tracing = compiled.profile;
    expect(render(tracing)).toMatchObject({ traceparent });
    expect(render(tracing)).not.toHaveProperty('Traceparent');
    expect(render(tracing, makeEvent())).toMatchObject({ Traceparent: 'own' });
  });
});

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
