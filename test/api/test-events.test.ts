import { createHmac } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { WebhookRequest } from '../../functions/core/target/webhook.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { answered, UNANSWERED } from '../support/domain.ts';
import { profileDocument } from '../support/profiles.ts';

const { call, deps, queues } = useApi();
const T = '/v1/tenants/acme';
const requests: WebhookRequest[] = [];
const sender = {
  send: async (request: WebhookRequest) => {
    requests.push(request);
    return answered(200);
  },
};
const EXAMPLE = '{"n":1.0,"big":9007199254740993}';

beforeAll(async () => {
  await call('POST', '/v1/event-types', { body: `{"name":"a.shown","example":${EXAMPLE}}` });
  await call('POST', '/v1/event-types', { body: { name: 'a.bare' } });
  for (const kind of ['message', 'example'])
    await call('POST', '/v1/profiles', { body: profileDocument({ name: `tests-by-${kind}`, testEvent: { kind } }) });
  const fixed = profileDocument({ name: 'tests-by-fixed', testEvent: { kind: 'fixed', data: { hello: [1] } } });
  await call('POST', '/v1/profiles', { body: fixed });
});
beforeEach(() => {
  requests.length = 0;
});

const testUrl = (rest: object) =>
  call('POST', `${T}/test-url`, { body: { url: 'https://a.example/x', ...rest } }, { sender });
const MESSAGE = '{"message":"This is a test event from Posthorn."}';
const body = (type: string, data: string) => `{"type":"${type}","data":${data}}`;

describe('the test of a URL', () => {
  it.each<[kind: string, asked: string | undefined, expected: string]>([
    ['message', undefined, body('posthorn.test', MESSAGE)],
    ['message', 'a.shown', body('a.shown', EXAMPLE)],
    ['example', undefined, body('posthorn.test', MESSAGE)],
    ['example', 'a.shown', body('a.shown', EXAMPLE)],
    ['fixed', undefined, body('posthorn.test', '{"hello":[1]}')],
    ['fixed', 'a.shown', body('a.shown', '{"hello":[1]}')],
    ['fixed', 'a.unknown', body('a.unknown', '{"hello":[1]}')],
  ])('of the kind %s, asked for %s, sends %s', async (kind, eventType, expected) => {
    const answer = await testUrl({ profile: `tests-by-${kind}`, ...(eventType === undefined ? {} : { eventType }) });
    expect(answer).toMatchObject({ status: 200, json: { outcome: 'success', response: { status: 200 } } });
    expect(requests.map((request) => request.body)).toEqual([expected]);
  });

  it('says so if there is no connection to send it on', async () => {
    const busy = { send: async () => ({ outcome: 'not_sent', reason: 'no_connection' }) as const };
    const answer = await call('POST', `${T}/test-url`, { body: { url: 'https://a.example/x' } }, { sender: busy });
    expectProblem(answer, 503, 'unavailable');
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.json).toMatchObject({ detail: expect.stringContaining('Nothing was sent') });
  });

  it.each<[string, string, RegExp]>([
    ['message', 'a.bare', /has no example/],
    ['message', 'a.unknown', /is not a known event type/],
    ['example', 'a.bare', /has no example/],
    ['example', 'a.unknown', /is not a known event type/],
  ])('of the kind %s, asked for %s, says what is missing', async (kind, eventType, message) => {
    const answer = await testUrl({ profile: `tests-by-${kind}`, eventType });
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: [{ path: '/eventType', message: expect.stringMatching(message) }] });
    expect(requests).toEqual([]);
  });

  it('is signed as the profile signs, and saves nothing', async () => {
    await call('POST', `${T}/signing-key/rotate`, { body: { key: 'k' } });
    await testUrl({ profile: 'bindbee' });
    const [{ headers, body: sent } = { headers: {}, body: '' }] = requests;
    expect(Object(headers)['X-Bindbee-Webhook-Signature']).toMatch(/^[\w-]{43}=$/);
    expect(Buffer.from(Object(headers)['X-Bindbee-Webhook-Signature'], 'base64url')).toEqual(
      createHmac('sha256', 'k').update(sent).digest(),
    );
    expect(JSON.parse(sent)).toMatchObject({ webhook: { url: 'https://a.example/x' }, connector: null });
    expect(await call('GET', `${T}/subscriptions`)).toMatchObject({ json: { data: [] } });
    expect(await queues.deliveries.take()).toEqual([]);
  });

  it('is signed by ed25519 where the profile signs so', async () => {
    const signatures = [{ header: 'X-Signature', algorithm: 'ed25519', encoding: 'hex' }];
    await call('POST', '/v1/profiles', { body: profileDocument({ name: 'asymmetric', signatures }) });
    await testUrl({ profile: 'asymmetric' });
    expect(requests[0]?.headers['X-Signature']).toMatch(/^[0-9a-f]{128}$/);
  });

  it('gives a receiver no longer than the profile does', async () => {
    await testUrl({ profile: 'bindbee' });
    await testUrl({ profile: 'standard' });
    expect(requests.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 15_000]);
  });

  it('keeps the credentials of the URL out of the body', async () => {
    await testUrl({ profile: 'bindbee', url: 'https://user:secret@a.example/x' });
    expect(requests[0]?.url).toBe('https://user:secret@a.example/x');
    expect(requests[0]?.body).not.toContain('secret@');
  });

  it('tells what became of it', async () => {
    const failing = { sender: { send: async () => UNANSWERED } };
    expect(await call('POST', `${T}/test-url`, { body: { url: 'https://a.example/' } }, failing)).toMatchObject({
      status: 200,
      json: { outcome: 'timeout', response: null, error: { code: 'timeout', message: 'No answer within 15 seconds.' } },
    });
  });
});

