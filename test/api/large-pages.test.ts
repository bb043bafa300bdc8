import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { newId } from '../../functions/core/ids.ts';
import { useApi } from '../support/api.ts';
import { makeAttempt, makeDelivery, makeEvent, makeEventType, makeSubscription } from '../support/domain.ts';
import { profileDocument } from '../support/profiles.ts';

const { call, deps, clock } = useApi();
const T = '/v1/tenants/acme';
/** What Lambda takes for an answer, in bytes: the body is a string of JSON there. */
const LAMBDA_BYTES = 6_291_556;

const DELIVERIES = 60;
const PROFILES = 70;
const BUILT_IN = 5;

beforeAll(async () => {
  const { stores } = deps;
  const at = clock.now;
  const times = { acceptedAt: at, occurredAt: at, recordedAt: at };
  const data = JSON.stringify('漢'.repeat(87_000));
  for (let index = 0; index < 30; index += 1)
    await stores.events.putEvents([makeEvent({ id: `long-${index}`, data, ...times })]);
  await stores.events.putEvents([makeEvent({ tenantId: 'busy', id: 'one', ...times })]);
  const response = { status: 500, headers: {}, body: '"'.repeat(2_048), truncated: false };
  const attempts = Array.from({ length: 40 }, (_, index) => makeAttempt({ number: index + 1, response }));
  for (let index = 0; index < DELIVERIES; index += 1) {
    const id = newId('sub', at + index, Math.random);
    await stores.subscriptions.saveSubscription(makeSubscription({ tenantId: 'busy', id }), 0);
    const delivery = { tenantId: 'busy', subscriptionId: id, eventId: 'one', eventAt: at, attempts };
    await stores.deliveries.saveDelivery(makeDelivery(delivery), 0);
  }
  const text = JSON.stringify({ description: 'x'.repeat(95_000) });
  for (let index = 0; index < PROFILES; index += 1) {
    await stores.eventTypes.saveEventType(makeEventType({ name: `a.n${index}`, schema: text, example: text }), 0);
    const profile = { name: `p${index}`, envelope: { text: 'x'.repeat(90_000), data: '{{event.data}}' } };
    expect(await call('POST', '/v1/profiles', { body: profileDocument(profile) })).toMatchObject({ status: 201 });
  }
});

const Page = z.object({ data: z.array(z.looseObject({})), nextCursor: z.string().nullable() });

it.each([
  [`${T}/events`, 30],
  ['/v1/tenants/busy/events/one/deliveries', DELIVERIES],
  ['/v1/tenants/busy/events/one/recipients', DELIVERIES],
  ['/v1/event-types', PROFILES],
  ['/v1/profiles', PROFILES + BUILT_IN],
])('%s is listed whole, in pages that Lambda can answer with', async (path, count) => {
  const seen = new Set<string>();
  let listed = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, headers, text, json } = await call(
      'GET',
      `${path}?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    expect(status).toBe(200);
    expect(Buffer.byteLength(JSON.stringify({ statusCode: status, headers, body: text }))).toBeLessThan(LAMBDA_BYTES);
    const page = Page.parse(json);
    for (const { id, name, subscriptionId } of page.data) seen.add(String(id ?? subscriptionId ?? name));
    listed += page.data.length;
    cursor = page.nextCursor;
  }
  expect([listed, seen.size]).toEqual([count, count]);
});
