import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Client, Delivery } from './client.ts';
import { SWEEP_SECONDS } from './scheduled.ts';
import { arrived, subscribed } from './steps.ts';
import { useSystem } from './use-system.ts';

const system = useSystem();
const HOUR = 3_600_000;

const Counts = z.record(z.string(), z.int());
const counters = {
  deliveries: Counts,
  attempts: z.int(),
  outcomes: Counts,
  statusClasses: Counts,
  latencyMs: z.object({ p50: z.number().nullable(), p95: z.number().nullable() }),
};
const Stats = z.object({
  from: z.string(),
  to: z.string(),
  totals: z.object(counters),
  series: z.array(z.object({ from: z.string(), ...counters })),
});
const some = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

/** Passes the minutes that statistics are behind, until they know of so many attempts. */
async function added(client: Client, path: string, attempts: number): Promise<z.infer<typeof Stats>> {
  for (let minutes = 0; ; minutes += 1) {
    const read = await client.ask(Stats, 'GET', path);
    if (read.totals.attempts === attempts) return read;
    expect(read.totals.attempts).toBeLessThan(attempts);
    expect(minutes).toBeLessThan(20);
    await client.advance(SWEEP_SECONDS);
    await sleep(200);
  }
}

describe('statistics', () => {
  test('agree with what the receiver saw, for a subscription and for its tenant', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'stats', { profile: 'standard' });
    const other = '/stats-other';
    await client.behave(path, [{ status: 204 }, { status: 500 }, { status: 404, delayMs: 300 }], { status: 200 });
    await client.behave(other, [{ status: 410 }]);

    for (let count = 1; count <= 3; count += 1) {
      await client.publish(tenant);
      await arrived(client, path, count);
    }
    await client.subscribe(tenant, other);
    await client.publish(tenant);
    await arrived(client, path, 4);
    await arrived(client, other, 1);

    // The retries come within the hour or the next one; none is lost between the two.
    const total = async () => (await client.received(path)).total;
    for (let minutes = 0; (await total()) < 6; minutes += 1) {
      expect(minutes).toBeLessThan(20);
      await client.advance(SWEEP_SECONDS);
      // An attempt under way must end before the clock jumps past its claim, or it is made again.
      await sleep(500);
    }
    await sleep(500);
    const ended = await added(client, `${one}/stats`, 6);
    expect(ended.totals.deliveries).toEqual({ succeeded: 4, failed: 0 });
    expect(some(ended.totals.outcomes)).toEqual({ success: 4, http_error: 2 });
    expect(some(ended.totals.statusClasses)).toEqual({ '2xx': 4, '4xx': 1, '5xx': 1 });
    expect(ended.totals.attempts).toBe(await total());
    expect(ended.series).toHaveLength(25);
    expect(ended.series.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(await total());

    const ofTenant = await added(client, `/v1/tenants/${tenant}/stats`, 7);
    expect(ofTenant.totals.deliveries).toEqual({ succeeded: 4, failed: 1 });
    expect(some(ofTenant.totals.statusClasses)).toEqual({ '2xx': 4, '4xx': 2, '5xx': 1 });

    const recorded = await client.all(Delivery, `${one}/deliveries`);
    const durations = recorded
      .flatMap(({ attempts }) => attempts.map(({ durationMs }) => durationMs))
      .sort((a, b) => a - b);
    expect(durations).toHaveLength(6);
    for (const [share, estimate] of [
      [0.5, ended.totals.latencyMs.p50],
      [0.95, ended.totals.latencyMs.p95],
    ] as const) {
      const exact = Math.max(1, durations[Math.ceil(6 * share) - 1] ?? 0);
      expect(Math.abs((estimate ?? 0) / exact - 1)).toBeLessThan(0.1);
    }
  });

  test('come by hour and by day, with zeros where nothing happened', async () => {
    const client = system();
    const { tenant, path, one } = await subscribed(client, 'hours');
    // The hour has just begun: the first event belongs to it, and the second to the hour after the next.
    await client.advance((HOUR - ((await client.now()) % HOUR)) / 1_000);
    await client.publish(tenant);
    await arrived(client, path, 1);
    await added(client, `${one}/stats`, 1);
    await client.advance((2 * HOUR) / 1_000);
    await client.publish(tenant);
    await arrived(client, path, 2);
    await added(client, `${one}/stats`, 2);
    const read = (query: string) => client.ask(Stats, 'GET', `${one}/stats${query}`);
    const since = new Date((await client.now()) - 3 * HOUR).toISOString();
    const attempts = (await read(`?from=${since}`)).series.map((hour) => hour.attempts);
    expect(attempts.join('')).toMatch(/^0*1010*$/);
    const days = await read(`?interval=day&from=${since}`);
    expect(days.totals.attempts).toBe(2);
    expect(days.series.length).toBeLessThanOrEqual(2);
    expect((await client.ask(Stats, 'GET', `/v1/tenants/${tenant}/stats?from=${since}&interval=day`)).totals).toEqual(
      days.totals,
    );
  });

  test('of what is not there, and of no range, are refused', async () => {
    const client = system();
    const { tenant, one } = await subscribed(client, 'refused');
    const refused = async (path: string) => {
      const { status, body } = await client.call('GET', path);
      return { status, body };
    };
    expect(await refused(`/v1/tenants/absent/stats`)).toMatchObject({ status: 404 });
    expect(await refused(`/v1/tenants/${tenant}/subscriptions/sub_${'0'.repeat(26)}/stats`)).toMatchObject({
      status: 404,
    });
    expect(await refused(`${one}/stats?interval=week`)).toMatchObject({ status: 422 });
    const long = new Date((await client.now()) - 32 * 24 * HOUR).toISOString();
    expect(await refused(`${one}/stats?from=${long}`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: '?from', message: 'must be at most 31 days before to' }] },
    });
  });
});
