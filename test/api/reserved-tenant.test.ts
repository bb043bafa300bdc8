import { expect, it } from 'vitest';
import type { Method } from '../../functions/api/http/route.ts';
import { STACK_KEY } from '../../functions/core/access/principal.ts';
import { type ApiRequest, expectProblem, useApi } from '../support/api.ts';

const { call, queues } = useApi();
const T = '/v1/tenants/posthorn';
const reader: ApiRequest = { as: { ...STACK_KEY, role: 'read' } };

it.each<[string, Method, string, ApiRequest]>([
  ['publishing', 'POST', `${T}/events`, { body: { type: 'a.b', data: 1 } }],
  [
    'publishing by a key that only publishes',
    'POST',
    `${T}/events`,
    { as: { ...STACK_KEY, role: 'publish' }, body: {} },
  ],
  ['a portal token', 'POST', `${T}/portal-tokens`, { body: {} }],
  ['an API key', 'POST', '/v1/api-keys', { body: { name: 'x', role: 'read', tenantId: 'posthorn' } }],
  ['reading by a key that is not admin', 'GET', `${T}/events`, reader],
])('the reserved tenant refuses %s', async (_, method, path, request) => {
  const answer = await call(method, path, request);
  expectProblem(answer, 403, 'forbidden');
  expect(answer.text).toContain('reserved');
  expect(await queues.events.take()).toEqual([]);
});

it('the reserved tenant takes subscriptions, and shows its events', async () => {
  const body = { url: 'https://ops.example/', eventTypes: ['posthorn.*'] };
  expect(await call('POST', `${T}/subscriptions`, { body })).toMatchObject({ status: 201 });
  expect(await call('GET', `${T}/events`)).toMatchObject({ status: 200, json: { data: [] } });
  // Another tenant is open to such a key.
  expect(await call('GET', '/v1/tenants/acme/events', reader)).toMatchObject({ status: 200 });
});
