import { describe, expect, it } from 'vitest';
import { expectProblem, useApi } from '../support/api.ts';

const { call } = useApi();
const BODY = { url: 'https://a.example/', eventTypes: ['*'] };
const subscribe = (tenantId: string, rest: object = {}) =>
  call('POST', `/v1/tenants/${tenantId}/subscriptions`, { body: { ...BODY, ...rest } });

describe('the limits of a subscription', () => {
  it('are shown, changed and cleared', async () => {
    const made = await subscribe('limited', { maxPerSecond: 12.5, maxConcurrent: 3 });
    expect(made.json).toMatchObject({ maxPerSecond: 12.5, maxConcurrent: 3 });
    const path = `/v1/tenants/limited/subscriptions/${made.field('id')}`;
    expect((await call('PATCH', path, { body: { maxPerSecond: 50 } })).json).toMatchObject({ maxPerSecond: 50 });
    expect((await call('PATCH', path, { body: { name: 'other' } })).json).toMatchObject({ maxPerSecond: 50 });
    expect((await call('PATCH', path, { body: { maxPerSecond: null } })).json).toMatchObject({ maxPerSecond: null });
    expect((await call('GET', path)).json).toMatchObject({ maxPerSecond: null, maxConcurrent: 3 });
  });

  it.each([
    [{ maxPerSecond: 0 }, 'must be at least 0.1, which is one request in ten seconds'],
    [{ maxPerSecond: 1_001 }, 'must be at most 1000'],
    [{ maxConcurrent: 1.5 }, 'must be a whole number of requests'],
    [{ maxConcurrent: 0 }, 'must be at least 1'],
    [{ maxConcurrent: 101 }, 'must be at most 100'],
    [{ maxPerSecond: '5' }, 'must be a number of requests a second'],
  ])('%j is refused', async (body, message) => {
    const refused = await subscribe('limited', body);
    expectProblem(refused, 422, 'invalid_request');
    expect(refused.json).toMatchObject({ errors: [{ path: `/${Object.keys(body)[0]}`, message }] });
  });
});

describe("a tenant's defaults", () => {
  it('are copied to subscriptions that are made, or lose their own limit, from then on', async () => {
    const before = await subscribe('careful');
    const path = (id: string) => `/v1/tenants/careful/subscriptions/${id}`;
    const put = await call('PUT', '/v1/tenants/careful', {
      body: { defaultMaxPerSecond: 5, defaultMaxConcurrent: 2 },
    });
    expect(put.json).toMatchObject({ defaultMaxPerSecond: 5, defaultMaxConcurrent: 2 });
    expect((await call('GET', path(before.field('id')))).json).toMatchObject({ maxPerSecond: null });
    expect((await subscribe('careful')).json).toMatchObject({ maxPerSecond: 5, maxConcurrent: 2 });
    const own = await subscribe('careful', { maxPerSecond: 20 });
    expect(own.json).toMatchObject({ maxPerSecond: 20, maxConcurrent: 2 });
    const cleared = await call('PATCH', path(own.field('id')), { body: { maxPerSecond: null } });
    expect(cleared.json).toMatchObject({ maxPerSecond: 5 });
    expect((await call('GET', '/v1/tenants/careful')).json).toMatchObject({ defaultMaxPerSecond: 5 });
  });

  it('are refused like any limit', async () => {
    const refused = await call('PUT', '/v1/tenants/careful', { body: { defaultMaxPerSecond: -1 } });
    expectProblem(refused, 422, 'invalid_request');
    expect(refused.json).toMatchObject({ errors: [{ path: '/defaultMaxPerSecond' }] });
  });
});
