import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createCanaryHandler } from '../../functions/canary/handler.ts';
import { fingerprintOf, secretOf } from '../../functions/canary/signature.ts';
import { METRICS } from '../../functions/names.ts';
import { MINUTE, NOW } from '../support/domain.ts';
import { recordTelemetry } from '../support/lambda.ts';

const API = 'https://api.example.com';
const URL = `${API}/canary`;
const SUBSCRIPTIONS = '/v1/tenants/posthorn-canary/subscriptions';
const EVENTS = '/v1/tenants/posthorn-canary/events';
const KEY = 'the admin key of today, forty characters';

interface FoundSubscription {
  id: string;
  url: string;
  status: string;
  metadata: Record<string, string>;
}

const wanted = { url: URL, metadata: { secret: fingerprintOf(secretOf(KEY)) } };
const good: FoundSubscription = { id: 'sub_good', status: 'active', ...wanted };

function setup({
  found = [] as FoundSubscription[] | null,
  eventTypes = 'open' as 'open' | 'strict',
  answers = {} as Record<string, number>,
  others = [] as string[],
} = {}) {
  const calls: { call: string; key: string; body: unknown }[] = [];
  const telemetry = recordTelemetry();
  const handler = createCanaryHandler({
    adminKeys: { current: async () => KEY, others: async () => others },
    callApi: async (method, path, key, body) => {
      calls.push({ call: `${method} ${path}`, key, body });
      if (method === 'GET') return { status: found === null ? 404 : 200, text: JSON.stringify({ data: found ?? [] }) };
      return { status: answers[`${method} ${path}`] ?? 202, text: '{}' };
    },
    apiUrl: API,
    eventTypes,
    now: () => NOW,
    ...telemetry,
  });
  return { handler, calls, telemetry, made: () => calls.map(({ call }) => call) };
}

const SCHEDULE = { source: 'aws.events', 'detail-type': 'Scheduled Event' };

describe('on schedule', () => {
  it('publishes an event through the API, with the company’s key', async () => {
    const { handler, calls } = setup({ found: [good] });
    await handler(SCHEDULE);
    expect(calls).toEqual([
      { call: `GET ${SUBSCRIPTIONS}`, key: KEY, body: undefined },
      { call: `POST ${EVENTS}`, key: KEY, body: { type: 'canary.sent', data: { sentAt: NOW } } },
    ]);
  });

  it.each([
    ['the tenant is not there yet', null],
    ['there is none', []],
  ])('subscribes first if %s, and the secret is kept nowhere else', async (_, found) => {
    const { handler, calls, made } = setup({ found });
    await handler(SCHEDULE);
    expect(made()).toEqual([`GET ${SUBSCRIPTIONS}`, `POST ${SUBSCRIPTIONS}`, `POST ${EVENTS}`]);
    expect(calls[1]?.body).toEqual({
      ...wanted,
      name: 'Canary',
      eventTypes: ['canary.sent'],
      profile: 'standard',
      secret: secretOf(KEY),
    });
  });

  it.each([
    ['is paused', { status: 'paused' }],
    ['goes to another address', { url: 'https://old.example.com/canary' }],
    ['has a secret of another key', { metadata: { secret: 'other' } }],
  ])('replaces a subscription that %s', async (_, change) => {
    const { handler, made } = setup({ found: [{ ...good, ...change }] });
    await handler(SCHEDULE);
    expect(made()).toEqual([
      `GET ${SUBSCRIPTIONS}`,
      `DELETE ${SUBSCRIPTIONS}/sub_good`,
      `POST ${SUBSCRIPTIONS}`,
      `POST ${EVENTS}`,
    ]);
  });

  it('removes what is beside the good one', async () => {
    const { handler, made } = setup({ found: [{ ...good, id: 'sub_old', status: 'disabled' }, good] });
    await handler(SCHEDULE);
    expect(made()).toEqual([`GET ${SUBSCRIPTIONS}`, `DELETE ${SUBSCRIPTIONS}/sub_old`, `POST ${EVENTS}`]);
  });

  it.each([201, 409])('makes its event type known where types must be (%i)', async (status) => {
    const { handler, made } = setup({ eventTypes: 'strict', answers: { 'POST /v1/event-types': status } });
    await handler(SCHEDULE);
    expect(made()).toEqual([`GET ${SUBSCRIPTIONS}`, 'POST /v1/event-types', `POST ${SUBSCRIPTIONS}`, `POST ${EVENTS}`]);
  });

  it('fails, and says what the API answered', async () => {
    const { handler } = setup({ found: [good], answers: { [`POST ${EVENTS}`]: 503 } });
    await expect(handler(SCHEDULE)).rejects.toThrow(`POST ${EVENTS} was answered with 503: {}`);
  });
});

describe('as the receiver', () => {
  function webhook({ sentAt = NOW - 1_500, key = KEY, at = NOW, tamper = (body: string) => body } = {}) {
    const body = JSON.stringify({ type: 'canary.sent', timestamp: 'x', data: { sentAt } });
    const signature = new Webhook(secretOf(key)).sign('evt_1', new Date(at), body);
    return {
      requestContext: {},
      headers: {
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(Math.floor(at / 1_000)),
        'webhook-signature': `v1a,other ${signature}`,
      },
      body: tamper(body),
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEventV2;
  }

  it('verifies the signature, and reports the round trip', async () => {
    const { handler, telemetry, calls } = setup();
    expect(await handler(webhook())).toEqual({ statusCode: 204 });
    expect(telemetry.measures).toEqual({ [METRICS.canaryRoundTrip]: [1_500] });
    expect([telemetry.published, telemetry.lines, calls]).toEqual([1, [], []]);
  });

  it('takes a body in base64', async () => {
    const { handler } = setup();
    const plain = webhook();
    const encoded = { ...plain, body: Buffer.from(plain.body ?? '').toString('base64'), isBase64Encoded: true };
    expect(await handler(encoded)).toEqual({ statusCode: 204 });
  });

  it('knows what was signed while the key is being changed', async () => {
    const { handler } = setup({ others: ['the key of yesterday'] });
    expect(await handler(webhook({ key: 'the key of yesterday' }))).toEqual({ statusCode: 204 });
    expect(await handler(webhook({ key: 'a key of nobody' }))).toEqual({ statusCode: 401 });
  });

  it.each([
    ['another body', webhook({ tamper: (body) => body.replace('canary.sent', 'canary.forged') })],
    ['another key', webhook({ key: 'guessed' })],
    ['a time long ago', webhook({ at: NOW - 6 * MINUTE })],
    ['a time to come', webhook({ at: NOW + 6 * MINUTE })],
    ['no signature', { ...webhook(), headers: { 'webhook-id': 'evt_1', 'webhook-timestamp': '1' } }],
    ['no headers', { ...webhook(), headers: {} }],
  ])('refuses a request with %s, and measures nothing', async (_, request) => {
    const { handler, telemetry } = setup();
    expect(await handler(request)).toEqual({ statusCode: 401 });
    expect([telemetry.measures, telemetry.published]).toEqual([{}, 0]);
    expect(telemetry.lines.join()).toContain('no good signature');
  });

  it('takes one that an outage held up for no news of how things are now', async () => {
    const { handler, telemetry } = setup();
    expect(await handler(webhook({ sentAt: NOW - 6 * MINUTE }))).toEqual({ statusCode: 204 });
    expect(telemetry.measures).toEqual({});
    expect(telemetry.lines.join()).toContain('has come back late');
  });
});
