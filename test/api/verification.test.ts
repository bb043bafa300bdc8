import { beforeEach, describe, expect, it } from 'vitest';
import type { SendResult, WebhookRequest, WebhookResult } from '../../functions/core/target/webhook.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { answered, UNANSWERED } from '../support/domain.ts';
import { profileDocument } from '../support/profiles.ts';

const { call, clock, deps, queues } = useApi();
const T = '/v1/tenants/acme';
const requests: WebhookRequest[] = [];
let receiver: (request: WebhookRequest) => SendResult = () => answered(200);
const sender = {
  send: async (request: WebhookRequest) => {
    requests.push(request);
    return receiver(request);
  },
};
const asked = (...[method, target, request]: Parameters<typeof call>) => call(method, target, request, { sender });

beforeEach(() => {
  requests.length = 0;
  receiver = () => answered(200);
});

const URL_WITH_QUERY = 'https://user:pass@receiver.example/hooks?team=a';
const SHOWN_URL = 'https://receiver.example/hooks?team=a';
const BASIC_AUTH = { authorization: `Basic ${btoa('user:pass')}` };
let made = 0;

/** Subscribes with a profile whose receivers have to agree. */
async function subscribe(verification: string, url = URL_WITH_QUERY, headers: object = { 'X-Team': 'payroll' }) {
  made += 1;
  const profile = `asks-${made}`;
  await call('POST', '/v1/profiles', { body: profileDocument({ name: profile, verification }) });
  return asked('POST', `${T}/subscriptions`, { body: { url, eventTypes: ['*'], profile, headers } });
}

const withBody = (body: string): WebhookResult => {
  const result = answered(200);
  return { ...result, response: result.response && { ...result.response, body } };
};
const echo = ({ url }: WebhookRequest) => withBody(new URL(url).searchParams.get('echo') ?? '');
const secretBack = ({ headers }: WebhookRequest) => answered(200, { 'x-hook-secret': headers['x-hook-secret'] ?? '' });
const allow =
  (origin: string, status = 200) =>
  () =>
    answered(status, { 'webhook-allowed-origin': origin });

describe('a receiver that agrees', () => {
  it.each<[string, (request: WebhookRequest) => WebhookResult, Partial<WebhookRequest>]>([
    ['x-hook-secret', secretBack, { method: 'POST', url: SHOWN_URL, alsoKeep: ['x-hook-secret'] }],
    ['ms-echo', echo, { method: 'GET' }],
    ['cloudevents', allow('*'), { method: 'OPTIONS', url: SHOWN_URL, alsoKeep: ['webhook-allowed-origin'] }],
    ['cloudevents', allow('posthorn'), { method: 'OPTIONS' }],
    ['cloudevents', allow(' * ', 405), { method: 'OPTIONS' }],
  ])('by %s makes the subscription active at once', async (verification, agree, request) => {
    receiver = agree;
    expect(await subscribe(verification)).toMatchObject({
      status: 201,
      json: { status: 'active', statusReason: null },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ ...request, body: '' });
    expect(requests[0]?.headers).toMatchObject({
      ...BASIC_AUTH,
      'X-Team': 'payroll',
      'user-agent': 'Posthorn/test',
    });
  });

  it('by echo is asked with nothing else in the query, and its credentials', async () => {
    receiver = echo;
    await subscribe('ms-echo');
    expect(requests[0]?.url).toMatch(/^https:\/\/receiver\.example\/hooks\?echo=[0-9a-f]{32}$/);
    expect(requests[0]?.headers).toMatchObject(BASIC_AUTH);
  });

  it('by the parameter "noecho" is not asked', async () => {
    expect(await subscribe('ms-echo', 'https://a.example/?x=1&NoEcho')).toMatchObject({ json: { status: 'active' } });
    expect(requests).toEqual([]);
    receiver = () => answered(404);
    // The word alone, elsewhere in the URL, is not that parameter.
    expect(await subscribe('ms-echo', 'https://noecho.example/noecho')).toMatchObject({
      json: { status: 'unverified' },
    });
    expect(requests).toHaveLength(1);
  });

  it('is not asked by profiles that do not want it', async () => {
    expect(await subscribe('none')).toMatchObject({ json: { status: 'active' } });
    expect(requests).toEqual([]);
  });
});

describe('a receiver that could not be asked', () => {
  it.each(['x-hook-secret', 'ms-echo', 'cloudevents'])('(%s) is not blamed', async (verification) => {
    receiver = () => ({ outcome: 'not_sent', reason: 'no_connection' });
    expect((await subscribe(verification)).json).toMatchObject({
      status: 'unverified',
      statusReason: {
        message: 'The receiver could not be asked: all connections to it are busy. Ask it again with POST …/verify.',
      },
    });
  });
});

