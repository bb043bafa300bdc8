import { describe, expect, it } from 'vitest';
import { renderRequest } from '../../../functions/core/delivery/render-request.ts';
import { readSentRequest, type SentRequestPorts } from '../../../functions/core/delivery/sent-request.ts';
import { builtInProfiles } from '../../../functions/core/profile/built-in-profiles.ts';
import type { CompiledProfile } from '../../../functions/core/profile/compile-profile.ts';
import { makeAttempt, makeDelivery, makeEvent, makeSubscription, NOW } from '../../support/domain.ts';
import { builtIn, makeProfile } from '../../support/profiles.ts';

const EVENT = { ...makeEvent(), data: '{"connector":{"id":"c"},"data":{"n":1.0,"big":9007199254740993}}' };
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const KEY = { version: 'v1', sealed: SECRET, createdAt: NOW - 5_000, endsAt: null } as const;
const SUBSCRIPTION = makeSubscription({ keys: [KEY], headers: { 'X-Own': 'sealed' }, metadata: { a: 'b' } });
/** The request is made before it leaves. */
const WAITED_MS = 2_400;

/** A delivery whose second attempt was sent just so, with what the system has when it is looked at. */
function sentBy(profile: CompiledProfile) {
  const delivery = makeDelivery({ subscriptionId: SUBSCRIPTION.id, profile: profile.document.name });
  const at = NOW + 999;
  const sent = renderRequest(profile, {
    event: EVENT,
    subscription: SUBSCRIPTION,
    ref: delivery,
    attempt: 2,
    at,
    keys: { subscription: [{ version: 'v1', material: SECRET }], tenant: 'tenant key' },
    userAgent: 'Posthorn/1',
    ownHeaders: { 'X-Own': 'in the clear' },
    credentials: 'user:password',
  });
  const request = { url: SUBSCRIPTION.url, headers: sent.shownHeaders };
  const attempts = [1, 2, 3].map((number) =>
    makeAttempt({ id: `a${number}`, number, startedAt: number === 2 ? at + WAITED_MS : at, request }),
  );
  const ports: SentRequestPorts = {
    events: { getEvent: async () => EVENT },
    subscriptions: { getSubscription: async () => SUBSCRIPTION },
    tenants: { getTenantKey: async () => 'tenant key' },
    profiles: { get: async () => profile },
    opener: { open: async (sealed) => sealed },
  };
  return { sent, ports, delivery: { ...delivery, attempts } };
}

describe('the request of an attempt', () => {
  it.each(builtInProfiles().map(({ document }) => document.name))('%s: is the very one that was sent', async (name) => {
    const { sent, ports, delivery } = sentBy(builtIn(name));
    const isSigned = builtIn(name).document.signatures.length > 0;
    const read = await readSentRequest(ports, delivery, 2);
    expect(read).toEqual({ url: SUBSCRIPTION.url, headers: sent.shownHeaders, body: sent.body, proven: isSigned });
    expect(JSON.stringify(read)).not.toMatch(/in the clear|password/);
  });

  it('finds the second in which it was signed, which a body can hold, too', async () => {
    const profile = makeProfile({ envelope: { at: '{{delivery.timestamp}}', data: '{{event.data}}' } });
    const { sent, ports, delivery } = sentBy(profile);
    expect(await readSentRequest(ports, delivery, 2)).toMatchObject({ body: sent.body, proven: true });
  });

  it('is proven by the keys of its own profile, though the subscription has moved to one that signs otherwise', async () => {
    const { sent, ports, delivery } = sentBy(makeProfile());
    const moved = makeSubscription({ ...SUBSCRIPTION, profile: 'standard', signatureVersions: ['v1a'] });
    const read = await readSentRequest(
      { ...ports, subscriptions: { getSubscription: async () => moved } },
      delivery,
      2,
    );
    expect(read).toMatchObject({ body: sent.body, proven: true });
  });

  const standard = () => sentBy(builtIn('standard'));
  it.each<[string, Partial<SentRequestPorts>]>([
    ['the subscription was deleted', { subscriptions: { getSubscription: async () => null } }],
    [
      'its key was made later',
      {
        subscriptions: {
          getSubscription: async () => ({ ...SUBSCRIPTION, keys: [{ ...KEY, createdAt: NOW + 60_000 }] }),
        },
      },
    ],
    [
      'the event is another',
      { events: { getEvent: async () => ({ ...EVENT, data: '{"connector":null,"data":null}' }) } },
    ],
  ])('proves nothing if %s', async (_, changes) => {
    const { ports, delivery } = standard();
    expect(await readSentRequest(ports, delivery, 2)).toMatchObject({ proven: true });
    expect(await readSentRequest({ ...ports, ...changes }, delivery, 2)).toMatchObject({ proven: false });
  });

  it('proves nothing for an attempt whose end was never recorded', async () => {
    const { ports, delivery } = standard();
    const attempts = delivery.attempts.map((one) => ({ ...one, request: { ...one.request, headers: {} } }));
    expect(await readSentRequest(ports, { ...delivery, attempts }, 2)).toMatchObject({ headers: {}, proven: false });
  });

  it.each<[string, Partial<SentRequestPorts>, RegExp]>([
    ['the event is forgotten', { events: { getEvent: async () => null } }, /not on record any more/],
    ['its data was expunged', { events: { getEvent: async () => ({ ...EVENT, data: null }) } }, /was expunged/],
    ['the profile was deleted', { profiles: { get: async () => null } }, /profile was deleted/],
  ])('says so if %s', async (_, changes, message) => {
    const { ports, delivery } = standard();
    const read = await readSentRequest({ ...ports, ...changes }, delivery, 2);
    expect(read).toMatchObject({ code: 'conflict', message: expect.stringMatching(message) });
  });

  it('is not found for an attempt that was not made', async () => {
    const { ports, delivery } = standard();
    expect(await readSentRequest(ports, delivery, 4)).toMatchObject({ code: 'not_found' });
  });
});
