import { expect, it } from 'vitest';
import { deliveryId, newId } from '../../functions/core/ids.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { makeDelivery, makeEvent } from '../support/domain.ts';

const { call, deps } = useApi();
const T = '/v1/tenants/acme';

it('a subscription that has expired takes no test, no replay and no retry, and says why', async () => {
  const events = ['*'];
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: events } });
  const path = `${T}/subscriptions/${created.field('id')}`;
  const subscriptionId = String(created.field('id'));
  const eventId = newId('evt', Date.now(), Math.random);
  await deps.stores.events.putEvents([makeEvent({ id: eventId, acceptedAt: Date.now() })]);
  const delivery = makeDelivery({ subscriptionId, eventId, eventAt: Date.now(), status: 'failed' });
  await deps.stores.deliveries.saveDelivery(delivery, 0);
  await call('PATCH', path, { body: { expiresAt: '2026-01-01T00:00:00Z' } });
  const requests: [string, object?][] = [
    [`${path}/test`],
    [`${path}/replays`, { from: '2026-01-01T00:00:00Z' }],
    [`${T}/events/${eventId}/replay`, { subscriptionId }],
    [`${T}/deliveries/${deliveryId(delivery)}/retry`],
  ];
  for (const [asked, body] of requests) {
    const answer = await call('POST', asked, body === undefined ? {} : { body });
    expectProblem(answer, 409, 'conflict');
    expect(answer.json).toMatchObject({ detail: expect.stringContaining('has expired') });
  }
  const count = await call('POST', `${path}/replays`, { body: { from: '2026-01-01T00:00:00Z', dryRun: true } });
  expect(count.status).toBe(202);
});

it('a delivery whose event was expunged, or is gone, is not retried', async () => {
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } });
  const subscriptionId = String(created.field('id'));
  for (const [eventId, message] of [
    ['expunged', 'was expunged'],
    ['gone', 'no longer in the journal'],
  ] as const) {
    const delivery = makeDelivery({ subscriptionId, eventId, eventAt: Date.now(), status: 'failed' });
    await deps.stores.deliveries.saveDelivery(delivery, 0);
    if (eventId === 'expunged') await deps.stores.events.putEvents([makeEvent({ id: eventId, data: null })]);
    const answer = await call('POST', `${T}/deliveries/${deliveryId(delivery)}/retry`);
    expectProblem(answer, 409, 'conflict');
    expect(answer.json).toMatchObject({ detail: expect.stringContaining(message) });
  }
});

it('what a webhook never got cannot be asked for by its answer', async () => {
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } });
  const replays = `${T}/subscriptions/${created.field('id')}/replays`;
  const body = { from: '2026-01-01T00:00:00Z', status: 'missing', responseStatus: '5xx' };
  const refused = await call('POST', replays, { body });
  expectProblem(refused, 422, 'invalid_request');
  expect(refused.json).toMatchObject({ errors: [{ path: '/responseStatus' }] });
  expect((await call('POST', replays, { body: { ...body, status: 'failed' } })).status).toBe(202);
});
