import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSideWork } from '../../functions/api/http/side-work.ts';

describe('work beside a request', () => {
  it('is waited for, and its failure is reported and harms none', async () => {
    const failures: unknown[] = [];
    const done: string[] = [];
    const work = createSideWork((error) => failures.push(error));
    const error = new Error('throttled');
    work.begin(delay(10).then(() => void done.push('a')));
    work.begin(Promise.reject(error));
    await work.settled();
    expect([done, failures]).toEqual([['a'], [error]]);
  });

  it('that takes too long is not waited for', async () => {
    const work = createSideWork(() => {});
    const never = Promise.withResolvers<void>();
    work.begin(never.promise);
    const begun = performance.now();
    await work.settled();
    expect(performance.now() - begun).toBeLessThan(2_000);
    never.resolve();
  });
});
