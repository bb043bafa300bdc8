import { describe, expect, it } from 'vitest';
import type { Method } from '../../functions/api/http/route.ts';
import { type ApiRequest, expectProblem, useApi } from '../support/api.ts';
import { makeDelivery, makeEvent } from '../support/domain.ts';

const { call, deps, clock } = useApi();
const MOUNTED = { compatibility: ['staffology'] } as const;
const staffology = (method: Method, target: string, request: ApiRequest = {}) => call(method, target, request, MOUNTED);
const URL = 'https://receiver.example/hooks';
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let counter = 0;
async function subscribe(body: Record<string, unknown> = {}) {
  counter += 1;
  const list = `/employers/e${counter}/webhooks`;
  const made = await staffology('POST', list, { body: { webhookEvent: 'Employee_Created', url: URL, ...body } });
  expect(made).toMatchObject({ status: 201 });
  return { made, list, one: `${list}/${made.field('id')}`, tenantId: `e${counter}` };
}

describe('to subscribe', () => {
  it('makes a webhook for one event, known by a GUID', async () => {
    const { made, one, list, tenantId } = await subscribe({
      WebhookEvent: undefined,
      eventCount: 7,
      lastPayload: null,
    });
    const id = made.field('id');
    expect(id).toMatch(GUID);
    expect(made.json).toEqual({ id, webhookEvent: 'Employee_Created', url: URL, active: true, eventCount: 0 });
    expect(made.headers.location).toBe(one);
    expect((await staffology('GET', one)).json).toEqual(made.json);
    expect((await staffology('GET', list)).json).toEqual([{ id, name: 'Employee_Created', metadata: null, url: one }]);
    expect((await call('GET', `/v1/tenants/${tenantId}/subscriptions`)).json).toMatchObject({
      data: [{ profile: 'staffology', eventTypes: ['Employee_Created'], status: 'active', url: URL }],
    });
  });

  it('takes members and events in any case', async () => {
    counter += 1;
    const body = { WEBHOOKEVENT: 'payrun_finalised', Url: URL, Active: false };
    const made = await staffology('POST', `/employers/e${counter}/webhooks`, { body });
    expect(made).toMatchObject({ status: 201, json: { webhookEvent: 'Payrun_Finalised', active: false } });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no URL', { url: undefined }, 'url: is required'],
    ['an empty URL', { url: '' }, 'url: '],
    ['a URL of 301 characters', { url: `https://a.example/${'x'.repeat(283)}` }, 'url: must be at most 300 characters'],
    ['no event', { webhookEvent: undefined }, 'webhookEvent: is required'],
    ['an event that there is none', { webhookEvent: 'Nope' }, 'webhookEvent: Nope: there is no such event'],
    ['all events', { webhookEvent: '*' }, 'webhookEvent: must be exactly one event type'],
    ['a text for active', { active: 'yes' }, 'active: '],
  ])('refuses %s with 400', async (_, rest, message) => {
    const body = { webhookEvent: 'Employee_Created', url: URL, ...rest };
    const answer = await staffology('POST', '/employers/refused/webhooks', { body });
    expectProblem(answer, 400, 'malformed_request');
    expect(answer.field('detail')).toContain(message);
    expect((await staffology('GET', '/employers/refused/webhooks')).json).toEqual([]);
  });

  it('takes a URL of 300 characters', async () => {
    await subscribe({ url: `https://a.example/${'x'.repeat(282)}` });
  });
});

