import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateLimits } from '../../functions/adapters/dynamodb/rate-limits.ts';
import { remember } from '../../functions/adapters/remember.ts';
import { createKeyLimit } from '../../functions/api/http/key-limit.ts';
import { STACK_KEY } from '../../functions/core/access/principal.ts';
import type { RateLimitStore } from '../../functions/core/delivery/rate-limit.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { NOW } from '../support/domain.ts';
import { useTables } from '../support/emulators.ts';
import { MemoryRateLimits } from '../support/memory-rate-limits.ts';

let now = NOW;
const processOf = (rates: RateLimitStore) =>
  createKeyLimit({ rates, remember: remember({ max: 10, ttlMs: null }), now: () => now });

/** The most that were served in any window of that many seconds. */
function mostIn(seconds: number, served: readonly number[]): number {
  return Math.max(0, ...served.map((from) => served.filter((at) => at >= from && at < from + seconds * 1_000).length));
}

describe('requests of a limited key', () => {
  it('are never served faster than said, however they come to however many processes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.record({ gapMs: fc.nat(400), count: fc.nat(30), process: fc.nat(7) }), { maxLength: 60 }),
        async (maxPerSecond, processes, batches) => {
          now = NOW;
          const rates = new MemoryRateLimits();
          const all = Array.from({ length: processes }, () => processOf(rates));
          const served: number[] = [];
          for (const { gapMs, count, process } of batches) {
            now += gapMs;
            const isWithinLimit = all[process % processes] ?? processOf(rates);
            const answers = await Promise.all(
              Array.from({ length: count }, () => isWithinLimit('key_1', maxPerSecond)),
            );
            served.push(...answers.filter((one) => one).map(() => now));
          }
          for (const seconds of [1, 3, 10])
            expect(mostIn(seconds, served)).toBeLessThanOrEqual(maxPerSecond * (seconds + 1.25) + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['5 a second, one process', 5, 1, 20],
    ['50 a second, one process', 50, 1, 200],
    ['50 a second, four processes', 50, 4, 200],
    ['50 a second, twenty processes', 50, 20, 200],
  ])('that come too fast are served as fast as said: %s', async (_, maxPerSecond, processes, asked) => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const all = Array.from({ length: processes }, () => processOf(rates));
    let served = 0;
    for (let request = 0; request < asked * 20; request += 1) {
      now += 1_000 / asked;
      if (await all[request % processes]?.('key_1', maxPerSecond)) served += 1;
    }
    // After 20 seconds, with the first second's burst.
    expect(served).toBeGreaterThanOrEqual(maxPerSecond * 20 * 0.95);
    expect(served).toBeLessThanOrEqual(maxPerSecond * 21.25 + 1);
  });

  it.each([
    ['from one process', 1],
    ['from eight', 8],
  ])('that come at the half of it are all served, %s', async (_, processes) => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const all = Array.from({ length: processes }, () => processOf(rates));
    for (let request = 0; request < 500; request += 1) {
      now += 40;
      expect(await all[request % processes]?.('key_1', 50), `request ${request}`).toBe(true);
    }
  });

  it('cost far less than a write each when a process has many, and four writes a second when it is over the limit', async () => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const isWithinLimit = processOf(rates);
    for (let request = 0; request < 1_000; request += 1) {
      now += 2;
      await isWithinLimit('key_1', 1_000);
    }
    expect(rates.updates).toBeLessThan(60);
    rates.updates = 0;
    for (let request = 0; request < 1_000; request += 1) {
      now += 10;
      await isWithinLimit('key_2', 0.1);
    }
    // Ten seconds, and the two requests that were served.
    expect(rates.updates).toBeLessThanOrEqual(42);
  });

  it('do not use slots of long ago beside those of now', async () => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const [one, other] = [processOf(rates), processOf(rates)];
    // So many that some of the last reservation are left.
    for (let request = 0; request < 16; request += 1) await one('key_1', 40);
    now += 5_000;
    const asked = [...Array(20).fill(one), ...Array(60).fill(other)].map((ask: typeof one) => ask('key_1', 40));
    const served = (await Promise.all(asked)).filter((served) => served);
    // A second's, and one.
    expect(served.length).toBeLessThanOrEqual(41);
    expect(served.length).toBeGreaterThan(30);
  });

  it('that come one by one to processes that were busy before are all served', async () => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const all = Array.from({ length: 20 }, () => processOf(rates));
    for (const one of all) {
      now += 1_000;
      for (let request = 0; request < 30; request += 1) await one('key_1', 50);
    }
    now += 1_000;
    expect(await Promise.all(all.map((one) => one('key_1', 50)))).toEqual(Array(20).fill(true));
  });

  it('share the slots that are being reserved', async () => {
    now = NOW;
    const rates = new MemoryRateLimits();
    const isWithinLimit = processOf(rates);
    const answers = await Promise.all(Array.from({ length: 40 }, () => isWithinLimit('key_1', 10)));
    expect(answers.filter((one) => one)).toHaveLength(11);
    expect(rates.updates).toBeLessThan(11);
  });

  it('are those of one key', async () => {
    now = NOW;
    const isWithinLimit = processOf(new MemoryRateLimits());
    expect([await isWithinLimit('key_1', 1), await isWithinLimit('key_1', 1), await isWithinLimit('key_1', 1)]).toEqual(
      [true, true, false],
    );
    expect(await isWithinLimit('key_2', 1)).toBe(true);
  });

  it('wait for no one when a reservation fails', async () => {
    now = NOW;
    const failing = processOf({ reserveSlots: () => Promise.reject(new Error('throttled')) });
    const answers = await Promise.allSettled([failing('key_1', 5), failing('key_1', 5)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('over DynamoDB', () => {
  const tables = useTables();

  it('eight processes serve as many as the key may send, and no more', async () => {
    now = NOW;
    const all = Array.from({ length: 8 }, () => processOf(createRateLimits(tables)));
    const served: number[] = [];
    for (let tick = 0; tick < 40; tick += 1) {
      now += 50;
      const answers = await Promise.all(all.flatMap((one) => [one('key_1', 50), one('key_1', 50)]));
      served.push(...answers.filter((one) => one).map(() => now));
    }
    // Two seconds, and the burst of the one before.
    expect(served.length).toBeGreaterThanOrEqual(2 * 50 * 0.95);
    expect(served.length).toBeLessThanOrEqual(50 * 3.25 + 1);
  });
});

describe('the answer to what is over the limit', () => {
  const { call, deps } = useApi();

  it('is 429 with Retry-After, also to what would be refused otherwise', async () => {
    const limited = {
      authenticate: async (authorization: string | undefined) => ({
        ...(await deps.authenticate(authorization)),
        maxPerSecond: 5,
      }),
      isWithinLimit: async () => false,
    };
    for (const target of ['/v1/tenants', '/v1/tenants?limit=0']) {
      const answer = await call('GET', target, {}, limited);
      expectProblem(answer, 429, 'rate_limited');
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(await call('GET', '/v1/tenants', {}, { ...limited, isWithinLimit: async () => true })).toMatchObject({
      status: 200,
    });
    expect(await call('GET', '/v1/health', {}, limited)).toMatchObject({ status: 200 });
  });

  it.each([
    [1_000, '1'],
    [1, '1'],
    [0.3, '4'],
    [0.1, '10'],
  ])('says when there is a slot again: with %d a second, after %s seconds', async (maxPerSecond, seconds) => {
    const authenticate = async () => ({ principal: STACK_KEY, maxPerSecond });
    const answer = await call('GET', '/v1/tenants', {}, { authenticate, isWithinLimit: async () => false });
    expect(answer.headers['retry-after']).toBe(seconds);
  });

  it('is not asked for where there is no limit', async () => {
    const isWithinLimit = () => Promise.reject(new Error('asked'));
    expect(await call('GET', '/v1/tenants', {}, { isWithinLimit })).toMatchObject({ status: 200 });
  });
});
