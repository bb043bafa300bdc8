import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Client } from './client.ts';
import { eventually } from './eventually.ts';
import { attempted, SWEEP_SECONDS } from './scheduled.ts';
import { scene, useSystem } from './use-system.ts';

const system = useSystem();
const quiet = scene('quiet');
beforeAll(async () => {
  await system().subscribe(quiet.tenant, quiet.path);
});

/** Returns once what the queues held ready has been handled, most likely: an event of another tenant has passed both. */
async function settle(): Promise<void> {
  const client = system();
  const event = await client.publish(quiet.tenant);
  const { id } = await eventually(() => attempted(client, quiet.tenant, event, 1));
  await client.ask(z.unknown(), 'POST', `/v1/tenants/${quiet.tenant}/deliveries/${id}/retry`);
  await attempted(client, quiet.tenant, event, 2);
}

const EVENTS = 200;
/** Of these, as many as may be attempted before the breaker is open. */
const OPENING = 20;
const Health = z.object({
  health: z.object({
    state: z.enum(['healthy', 'failing', 'breaker_open']),
    since: z.string().nullable(),
    failures: z.int(),
    lastFailure: z.looseObject({ status: z.int().nullable(), message: z.string() }).nullable(),
    nextProbeAt: z.string().nullable(),
  }),
});
const Listed = z.looseObject({ status: z.string(), statusReason: z.looseObject({ code: z.string() }).nullable() });

/** A receiver that answers 503 to so many events that its breaker has opened, and all wait. */
async function dead(name: string) {
  const client = system();
  const { tenant, path } = scene(name);
  await client.behave(path, [{ status: 503 }]);
  const { id } = await client.subscribe(tenant, path);
  const url = `/v1/tenants/${tenant}/subscriptions/${id}`;
  const health = async () => (await client.ask(Health, 'GET', url)).health;
  const deliveries = () => client.all(Listed, `${url}/deliveries`);
  const total = async () => (await client.received(path)).total;
  const publish = (count: number) =>
    client.send(...Array.from({ length: count }, () => ({ tenantId: tenant, type: 'thing.happened', data: {} })));
  // How many are under way when the tenth failure is recorded depends on the machine: the others come once it is.
  await publish(OPENING);
  await eventually(async () => expect(await health()).toMatchObject({ state: 'breaker_open' }), 80_000);
  await publish(EVENTS - OPENING);
  await eventually(async () => expect(await deliveries()).toHaveLength(EVENTS), 80_000);
  return { client, tenant, path, url, health, deliveries, total };
}

/** Lets a sweep pass, and all that it wakes be looked at. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= SWEEP_SECONDS) {
    await system().advance(SWEEP_SECONDS, { anyway: true });
    await settle();
  }
}

/** Those that were attempted while it was away wait for their schedules: some for two hours. */
async function allArrive(client: Client, deliveries: () => Promise<z.infer<typeof Listed>[]>): Promise<void> {
  await client.advance(3 * 3_600);
  await pass(3 * SWEEP_SECONDS);
  await eventually(async () => {
    const states = (await deliveries()).map(({ status }) => status);
    expect(states.filter((status) => status !== 'succeeded')).toEqual([]);
  });
}

describe('a receiver that stays away', () => {
  test('costs about one request a pause, however many events wait; when it is back, all arrive as a ramp', async () => {
    const { client, path, health, deliveries, total } = await dead('dead');
    const atOpening = await total();
    expect(atOpening).toBeLessThanOrEqual(OPENING);
    const waiting = (await deliveries()).filter(({ statusReason }) => statusReason?.code === 'breaker_open');
    expect(waiting.length).toBeGreaterThanOrEqual(EVENTS - atOpening);

    // Pauses of 30 s, 1, 2, 4, 8 and 15 minutes begin within half an hour.
    await pass(30 * 60);
    const probes = (await total()) - atOpening;
    console.log(`${atOpening} requests opened the breaker; ${probes} more in 30 minutes`);
    expect(probes).toBeGreaterThanOrEqual(3);
    expect(probes).toBeLessThanOrEqual(6);
    expect(await health()).toMatchObject({
      state: 'breaker_open',
      lastFailure: { status: 503, message: expect.stringContaining('503') },
      nextProbeAt: expect.any(String),
    });
    expect((await health()).failures).toBeGreaterThanOrEqual(10 + probes);

    await client.behave(path, [{ status: 200 }]);
    const before = await total();
    for (let rounds = 0; (await health()).state === 'breaker_open'; rounds += 1) {
      expect(rounds).toBeLessThan(90);
      await pass(SWEEP_SECONDS);
    }
    const recovered = await health();
    expect(recovered).toMatchObject({ state: 'healthy', since: null, failures: 0, lastFailure: null });
    await eventually(async () => expect((await total()) - before).toBeGreaterThan(0));
    // About fourteen in the first ten seconds, thirty more in the next, and slots of the next two.
    expect((await total()) - before).toBeLessThan(EVENTS / 2);

    for (let seconds = 0; seconds < 180; seconds += 5) {
      // Slots of the ramp are waited for by hidden messages.
      await client.advance(5, { anyway: true });
      await settle();
    }
    await allArrive(client, deliveries);
    expect((await total()) - before).toBe(EVENTS);
    expect(await health()).toMatchObject({ state: 'healthy' });
  }, 300_000);

  test('is asked again when its breaker is closed by hand', async () => {
    const { client, path, url, health, deliveries } = await dead('by-hand');
    await client.behave(path, [{ status: 200 }]);
    const closed = await client.ask(Health, 'POST', `${url}/breaker/close`);
    expect(closed.health).toMatchObject({ state: 'failing', nextProbeAt: null });
    for (let seconds = 0; seconds < 120; seconds += 5) {
      // Slots of the ramp are waited for by hidden messages.
      await client.advance(5, { anyway: true });
      await settle();
    }
    await allArrive(client, deliveries);
    expect(await health()).toMatchObject({ state: 'healthy' });
  }, 300_000);
});