describe('a receiver that does not', () => {
  it.each<[string, string, (request: WebhookRequest) => WebhookResult, RegExp]>([
    ['answers without the secret', 'x-hook-secret', () => answered(200), /without X-Hook-Secret.*POST …\/verify/],
    ['answers with another secret', 'x-hook-secret', () => answered(200, { 'x-hook-secret': 'x' }), /X-Hook-Secret/],
    [
      'fails, though it has the secret',
      'x-hook-secret',
      (one) => ({ ...secretBack(one), outcome: 'http_error' }),
      /did not send X-Hook-Secret back/,
    ],
    ['does not answer', 'x-hook-secret', () => UNANSWERED, /did not send X-Hook-Secret back. No answer within/],
    ['answers with something else', 'ms-echo', () => withBody('hello'), /something else than the value of "echo"/],
    [
      'answers with more than the echo',
      'ms-echo',
      (one) => withBody(`${echo(one).response?.body}\n`),
      /something else/,
    ],
    ['has no page for it', 'ms-echo', () => answered(404), /404/],
    ['allows another origin', 'cloudevents', allow('example.org'), /allows the origin example.org, not posthorn/],
    ['allows none', 'cloudevents', () => answered(200), /without WebHook-Allowed-Origin/],
    ['does not answer', 'cloudevents', () => UNANSWERED, /WebHook-Allowed-Origin. No answer within/],
  ])('(%s, by %s) leaves the subscription unverified, which says why', async (_, verification, refuse, reason) => {
    receiver = refuse;
    const { status, json } = await subscribe(verification);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      status: 'unverified',
      statusReason: { code: 'unverified', message: expect.stringMatching(reason) },
    });
    expect(JSON.stringify(json)).not.toContain('verificationToken');
  });
});

describe('an unverified subscription', () => {
  const unverified = async (verification: string) => {
    receiver = () => answered(200);
    const created = await subscribe(verification);
    expect(created.field('status')).toBe('unverified');
    return `${T}/subscriptions/${created.field('id')}`;
  };

  it('becomes active by the secret that its receiver was sent, and by no other', async () => {
    const path = await unverified('x-hook-secret');
    const secret = requests[0]?.headers['x-hook-secret'] ?? '';
    expect(secret).toMatch(/^[\w-]{32}$/);
    for (const wrong of ['', 'x', `${secret}x`, secret.toLowerCase()])
      expectProblem(await asked('POST', `${path}/verify`, { body: { secret: wrong } }), 422, 'invalid_request');
    expect(await asked('POST', `${path}/verify`, { body: { secret } })).toMatchObject({
      status: 200,
      json: { status: 'active', statusReason: null },
    });
    expect(requests).toHaveLength(1);
    // What is active stays so, and needs no secret.
    expect(await asked('POST', `${path}/verify`, { body: { secret: 'x' } })).toMatchObject({
      json: { status: 'active' },
    });
  });

  it('has its secret in the store only sealed', async () => {
    const path = await unverified('x-hook-secret');
    const stored = await deps.stores.subscriptions.getSubscription('acme', path.split('/').at(-1) ?? '');
    expect(stored?.verificationToken).toMatch(/./);
    expect(JSON.stringify(stored)).not.toContain(requests[0]?.headers['x-hook-secret']);
  });

  it.each<[string, (request: WebhookRequest) => WebhookResult]>([
    ['x-hook-secret', secretBack],
    ['ms-echo', echo],
    ['cloudevents', allow('*')],
  ])('becomes active when its receiver is asked once more, and agrees (%s)', async (verification, agree) => {
    const path = await unverified(verification);
    expect(await asked('POST', `${path}/verify`)).toMatchObject({ json: { status: 'unverified' } });
    receiver = agree;
    expect(await asked('POST', `${path}/verify`)).toMatchObject({ json: { status: 'active', statusReason: null } });
    expect(requests.at(-1)?.headers).toMatchObject({
      'X-Team': 'payroll',
      ...BASIC_AUTH,
    });
  });

  it('of a handshake without a secret is not verified by one', async () => {
    const path = await unverified('ms-echo');
    expectProblem(await asked('POST', `${path}/verify`, { body: { secret: '' } }), 422, 'invalid_request');
  });

  it('cannot get round it: neither by a pause, nor by resuming, nor by a test', async () => {
    const path = await unverified('cloudevents');
    for (const action of ['pause', 'resume', 'test'])
      expectProblem(await asked('POST', `${path}/${action}`), 409, 'conflict');
    expect(await asked('GET', path)).toMatchObject({ json: { status: 'unverified' } });
    expect(await queues.deliveries.take()).toEqual([]);
  });
});

