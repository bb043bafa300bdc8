import { describe, expect, it } from 'vitest';
import { createGiveWay, hasCaughtUp } from '../../../functions/adapters/lambda/event-loop.ts';

/** A stretch takes 0.1 ms, a turn of the event loop 0.01 ms, and what others do in it; they do as much in each millisecond of a rest. */
function setup(othersMs: (turn: number) => number, stretchMs = 0.1, isQuietInRests = false) {
  const log: string[] = [];
  const rests: number[] = [];
  let [now, turns, idle] = [0, 0, 0];
  const giveWay = createGiveWay(2, {
    now: () => now,
    busy: () => now - idle,
    turn: async () => {
      turns += 1;
      now += 0.01 + othersMs(turns);
    },
    rest: async (ms) => {
      rests.push(ms);
      now += ms;
      idle += isQuietInRests ? ms : ms / 2;
    },
  });
  const work = async (name: string, stretches: number): Promise<void> => {
    for (let count = 0; count < stretches; count += 1) {
      await giveWay();
      log.push(name);
      now += stretchMs;
    }
  };
  return { work, log, rests, now: () => now };
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
    const { work, rests, now } = setup(() => 0.3);
    await work('costly', 10);
    // Two milliseconds of theirs, to the end of a turn, and the turn in which it works itself.
    const rested = rests.reduce((sum, ms) => sum + ms, 0);
    expect(now() - rested).toBeLessThan(10 * (2 + 2 * 0.31 + 0.1));
    expect(now()).toBeGreaterThan(10 * 2);
  });

  it('takes half of the time while others are about', async () => {
    const { work, rests } = setup(() => 0.03);
    await work('costly', 100);
    const worked = 100 * (0.1 + 0.04);
    expect(rests.reduce((sum, ms) => sum + ms, 0) / worked).toBeCloseTo(1, 1);
    // Not after each stretch: a timer is not exact to less than a millisecond.
    expect(rests.length).toBeLessThan(30);
  });

  it('rests for as long as a long piece took', async () => {
    const { work, rests } = setup((turn) => (turn % 2 === 1 ? 0.2 : 0), 10);
    await work('costly', 3);
    expect(rests[0]).toBeCloseTo(10, 0);
  });

  it('rests no more once others have been quiet for a while', async () => {
    let isBusy = true;
    const { work, rests } = setup(() => (isBusy ? 0.2 : 0), 0.1, true);
    await work('costly', 20);
    expect(rests.length).toBeGreaterThan(0);
    isBusy = false;
    await work('costly', 1_000);
    const before = rests.length;
    await work('costly', 1_000);
    expect(rests).toHaveLength(before);
  });

  it('lets several get on one after the other, in their order', async () => {
    const { work, log } = setup(() => 0);
    await Promise.all(['a', 'b', 'c'].map((name) => work(name, 3)));
    expect(log.join('')).toBe('abcabcabc');
  });
});

describe('a process', () => {
  const loop = (turnMs: (turn: number) => number) => {
    let [now, turns] = [0, 0];
    const turn = async () => {
      turns += 1;
      now += turnMs(turns);
    };
    return { now: () => now, turn };
  };

  it('has caught up once there is nothing to do in a turn of its event loop', async () => {
    const busy = loop((turn) => (turn < 10 ? 20 : 0.01));
    expect(await hasCaughtUp(busy)).toBe(true);
    expect(busy.now()).toBeCloseTo(180.01, 5);
  });

  it('has not if that takes a quarter of a second', async () => {
    const busy = loop(() => 20);
    expect(await hasCaughtUp(busy)).toBe(false);
    expect(busy.now()).toBeLessThan(300);
  });
});