describe('to change and to unsubscribe', () => {
  it('replaces event, URL and whether it is active', async () => {
    const { one, made } = await subscribe();
    const body = { ...Object(made.json), webhookEvent: 'JobCompleted', url: `${URL}/new`, active: false };
    const expected = { ...body, eventCount: 0 };
    expect(await staffology('PUT', one, { body })).toMatchObject({ status: 200, json: expected });
    expect((await staffology('GET', one)).json).toEqual(expected);
    expect((await staffology('PUT', one, { body: { ...body, active: true } })).json).toMatchObject({ active: true });
    expectProblem(await staffology('PUT', one, { body: { url: URL } }), 400, 'malformed_request');
  });

  it('shows and revives what a receiver has deactivated', async () => {
    const { one, tenantId } = await subscribe();
    const [subscription] = (await deps.stores.subscriptions.pageSubscriptions(tenantId, 100, null, null)).values;
    const reason = { code: 'receiver_gone', message: 'gone', at: clock.now };
    await deps.stores.subscriptions.disableSubscription(tenantId, subscription?.id ?? '', reason, 0);
    expect((await staffology('GET', one)).json).toMatchObject({ active: false });
    const body = { webhookEvent: 'Employee_Created', url: URL };
    expect((await staffology('PUT', one, { body: { ...body, active: false } })).json).toMatchObject({ active: false });
    expect((await deps.stores.subscriptions.getSubscription(tenantId, subscription?.id ?? ''))?.statusReason).toEqual(
      reason,
    );
    expect((await staffology('PUT', one, { body: { ...body, active: true } })).json).toMatchObject({ active: true });
  });

  it('deletes once', async () => {
    const { one } = await subscribe();
    expect(await staffology('DELETE', one)).toMatchObject({ status: 204, text: '' });
    expectProblem(await staffology('DELETE', one), 404, 'not_found');
    expectProblem(await staffology('GET', one), 404, 'not_found');
  });
});

describe('samples', () => {
  const sample = (event: string) => staffology('GET', `/employers/e0/webhooks/samples/${event}`);

  it('are arrays of one item: the pack’s example, or the company’s own', async () => {
    const known = await sample('pensionmembership_created');
    expect(known).toMatchObject({ status: 200, json: [expect.objectContaining({ employee: expect.anything() })] });
    expect(known.json).toHaveLength(1);
    const rawBody = '{"name":"Employee_Deleted","example":{"id":9007199254740993}}';
    await call('POST', '/v1/event-types', { body: rawBody });
    expect((await sample('Employee_Deleted')).text).toBe('[{"id":9007199254740993}]');
    expectProblem(await sample('Nope'), 404, 'not_found');
  });

  it('do not hide what a webhook’s id leads to', async () => {
    expectProblem(await staffology('GET', '/employers/e0/webhooks/samples/payloads'), 404, 'not_found');
  });
});

