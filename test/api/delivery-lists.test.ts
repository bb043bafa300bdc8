import { beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { makeAttempt, makeDelivery } from '../support/domain.ts';

const { call, deps, clock } = useApi();
let list: string;

const answered = (status: number): Partial<Attempt> => ({
  outcome: status < 300 ? 'success' : 'http_error',
  response: { status, headers: {}, body: '', truncated: false },
});
const unanswered: Partial<Attempt> = { outcome: 'timeout', response: null };

/** Each delivery by its event, with its attempts. */
const DELIVERIES: [eventId: string, status: 'succeeded' | 'failed' | 'pending', ...attempts: Partial<Attempt>[]][] = [
  ['fine', 'succeeded', answered(200)],
  ['mended', 'succeeded', answered(500), answered(204)],
  ['gone', 'failed', unanswered, answered(404)],
  ['broken', 'failed', answered(404), answered(503)],
  ['unknown', 'failed', answered(503), answered(999)],
  ['unknown and low', 'failed', answered(99)],
  ['silent', 'pending', answered(200), unanswered],
  ['new', 'pending'],
];

beforeAll(async () => {
  const body = { url: 'https://a.example/', eventTypes: ['*'] };
  const subscriptionId = (await call('POST', '/v1/tenants/acme/subscriptions', { body })).field('id');
  list = `/v1/tenants/acme/subscriptions/${subscriptionId}/deliveries`;
  for (const [index, [eventId, status, ...attempts]] of DELIVERIES.entries()) {
    const delivery = makeDelivery({
      subscriptionId,
      eventId,
      eventAt: clock.now - index,
      status,
      attempts: attempts.map((rest, number) => makeAttempt({ id: `a${number}`, number: number + 1, ...rest })),
    });
    await deps.stores.deliveries.saveDelivery(delivery, 0);
  }
});

describe('deliveries by what the last attempt was answered', () => {
  it.each([
    ['', ['fine', 'mended', 'gone', 'broken', 'unknown', 'unknown and low', 'silent', 'new']],
    ['responseStatus=200', ['fine']],
    ['responseStatus=2xx', ['fine', 'mended']],
    ['responseStatus=404', ['gone']],
    ['responseStatus=4xx', ['gone']],
    ['responseStatus=5xx', ['broken', 'unknown', 'unknown and low']],
    ['responseStatus=503', ['broken']],
    ['responseStatus=none', ['silent']],
    ['responseStatus=2xx&status=succeeded', ['fine', 'mended']],
    ['responseStatus=404&status=failed', ['gone']],
    ['responseStatus=404&status=succeeded', []],
    ['responseStatus=404&eventType=another.type', []],
  ])('%s', async (query, events) => {
    const { json } = await call('GET', `${list}?${query}`);
    expect(json).toMatchObject({ data: events.map((eventId) => ({ eventId })), nextCursor: null });
    expect(Object(json).data).toHaveLength(events.length);
  });

  it.each(['99', '600', '6xx', '40x', 'NONE', '2xx '])('refuses %s', async (status) => {
    expectProblem(await call('GET', `${list}?responseStatus=${encodeURIComponent(status)}`), 422, 'invalid_request');
  });
});