describe('the test of a subscription', () => {
  const Message = z.object({ eventId: z.string(), trigger: z.string(), subscriptionId: z.string() });

  async function testOf(profile: string, eventTypes: string[], rest: object = {}) {
    const created = await call('POST', `${T}/subscriptions`, {
      body: { name: 'N', url: 'https://a.example/', profile, eventTypes },
    });
    const answer = await call('POST', `${T}/subscriptions/${created.field('id')}/test`, { body: rest });
    expect(answer).toMatchObject({ status: 202, json: { profile, status: 'pending', attempts: [] } });
    const [message] = (await queues.deliveries.take()).map((one) => Message.parse(JSON.parse(one.body)));
    expect(message).toMatchObject({ trigger: 'test', subscriptionId: created.field('id') });
    const event = await deps.stores.events.getEvent('acme', message?.eventId ?? '');
    return [event?.type, event?.data];
  }

  it.each<[string, string, string[], object, [string, string]]>([
    ['a message by default', 'tests-by-message', ['a.shown'], {}, ['posthorn.test', MESSAGE]],
    ['the example that is asked for', 'tests-by-message', ['*'], { eventType: 'a.shown' }, ['a.shown', EXAMPLE]],
    ['the example of its own type', 'tests-by-example', ['x.*', 'a.shown'], {}, ['a.shown', EXAMPLE]],
    ['a message of its own type, which has no example', 'tests-by-example', ['a.bare'], {}, ['a.bare', MESSAGE]],
    ['a message where it names no type', 'tests-by-example', ['a.*'], {}, ['posthorn.test', MESSAGE]],
    ['what is fixed, of its own type', 'tests-by-fixed', ['a.bare'], {}, ['a.bare', '{"hello":[1]}']],
    ['keypay’s fixed message', 'keypay', ['a.bare'], {}, ['a.bare', '{"Type":"Test Message from Application"}']],
    ['staffology’s example', 'staffology', ['a.shown'], {}, ['a.shown', EXAMPLE]],
  ])('is %s', async (_, profile, eventTypes, rest, expected) => {
    expect(await testOf(profile, eventTypes, rest)).toEqual(expected);
  });
});

describe('samples', () => {
  const samples = (name: string, query = '') => call('GET', `/v1/event-types/${name}/samples${query}`);

  it('are a list, shaped as deliveries of the profile', async () => {
    expect((await samples('a.shown', '?profile=staffology')).text).toBe(`[[${EXAMPLE}]]`);
    expect((await samples('a.shown', '?profile=peopleforce')).text).toBe(`[{"action":"a.shown","data":${EXAMPLE}}]`);
    expect((await samples('a.shown')).json).toMatchObject([{ type: 'a.shown', data: { n: 1 } }]);
    const byDefault = await call('GET', '/v1/event-types/a.shown/samples', {}, { defaultProfile: 'peopleforce' });
    expect(byDefault.json).toMatchObject([{ action: 'a.shown' }]);
  });

  it('are an empty list where there is no example', async () => {
    expect(await samples('a.bare')).toMatchObject({ status: 200, json: [] });
  });

  it('of what does not exist are refused', async () => {
    expectProblem(await samples('a.unknown'), 404, 'not_found');
    expectProblem(await samples('a.shown', '?profile=none'), 422, 'invalid_request');
  });
});
