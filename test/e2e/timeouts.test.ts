import { expect, test } from 'vitest';
import * as z from 'zod';
import { attempted, passGap, startWatch } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem({ context: { attemptTimeoutSeconds: '1' } });

test.each([
  ['never comes', { hang: true }],
  ['comes too late', { delayMs: 3_000 }],
])('an answer that %s is a timeout, and the event is sent again', async (_, response) => {
  const client = system();
  const { tenant, path } = scene('slow');
  await client.behave(path, [response], { status: 200 });
  await client.subscribe(tenant, path);
  const eventId = await client.publish(tenant);
  const delivery = await attempted(client, tenant, eventId, 1);
  expect(delivery).toMatchObject({
    status: 'pending',
    attempts: [{ outcome: 'timeout', response: null, error: { code: 'response_timeout' } }],
  });
  expect(delivery.attempts[0]?.durationMs).toBeGreaterThanOrEqual(990);
  expect(delivery.attempts[0]?.durationMs).toBeLessThan(3_000);
  const next = await passGap(client, await startWatch(client), { tenant, path, delivery });
  expect(next.delivery.status).toBe('succeeded');
});

test('a test of a URL that does not answer says so', async () => {
  const { behave, ask, endpoints } = system();
  const { tenant, path } = scene('slow');
  await behave(path, [{ hang: true }]);
  const body = { url: endpoints.receiverUrl + path };
  const Result = z.object({ outcome: z.string(), durationMs: z.number(), response: z.null(), error: z.unknown() });
  const result = await ask(Result, 'POST', `/v1/tenants/${tenant}/test-url`, { body });
  expect(result).toMatchObject({
    outcome: 'timeout',
    error: { code: 'response_timeout', message: expect.stringContaining('1.0 s') },
  });
  expect(result.durationMs).toBeLessThan(3_000);
});
