import { expect, test } from 'vitest';
import * as z from 'zod';
import standard from '../../functions/core/profile/standard.json' with { type: 'json' };
import { Delivery, Subscription } from './client.ts';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem({ context: { canary: 'true' } });

const TENANT = '/v1/tenants/posthorn-canary';
const PERIOD_SECONDS = 5 * 60;

/** What became of each event of the canary, newest first. */
async function outcomes(): Promise<string[]> {
  const { all } = system();
  const events = await all(z.looseObject({ id: z.string() }), `${TENANT}/events`);
  const deliveries = await Promise.all(events.map(({ id }) => all(Delivery, `${TENANT}/events/${id}/deliveries`)));
  return deliveries.map((ofOne) =>
    ofOne.map(({ status, attempts }) => `${status} ${attempts.map(({ response }) => response?.status)}`).join(),
  );
}

test('the canary goes the whole way, is verified, and says how long it took', async () => {
  const { advance, all, endpoints } = system();
  await advance(PERIOD_SECONDS);
  await eventually(async () => expect(await outcomes()).toEqual(['succeeded 204']));
  expect(await all(Subscription, `${TENANT}/subscriptions`)).toMatchObject([
    { url: `${endpoints.apiUrl}/canary`, status: 'active' },
  ]);
  await eventually(async () => expect(system.logs()).toMatch(/"CanaryRoundTrip":\d+/));

  // Anyone can call its address.
  const forged = await fetch(`${endpoints.apiUrl}/canary`, { method: 'POST', body: '{"data":{"sentAt":0}}' });
  expect(forged.status).toBe(401);
});

test('what someone does to its subscription is mended by the next run', async () => {
  const { advance, all, call } = system();
  const [subscription] = await all(Subscription, `${TENANT}/subscriptions`);
  expect((await call('POST', `${TENANT}/subscriptions/${subscription?.id}/pause`)).status).toBe(200);
  const { length } = await outcomes();
  await advance(PERIOD_SECONDS);
  await eventually(async () => {
    const now = await outcomes();
    expect(now).toHaveLength(length + 1);
    expect(now[0]).toBe('succeeded 204');
  });
});

test('a trace goes from the publisher to the log and, where its profile says so, to the receiver', async () => {
  const { behave, call, received, subscribe } = system();
  const { tenant, path } = scene('traced');
  const made = await call('POST', '/v1/profiles', { body: { ...standard, name: 'tracing', traceparent: true } });
  expect(made).toMatchObject({ status: 201 });
  await subscribe(tenant, path, { profile: 'tracing' });
  await subscribe(tenant, `${path}-plain`);
  await behave(path, [{ status: 500 }]);

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const event = { type: 'employee.created', data: 1 };
  const headers = { traceparent };
  expect((await call('POST', `/v1/tenants/${tenant}/events`, { body: event, headers })).status).toBe(202);

  await eventually(async () => {
    const [traced, plain] = await Promise.all(
      [path, `${path}-plain`].map(async (one) => (await received(one)).requests),
    );
    expect(traced?.[0]?.headers).toMatchObject({ traceparent });
    expect(plain).toHaveLength(1);
    expect(plain?.[0]?.headers).not.toHaveProperty('traceparent');
  });
  await eventually(async () => {
    const line = system
      .logs()
      .split('\n')
      .find((one) => one.includes('an attempt failed'));
    expect(line).toContain(`"traceId":"${traceId}"`);
    expect(line).toMatch(/"requestId":"[0-9a-f-]{36}"/);
  });
});
