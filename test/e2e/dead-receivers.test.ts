import { expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const DELIVERIES = 2_000;
/** Workers of the retries queue, with ten messages each. */
const WORKED_ON = 500;

test(`${DELIVERIES} deliveries that wait for a dead receiver are not in flight`, { timeout: 300_000 }, async () => {
  const { ask, behave, subscribe, received, advance, countMessages } = system();
  const { tenant, path } = scene('dead');
  // Without a breaker, and with gaps that the queue carries: what waits could all be hidden messages.
  const profile = {
    name: 'eager',
    envelope: { data: '{{event.data}}' },
    retry: { gapsSeconds: [60, 60, 60], jitter: 0 },
    subscription: { secret: 'none' },
  };
  await ask(z.unknown(), 'POST', '/v1/profiles', { body: profile });
  await behave(path, [{ status: 500 }]);
  await subscribe(tenant, path, { profile: 'eager' });
  for (let sent = 0; sent < DELIVERIES; sent += 100) {
    const events = Array.from({ length: 100 }, () => ({ type: 'thing.happened', data: {} }));
    await ask(z.unknown(), 'POST', `/v1/tenants/${tenant}/events`, { body: { events } });
  }

  let most = 0;
  const retries = async () => {
    const queue = (await countMessages()).find(({ queue: name }) => name.includes('Retries') && !name.includes('Dead'));
    if (queue === undefined) throw new Error('there is no retries queue');
    most = Math.max(most, queue.inFlight);
    return queue;
  };
  for (const attempts of [1, 2]) {
    await eventually(async () => {
      await retries();
      expect((await received(path)).total).toBeGreaterThanOrEqual(attempts * DELIVERIES);
    }, 100_000);
    // All wait, and none is in flight.
    await eventually(
      async () => expect(await retries()).toMatchObject({ count: DELIVERIES, visible: 0, inFlight: 0 }),
      30_000,
    );
    await advance(60);
  }
  expect(most).toBeLessThanOrEqual(WORKED_ON);
});
