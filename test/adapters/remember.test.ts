import { describe, expect, it } from 'vitest';
import { type RememberOptions, remember, rememberOf } from '../../functions/adapters/remember.ts';

/** A cache of texts that counts its loads. */
function counting(options: RememberOptions) {
  const loads: string[] = [];
  const kept = remember<string>(options);
  const read = (key: string): string =>
    kept(key, () => {
      loads.push(key);
      return `${key} ${loads.length}`;
    });
  return { read, loads };
}

describe('a value', () => {
  it('is loaded once for each key', () => {
    const { read, loads } = counting({ max: 10, ttlMs: null });
    expect([read('a'), read('b'), read('a'), read('b')]).toEqual(['a 1', 'b 2', 'a 1', 'b 2']);
    expect(loads).toEqual(['a', 'b']);
  });

  it('is loaded again once all is forgotten, a load that was under way included', async () => {
    let loads = 0;
    const kept = remember<Promise<number>>({ max: 10, ttlMs: null });
    const read = () => kept('a', async () => (loads += 1));
    expect([await read(), await read()]).toEqual([1, 1]);
    kept.forgetAll();
    const underWay = read();
    kept.forgetAll();
    expect([await underWay, await read()]).toEqual([2, 3]);
  });

  it('is loaded again once its time is over', () => {
    let now = 1_700_000_000_000;
    const { read, loads } = counting({ max: 10, ttlMs: 30_000, now: () => now });
    expect(read('a')).toBe('a 1');
    now += 30_000;
    expect(read('a')).toBe('a 1');
    now += 1;
    expect(read('a')).toBe('a 2');
    now += 30_000;
    expect(read('a')).toBe('a 2');
    expect(loads).toEqual(['a', 'a']);
  });

  it('makes room when it was used least recently, and no other does', () => {
    const { read, loads } = counting({ max: 3, ttlMs: null });
    for (const key of ['a', 'b', 'c', 'a', 'd']) read(key);
    expect(loads.splice(0)).toEqual(['a', 'b', 'c', 'd']);
    for (const key of ['a', 'c', 'd']) read(key);
    expect(loads).toEqual([]);
    read('b');
    expect(loads).toEqual(['b']);
  });

  it('whose load throws is not kept', () => {
    const kept = remember<string>({ max: 10, ttlMs: null });
    const fails = () => {
      throw new Error('broken');
    };
    expect(() => kept('a', fails)).toThrow('broken');
    expect(kept('a', () => 'whole')).toBe('whole');
  });
});

describe('a promise', () => {
  it('is shared by those who miss at the same moment, also when it fails, and a failure is not kept', async () => {
    const kept = remember<Promise<string>>({ max: 10, ttlMs: null });
    let loads = 0;
    const load = async () => {
      loads += 1;
      await Promise.resolve();
      if (loads === 1) throw new Error('throttled');
      return 'whole';
    };
    const both = await Promise.allSettled([kept('a', load), kept('a', load)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(loads).toBe(1);
    expect(await Promise.all([kept('a', load), kept('a', load), kept('a', load)])).toEqual(['whole', 'whole', 'whole']);
    expect(loads).toBe(2);
  });

  it('of nothing is not kept', async () => {
    const kept = remember<Promise<string | null>>({ max: 10, ttlMs: null });
    expect(await kept('a', async () => null)).toBeNull();
    expect(await kept('a', async () => 'there now')).toBe('there now');
    expect(await kept('a', async () => null)).toBe('there now');
  });

  it('that fails late does not remove its successor', async () => {
    let now = 1_000;
    const kept = remember<Promise<string>>({ max: 10, ttlMs: 1_000, now: () => now });
    const slow = Promise.withResolvers<string>();
    const first = kept('a', () => slow.promise);
    now += 1_001;
    expect(await kept('a', async () => 'second')).toBe('second');
    slow.reject(new Error('too late'));
    await expect(first).rejects.toThrow('too late');
    expect(await kept('a', async () => 'third')).toBe('second');
  });
});

describe('what is made of an object', () => {
  it('is made once for each, whatever it is', () => {
    const made: object[] = [];
    const remembered = rememberOf((subject: object) => {
      made.push(subject);
      return undefined;
    });
    const [one, other] = [{}, {}];
    for (const subject of [one, one, other, one]) remembered(subject);
    expect(made).toEqual([one, other]);
    expect(made[0]).toBe(one);
  });
});
