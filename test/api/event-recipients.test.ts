import { beforeAll, expect, it } from 'vitest';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';
import { makeDelivery, makeEvent } from '../support/domain.ts';

const { call, deps, clock } = useApi();
const T = '/v1/tenants/acme';
const ids: Record<string, string> = {};

beforeAll(async () => {
  const subscribe = async (name: string, rest: object = {}) => {
    const body = { name, url: 'https://a.example/', eventTypes: ['*'], ...rest };
    ids[name] = (await call('POST', `${T}/subscriptions`, { body })).field('id');
    clock.now += 1;
  };
  await subscribe('served');
  await subscribe('elsewhere', { environment: 'development' });
  await subscribe('picky', { filter: { data: { id: [1] } } });
  await subscribe('waiting');
  const at = clock.now;
  const event = makeEvent({ acceptedAt: at, occurredAt: at, recordedAt: at });
  await deps.stores.events.putEvents([event, { ...event, id: 'own-id', type: 'payrun.finalized' }]);
  await deps.stores.deliveries.saveDelivery(makeDelivery({ subscriptionId: ids.served ?? '', eventAt: at }), 0);
  clock.now += 1;
  await subscribe('late');
  clock.now += 1;
  await call('PATCH', `${T}/subscriptions/${ids.elsewhere}`, { body: { eventTypes: ['a.b'] } });
});

it('says of each subscription, newest first, what became of an event', async () => {
  const { json } = await call('GET', `${T}/events/evt_1/recipients`, { as: tenantOf('acme', true) });
  const missed = { code: expect.stringMatching(/^field_/), field: 'data.id' };
  const row = (name: string, code: string | null, changedSince = false) => ({
    name,
    subscriptionId: ids[name],
    url: 'https://a.example/',
    status: 'active',
    changedSince,
    delivery: code === null ? { eventId: 'evt_1', subscriptionId: ids[name], status: 'pending' } : null,
    reason:
      code === null
        ? null
        : { code, message: expect.stringMatching(/\S/), mismatch: code === 'filter' ? missed : null },
  });
  expect(json).toMatchObject({
    data: [
      row('late', 'created_later', true),
      row('waiting', 'not_on_record'),
      row('picky', 'filter'),
      row('elsewhere', 'other_environment', true),
      row('served', null),
    ],
    nextCursor: null,
  });
});

it('is a list with pages', async () => {
  const path = `${T}/events/evt_1/recipients?limit=2`;
  const first = await call('GET', path);
  const second = await call('GET', `${path}&cursor=${first.field('nextCursor')}`);
  expect([first.json, second.json]).toMatchObject([
    { data: [{ name: 'late' }, { name: 'waiting' }] },
    { data: [{ name: 'picky' }, { name: 'elsewhere' }] },
  ]);
});

it('is not found for an event that is not there', async () => {
  expectProblem(await call('GET', `${T}/events/none/recipients`), 404, 'not_found');
});

it('events are listed without their data, if they are asked for so', async () => {
  const { json } = await call('GET', `${T}/events?omit=data`);
  expect(json).toMatchObject({ data: [{ id: 'own-id' }, { id: 'evt_1' }] });
  for (const event of Object(json).data) expect(event).not.toHaveProperty('data');
  expect(Object((await call('GET', `${T}/events`)).json).data[0]).toHaveProperty('data');
  expectProblem(await call('GET', `${T}/events?omit=type`), 422, 'invalid_request');
});