describe('another URL', () => {
  it('is asked as the first was', async () => {
    receiver = echo;
    const path = `${T}/subscriptions/${(await subscribe('ms-echo')).field('id')}`;
    receiver = () => answered(200);
    const url = 'https://elsewhere.example/';
    expect(await asked('PATCH', path, { body: { url } })).toMatchObject({ json: { status: 'unverified', url } });
    receiver = echo;
    expect(await asked('PATCH', path, { body: { url } })).toMatchObject({ json: { status: 'active' } });
    // Whatever else changes needs no consent.
    requests.length = 0;
    expect(await asked('PATCH', path, { body: { name: 'N' } })).toMatchObject({ json: { status: 'active' } });
    expect(requests).toEqual([]);
  });

  it('that agrees does not end a pause', async () => {
    receiver = echo;
    const path = `${T}/subscriptions/${(await subscribe('ms-echo')).field('id')}`;
    await asked('POST', `${path}/pause`);
    expect(await asked('PATCH', path, { body: { url: 'https://elsewhere.example/' } })).toMatchObject({
      json: { status: 'paused' },
    });
  });

  describe('that does not agree, corrected later,', () => {
    const REASON = { code: 'receiver_gone', message: 'It answered 410.' };
    const elsewhere = (name: string) => ({ body: { url: `https://${name}.example/` } });

    async function misdirected(verification: string, stop: (path: string) => Promise<unknown>): Promise<string> {
      receiver = (request) => (verification === 'ms-echo' ? echo : secretBack)(request);
      const path = `${T}/subscriptions/${(await subscribe(verification)).field('id')}`;
      await stop(path);
      receiver = () => answered(200);
      for (const name of ['wrong', 'wrong-too'])
        expect(await asked('PATCH', path, elsewhere(name))).toMatchObject({ json: { status: 'unverified' } });
      await queues.retries.take();
      return path;
    }
    const pause = (path: string) => asked('POST', `${path}/pause`);
    const disable = (path: string) =>
      deps.stores.subscriptions.disableSubscription(
        'acme',
        path.split('/').at(-1) ?? '',
        { ...REASON, at: clock.now },
        0,
      );
    const correct = (path: string) => asked('PATCH', path, elsewhere('right'));
    const verify = (path: string) => asked('POST', `${path}/verify`);

    it.each<[string, (path: string) => Promise<unknown>, object, typeof correct]>([
      ['a pause, by another URL', pause, { status: 'paused', statusReason: { code: 'paused' } }, correct],
      ['a pause, by asking once more', pause, { status: 'paused', statusReason: { code: 'paused' } }, verify],
      ['what disabled it, by another URL', disable, { status: 'disabled', statusReason: REASON }, correct],
      ['what disabled it, by asking once more', disable, { status: 'disabled', statusReason: REASON }, verify],
    ])('does not end %s', async (_, stop, before, agree) => {
      const path = await misdirected('ms-echo', stop);
      receiver = echo;
      const agreed = await agree(path);
      expect(agreed).toMatchObject({ status: 200, json: before });
      expect(agreed.json).not.toHaveProperty('interrupted');
      expect(await queues.retries.take()).toEqual([]);
      expect(await asked('POST', `${path}/resume`)).toMatchObject({ json: { status: 'active', statusReason: null } });
      expect(await queues.retries.take()).toHaveLength(1);
    });

    it('does not end a pause by the secret that the receiver was sent', async () => {
      const path = await misdirected('x-hook-secret', pause);
      const secret = requests.at(-1)?.headers['x-hook-secret'];
      expect(await asked('POST', `${path}/verify`, { body: { secret } })).toMatchObject({ json: { status: 'paused' } });
    });

    it('is sent what was parked where no pause was interrupted, also after an earlier one', async () => {
      const path = await misdirected('ms-echo', async (one) => {
        await pause(one);
        await asked('POST', `${one}/resume`);
      });
      receiver = echo;
      expect(await correct(path)).toMatchObject({ json: { status: 'active', statusReason: null } });
      expect(await queues.retries.take()).toHaveLength(1);
    });
  });
});

describe('another profile', () => {
  async function unverifiedAnd(stop: (path: string) => Promise<unknown>): Promise<string> {
    receiver = echo;
    const path = `${T}/subscriptions/${(await subscribe('ms-echo')).field('id')}`;
    await stop(path);
    receiver = () => answered(200);
    const misdirected = await asked('PATCH', path, { body: { url: 'https://elsewhere.example/' } });
    expect(misdirected).toMatchObject({ json: { status: 'unverified' } });
    await queues.retries.take();
    requests.length = 0;
    return path;
  }

  it.each([
    ['that asks no receiver ends the wait for consent', 'none', 0],
    ['whose receiver agrees ends the wait for consent', 'cloudevents', 1],
  ])('%s, and sends what was parked', async (_, verification, times) => {
    const path = await unverifiedAnd(async () => {});
    receiver = allow('*');
    const other = await call('POST', '/v1/profiles', {
      body: profileDocument({ name: `by-${verification}`, verification }),
    });
    expect(other.status).toBe(201);
    expect(await asked('PATCH', path, { body: { profile: `by-${verification}` } })).toMatchObject({
      json: { status: 'active', statusReason: null },
    });
    expect(requests).toHaveLength(times);
    expect(await queues.retries.take()).toHaveLength(1);
  });

  it('that asks no receiver ends no pause', async () => {
    const path = await unverifiedAnd((one) => asked('POST', `${one}/pause`));
    await call('POST', '/v1/profiles', { body: profileDocument({ name: 'asks-none', verification: 'none' }) });
    expect(await asked('PATCH', path, { body: { profile: 'asks-none' } })).toMatchObject({
      json: { status: 'paused', statusReason: { code: 'paused' } },
    });
    expect(await queues.retries.take()).toEqual([]);
  });
});
