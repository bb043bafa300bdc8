import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkCampaign, describeVerdict } from './check-campaign.ts';
import { liveThrough, WORLD_COMMANDS } from './world.ts';

/*
 * The model of subscriptions, deliveries, their health, limits and jobs together: a short history, which fast-check makes
 * shorter still when the checker finds something. The world has subscriptions with a breaker, with a rate and with a
 * maximum in flight; what befalls each call follows from the seed.
 */

const history = fc.array(fc.array(fc.constantFrom(...WORLD_COMMANDS), { minLength: 1, maxLength: 4 }), {
  minLength: 5,
  maxLength: 60,
});

test('whatever happens in whichever order, nothing is lost, repeated without cause, early, stuck, invented or undone', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), history, async (seed, groups) => {
      const { record, quiet } = await liveThrough(seed, groups);
      const verdict = checkCampaign(record);
      expect(verdict.findings, describeVerdict(verdict)).toEqual([]);
      expect(quiet).toBe(true);
    }),
    // The same histories each time: what is rare must not fail on another day.
    { numRuns: 200, seed: 20_261_125 },
  );
});
