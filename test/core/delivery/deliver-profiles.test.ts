import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateSigningKey } from '../../../functions/core/profile/signing.ts';
import type { WebhookResult } from '../../../functions/core/target/webhook.ts';
import { deliverSetup } from '../../support/deliver-setup.ts';
import {
  answered,
  MINUTE,
  makeDelivery,
  makeMessage,
  makeSubscription,
  NOW,
  SECOND,
  subscriptionId,
  UNANSWERED,
} from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

const ACK = { kind: 'ack' };
const textKey = { version: 'v1' as const, sealed: 'secret', createdAt: NOW, endsAt: null };

/** A subscription with this profile, which is made from the changes. */
function setupWith(rest: object, subscription: Parameters<typeof makeSubscription>[0] = {}) {
  const setup = deliverSetup();
  setup.profiles.set('acme', makeProfile(rest));
  setup.journal.add(makeSubscription({ profile: 'acme', keys: [textKey], ...subscription }));
  return setup;
}
const delivered = (setup: ReturnType<typeof deliverSetup>) => setup.journal.delivery(makeDelivery());

describe('a delivery', () => {
  it('notes its profile and the version, and keeps them', async () => {
    const setup = setupWith({ description: 'first' });
    setup.receive = () => answered(500);
    await setup.deliver(makeMessage());
    expect(delivered(setup)).toMatchObject({ profile: 'acme', profileVersion: 1, status: 'pending' });
    setup.profiles.set('acme 1', makeProfile());
    setup.profiles.set('acme', makeProfile({ envelope: { second: '{{event.data}}' } }, 2));
    setup.now += MINUTE + 100;
    setup.receive = () => answered(200);
    await setup.deliver({ fromRetries: true });
    expect(setup.requests.map(({ body }) => Object.keys(JSON.parse(body)))).toEqual([
      ['type', 'data'],
      ['type', 'data'],
    ]);
    expect(delivered(setup)).toMatchObject({ profileVersion: 1, status: 'succeeded' });
  });

  it('that is new takes the latest version', async () => {
    const setup = setupWith({});
    setup.profiles.set('acme', makeProfile({ envelope: { second: '{{event.data}}' } }, 2));
    await setup.deliver(makeMessage());
    expect(delivered(setup)).toMatchObject({ profileVersion: 2 });
    expect(setup.requests[0]?.body).toBe('{"second":{"id":9007199254740993}}');
  });

  it('keeps its profile, though the subscription has another by now', async () => {
    const setup = setupWith({}, { profile: 'staffology' });
    setup.journal.store(makeDelivery({ profile: 'acme', profileVersion: 1, nextAttemptAt: NOW, revision: 1 }));
    await setup.deliver({ fromRetries: true });
    expect(setup.requests[0]?.body).toMatch(/^\{"type"/);
  });

  it('is signed as its profile says, though the subscription signs otherwise by now', async () => {
    const keys = [{ ...textKey, version: 'v1a' as const, sealed: generateSigningKey() }, textKey];
    const setup = setupWith({}, { profile: 'standard', keys, signatureVersions: ['v1a'] });
    setup.journal.store(makeDelivery({ profile: 'acme', profileVersion: 1, nextAttemptAt: NOW, revision: 1 }));
    await setup.deliver({ fromRetries: true });
    const [{ body, headers } = { body: '', headers: {} }] = setup.requests;
    expect(Object(headers)['X-Signature']).toBe(createHmac('sha256', 'secret').update(body).digest('hex'));
  });

  it('whose profile is gone is cancelled, saying so', async () => {
    const setup = setupWith({});
    setup.journal.store(makeDelivery({ profile: 'none', nextAttemptAt: NOW, revision: 1 }));
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(setup.requests).toEqual([]);
    expect(delivered(setup)).toMatchObject({ status: 'cancelled', statusReason: { code: 'profile_gone' } });
  });

  it('is made with the number of its attempt, and signed anew each time', async () => {
    const setup = setupWith({ envelope: { attempt: '{{delivery.attempt}}', id: '{{delivery.id}}' } });
    setup.receive = () => answered(500);
    await setup.deliver(makeMessage());
    setup.now += MINUTE + 100;
    await setup.deliver({ fromRetries: true });
    const [first, second] = setup.requests.map(({ body }) => JSON.parse(body));
    expect([first.attempt, second.attempt]).toEqual([1, 2]);
    expect(first.id).toBe(second.id);
    for (const { body, headers } of setup.requests)
      expect(headers['X-Signature']).toBe(createHmac('sha256', 'secret').update(body).digest('hex'));
  });

  it('has the profile’s headers rather than the subscription’s, whatever their case', async () => {
    const setup = setupWith(
      { headers: { 'X-Type': '{{event.type}}' } },
      { headers: { 'x-TYPE': 'mine', 'X-Own': '1' } },
    );
    await setup.deliver(makeMessage());
    const { headers = {} } = setup.requests[0] ?? {};
    expect(headers).toMatchObject({ 'X-Type': 'employee.created', 'X-Own': '1' });
    expect(headers).not.toHaveProperty('x-TYPE');
    expect(delivered(setup)?.attempts[0]?.request.headers).toMatchObject({ 'X-Own': '[redacted]' });
  });

  it.each<[number | null, number]>([
    [null, 15_000],
    [3, 3_000],
    [20, 15_000],
  ])('with a timeout of %s s in its profile is given %i ms', async (timeoutSeconds, timeoutMs) => {
    const setup = setupWith({ retry: { gapsSeconds: [], timeoutSeconds } });
    await setup.deliver(makeMessage());
    expect(setup.requests[0]?.timeoutMs).toBe(timeoutMs);
  });
});

describe('the tenant’s key', () => {
  const byTenant = {
    subscription: { secret: 'none', secretFormat: 'text' },
    signatures: [{ header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex', key: 'tenant' }],
  };

  it('signs where the profile wants it, and is not asked for elsewhere', async () => {
    const setup = setupWith(byTenant, { keys: [] });
    setup.journal.tenantKeys.set('acme', 'key of the tenant');
    await setup.deliver(makeMessage());
    const [{ body, headers } = { body: '', headers: {} }] = setup.requests;
    expect(Object(headers)['X-Signature']).toBe(createHmac('sha256', 'key of the tenant').update(body).digest('hex'));
    const other = setupWith({});
    await other.deliver(makeMessage());
    expect(other.journal.calls).not.toContain('getTenantKey');
  });

  it('that is not there fails the message: nothing is sent unsigned', async () => {
    const setup = setupWith(byTenant, { keys: [] });
    expect(await setup.deliver(makeMessage())).toEqual([{ kind: 'fail' }]);
    expect(setup.requests).toEqual([]);
    expect(setup.reports).toMatchObject([
      { kind: 'error', about: { eventId: 'evt_1' }, error: { message: expect.stringContaining('signing key') } },
    ]);
  });
});

describe('what an answer means', () => {
  const only201 = { responses: { success: ['201'] } };

  it.each<[string, object, number, string, string | null]>([
    ['a status that the profile takes', only201, 201, 'success', null],
    ['a 2xx that it does not take', only201, 200, 'http_error', 'http_status'],
    ['a redirect that it takes', { responses: { success: ['2xx', '302'] } }, 302, 'success', null],
    ['a 500 that it does not', { responses: { success: ['2xx', '302'] } }, 500, 'http_error', 'http_status'],
  ])('%s', async (_, rest, status, outcome, code) => {
    const setup = setupWith(rest);
    setup.receive = () => answered(status);
    await setup.deliver(makeMessage());
    expect(delivered(setup)?.attempts).toMatchObject([{ outcome, response: { status } }]);
    expect(delivered(setup)?.attempts[0]?.error?.code ?? null).toBe(code);
    expect(delivered(setup)?.status).toBe(outcome === 'success' ? 'succeeded' : 'pending');
  });

  it.each([200, 500])('is explained by what the profile takes for success (%i)', async (status) => {
    const setup = setupWith({ responses: { success: ['201', '204'] } });
    const message = `The receiver answered with status ${status}. Anything from 200 to 299 means success.`;
    setup.receive = () =>
      status === 200 ? answered(200) : { ...answered(status), error: { code: 'http_status', message } };
    await setup.deliver(makeMessage());
    expect(delivered(setup)?.attempts[0]?.error?.message).toBe(
      `The receiver answered with status ${status}. Only 201, 204 means success.`,
    );
  });

  it('is not changed by what broke off', async () => {
    const setup = setupWith({ responses: { success: ['5xx'] } });
    const cut: WebhookResult = { ...UNANSWERED, response: answered(500).response };
    setup.receive = () => cut;
    await setup.deliver(makeMessage());
    expect(delivered(setup)?.attempts).toMatchObject([{ outcome: 'timeout' }]);
  });
});

describe('a receiver that wants no more', () => {
  const gone = (deactivation: string) => ({ responses: { deactivate: ['409', '410'], deactivation } });
  const own = (setup: ReturnType<typeof deliverSetup>) => setup.journal.subscriptions.get(`acme ${subscriptionId()}`);

  it.each([409, 410])('is disabled where the profile says so (%i)', async (status) => {
    const setup = setupWith(gone('disable'));
    setup.receive = () => answered(status);
    await setup.deliver(makeMessage());
    expect(own(setup)).toMatchObject({
      status: 'disabled',
      statusReason: {
        code: 'receiver_gone',
        message: expect.stringContaining(`answered ${status}`),
        at: NOW + 100,
      },
    });
  });

  it.each([409, 410])('is removed where the profile says so (%i)', async (status) => {
    const setup = setupWith(gone('remove'));
    setup.receive = () => answered(status);
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(own(setup)).toBeUndefined();
    expect(delivered(setup)).toMatchObject({
      status: 'failed',
      statusReason: { code: 'receiver_gone', message: expect.stringContaining(`answered ${status}`) },
    });
    expect(setup.reports.map(({ kind }) => kind)).toEqual(['recorded', 'deactivated']);
  });

  it.each([404, 500, 302])('is not meant by %i', async (status) => {
    const setup = setupWith(gone('remove'));
    setup.receive = () => answered(status);
    await setup.deliver(makeMessage());
    expect(own(setup)).toMatchObject({ status: 'active' });
  });

  it('is left alone by a profile that deactivates nothing', async () => {
    const setup = setupWith({});
    setup.receive = () => answered(410);
    await setup.deliver(makeMessage());
    expect(own(setup)).toMatchObject({ status: 'active' });
    expect(delivered(setup)).toMatchObject({ status: 'pending' });
  });
});

describe('what is not tried again', () => {
  it('is a failure that the profile does not retry', async () => {
    const setup = setupWith({ retry: { gapsSeconds: [60], on: { statuses: [] } } });
    setup.receive = () => answered(503);
    expect(await setup.deliver(makeMessage())).toEqual([ACK]);
    expect(delivered(setup)).toMatchObject({
      status: 'failed',
      statusReason: { code: 'not_retried' },
      nextAttemptAt: null,
      dueAt: null,
    });
    expect(setup.queued.map(({ message }) => message.kind)).toEqual(['tell_counted']);
  });

  it('is a delivery whose deadline passed while it waited', async () => {
    const setup = setupWith({ retry: { gapsSeconds: [10, 10], deadlineSeconds: 60 } });
    setup.receive = () => UNANSWERED;
    await setup.deliver(makeMessage());
    expect(delivered(setup)?.status).toBe('pending');
    setup.now += 61 * SECOND;
    expect(await setup.deliver({ fromRetries: true })).toEqual([ACK]);
    expect(setup.requests).toHaveLength(1);
    expect(delivered(setup)).toMatchObject({
      status: 'failed',
      statusReason: { code: 'attempts_exhausted' },
      dueAt: null,
    });
  });

  it('is a delivery whose next attempt would come after the deadline, and says so', async () => {
    const setup = setupWith({ retry: { gapsSeconds: [10, 100], deadlineSeconds: 60 } });
    setup.receive = () => answered(500);
    await setup.deliver(makeMessage());
    setup.now += 20 * SECOND;
    await setup.deliver({ fromRetries: true });
    expect(delivered(setup)?.attempts).toHaveLength(2);
    expect(delivered(setup)?.statusReason).toEqual({
      code: 'attempts_exhausted',
      message: 'The next attempt would come after the deadline of its schedule. It can be retried by hand.',
    });
  });

  it('is tried again by hand all the same', async () => {
    const setup = setupWith({ retry: { gapsSeconds: [10], deadlineSeconds: 60 } });
    setup.journal.store(
      makeDelivery({ profile: 'acme', requested: 'manual', nextAttemptAt: NOW, ticket: 1, revision: 3 }),
    );
    setup.now += 3_600 * SECOND;
    await setup.deliver({ message: makeMessage({ ticket: 1 }), fromRetries: true });
    expect(delivered(setup)).toMatchObject({ status: 'succeeded', attempts: [{ trigger: 'manual' }] });
  });
});
