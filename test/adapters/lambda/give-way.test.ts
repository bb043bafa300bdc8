import { describe, expect, it } from 'vitest';
import { createGiveWay } from '../../../functions/adapters/lambda/give-way.ts';

/** A stretch takes 0.1 ms, a turn of the event loop 0.01 ms, and what others do in it. */
function setup(othersMs: (turn: number) => number) {
  const log: string[] = [];
  let [now, turns] = [0, 0];
  const giveWay = createGiveWay(2, {
    now: () => now,
    turn: async () => {
      turns += 1;
      now += 0.01 + othersMs(turns);
    },
  });
  const work = async (name: string, stretches: number): Promise<void> => {
    for (let count = 0; count < stretches; count += 1) {
      await giveWay();
      log.push(name);
      now += 0.1;
    }
  };
  return { work, log, now: () => now };
}

describe('giving way', () => {
  it('costs little while there is nothing else to do', async () => {
    const { work, now } = setup(() => 0);
    await work('costly', 100);
    expect(now()).toBeCloseTo(100 * (0.1 + 2 * 0.01), 0);
  });

  it('waits while others have work', async () => {
    // They are done in their fourth turn.
    const { work, now } = setup((turn) => (turn <= 4 ? 0.2 : 0));
    await work('costly', 1);
    expect(now()).toBeCloseTo(4 * 0.21 + 2 * 0.01 + 0.1, 5);
  });

  it('gets on in the end, though others never pause', async () => {
    const { work, now } = setup(() => 0.3);
    await work('costly', 10);
    // Two milliseconds of theirs, to the end of a turn, and the turn in which it works itself.
    expect(now()).toBeLessThan(10 * (2 + 2 * 0.31 + 0.1));
    expect(now()).toBeGreaterThan(10 * 2);
  });

  it('lets several get on one after the other, in their order', async () => {
    const { work, log } = setup(() => 0);
    await Promise.all(['a', 'b', 'c'].map((name) => work(name, 3)));
    expect(log.join('')).toBe('abcabcabc');
  });
});