describe('payloads', () => {
  /** Deliveries of a webhook, one a second; the last in the list is the newest. */
  async function withDeliveries(changes: Parameters<typeof makeDelivery>[0][]) {
    const { one, tenantId } = await subscribe();
    const [subscription] = (await deps.stores.subscriptions.pageSubscriptions(tenantId, 100, null, null)).values;
    if (subscription === undefined) throw new Error('there is no subscription');
    for (const [index, change] of changes.entries()) {
      const at = clock.now + index * 1_000;
      const id = change?.eventId ?? `e-${index}`;
      const event = makeEvent({ tenantId, id, acceptedAt: at, type: 'Employee_Created', data: `{"n":${index}.0}` });
      await deps.stores.events.putEvents([event]);
      const origin = { tenantId, subscriptionId: subscription.id, eventId: id, eventAt: at };
      const profile = { profile: 'staffology', profileVersion: 1, eventType: 'Employee_Created' };
      await deps.stores.deliveries.saveDelivery(makeDelivery({ ...origin, ...profile, ...change }), 0);
    }
    return { one, tenantId };
  }
  const attempt = (number: number, status: number | null) => ({
    number,
    trigger: 'automatic' as const,
    startedAt: clock.now,
    durationMs: 12,
    id: `attempt ${number}`,
    outcome: status === 200 ? ('success' as const) : status === null ? ('timeout' as const) : ('http_error' as const),
    request: { url: URL, headers: {} },
    response: status === null ? null : { status, headers: {}, body: '', truncated: false },
    error: status === 200 ? null : { code: 'x', message: 'm'.repeat(200) },
  });

  it.each<[string, Parameters<typeof makeDelivery>[0], Record<string, unknown>]>([
    ['not attempted', { status: 'pending' }, { taskStatus: 'Queued', attempts: 0, statusCode: 0, statusMessage: null }],
    [
      'waiting for its next attempt',
      { status: 'pending', attempts: [attempt(1, null), attempt(2, 500)] },
      { taskStatus: 'Processing', attempts: 2, statusCode: 500, statusMessage: 'm'.repeat(150) },
    ],
    [
      'sent',
      { status: 'succeeded', attempts: [attempt(1, 200)] },
      { taskStatus: 'Sent', attempts: 1, statusCode: 200, statusMessage: null },
    ],
    [
      'failed',
      { status: 'failed', attempts: [attempt(31, null)] },
      { taskStatus: 'Failed', attempts: 31, statusCode: 0 },
    ],
    [
      'cancelled',
      { status: 'cancelled', statusReason: { code: 'c', message: 'why' } },
      { taskStatus: 'Failed', statusMessage: 'why' },
    ],
    ['parked', { status: 'parked' }, { taskStatus: 'Queued' }],
  ])('one that is %s', async (_, change, expected) => {
    const { one } = await withDeliveries([change]);
    const answer = await staffology('GET', `${one}/payloads/e-0`);
    expect(answer.json).toMatchObject({ id: 'e-0', name: 'Employee_Created', url: URL, ...expected });
    expect(answer.text).toContain('"payload":[{"n":0.0}]');
    const webhook = await staffology('GET', one);
    expect(webhook.json).toMatchObject({ eventCount: 1, lastPayload: { id: 'e-0', ...expected } });
  });

  it('are known by a GUID if their event has an id of ours or is one itself', async () => {
    const own = '0192f3a4-0000-4000-8000-0123456789ab';
    const { one } = await withDeliveries([{ eventId: 'evt_01JDADM6Q4ZZZZZZZZZZZZZZZZ' }, { eventId: own }]);
    const list = await staffology('GET', `${one}/payloads`);
    expect(list.json).toEqual(
      [own, '019354da-1ae4-ffff-ffff-ffffffffffff'].map((id) => ({
        id,
        name: 'Employee_Created',
        metadata: null,
        url: `${one}/payloads/${id}`,
      })),
    );
    for (const [id, n] of [
      [own, 1],
      ['019354da-1ae4-ffff-ffff-ffffffffffff', 0],
    ]) {
      expect(await staffology('GET', `${one}/payloads/${id}`)).toMatchObject({
        status: 200,
        json: { id, payload: [{ n }] },
      });
    }
  });

  it('come in pages, newest first', async () => {
    const { one } = await withDeliveries([{}, {}, {}, {}, {}]);
    const page = async (query: string) => {
      const { json } = await staffology('GET', `${one}/payloads${query}`);
      return Array.isArray(json) ? json.map(({ id }) => id) : json;
    };
    expect(await page('')).toEqual(['e-4', 'e-3', 'e-2', 'e-1', 'e-0']);
    expect(await page('?pageSize=2&unknown=x')).toEqual(['e-4', 'e-3']);
    expect(await page('?pageSize=2&pageNum=2')).toEqual(['e-2', 'e-1']);
    expect(await page('?PageSize=2&PAGENUM=2')).toEqual(['e-2', 'e-1']);
    expect(await page('?pageSize=2&pageNum=3')).toEqual(['e-0']);
    expect(await page('?pageSize=2&pageNum=4')).toEqual([]);
    expect(await page('?pageSize=5&pageNum=100')).toEqual([]);
    for (const query of ['?pageNum=0', '?pageNum=x', '?pageSize=101', '?pageSize=1.5', '?pageNum=101'])
      expectProblem(await staffology('GET', `${one}/payloads${query}`), 400, 'malformed_request');
  });

  it('of another webhook, or unknown, are not there, and expunged data is gone', async () => {
    const { one, tenantId } = await withDeliveries([{ status: 'succeeded', attempts: [attempt(1, 200)] }]);
    const { one: other } = await subscribe();
    expectProblem(await staffology('GET', `${other}/payloads/e-0`), 404, 'not_found');
    expectProblem(await staffology('GET', `${one}/payloads/e-1`), 404, 'not_found');
    await call('DELETE', `/v1/tenants/${tenantId}/events/e-0/data`);
    expect((await staffology('GET', `${one}/payloads/e-0`)).json).toMatchObject({ payload: null, statusCode: 200 });
  });
});
