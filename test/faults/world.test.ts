import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { checkCampaign, describeVerdict } from './check-campaign.ts';
import type { MutatedRun, MutatedVerdict } from './mutated-world.ts';
import { MUTATIONS } from './mutations.ts';
import { runWorld } from './world.ts';

/** The same worlds each time: what is rare must not fail on another day. */
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const EVENTS = 120;
/** Until the first that shows it. The first two show what is rare. */
const MUTATED_SEEDS = [46, 36, ...Array.from({ length: 30 }, (_, index) => index + 1)];

describe('a world in which everything fails now and then', () => {
  const done: Record<string, number> = {};

  test.each(SEEDS)('loses, repeats and invents nothing with seed %i', async (seed) => {
    const { record, quiet, counts } = await runWorld({ seed, events: EVENTS });
    const verdict = checkCampaign(record);
    expect(verdict.findings, describeVerdict(verdict)).toEqual([]);
    expect(quiet).toBe(true);
    for (const [name, count] of Object.entries(counts)) done[name] = (done[name] ?? 0) + count;
  });

  test('does the same again with the same seed', async () => {
    const [one, other] = [await runWorld({ seed: 7, events: 40 }), await runWorld({ seed: 7, events: 40 })];
    expect(one).toEqual(other);
  });

  test.each([
    'throttled',
    'in part',
    'answer lost',
    'call repeated',
    'stale read',
    'handed out twice',
    'published again',
    'sent again by the API',
    'purged from deliveries',
    'purged from retries',
    'purged from jobs',
    'limit',
    'replay',
    'settled by a job',
    'went on with a fan-out',
    'not told',
    'crash before a call',
    'crash after recorded',
    'crash after effects_done',
    'crash after effects_cleared',
    'crash after health_written',
    'crash after queued',
  ])('there was: %s', (name) => {
    expect(done[name]).toBeGreaterThan(0);
  });
});

describe('the checker notices that', () => {
  test.concurrent.each(MUTATIONS)('$name', { timeout: 300_000 }, async (mutation) => {
    const workerData: MutatedRun = { mutation, seeds: MUTATED_SEEDS, events: EVENTS };
    const thread = new Worker(new URL('./mutated-world.ts', import.meta.url), { workerData });
    const [verdict]: MutatedVerdict[] = await once(thread, 'message');
    await thread.terminate();
    expect(verdict?.findings).not.toEqual([]);
  });
});
