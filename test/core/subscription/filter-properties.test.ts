import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepBudget } from '../../../functions/core/step-budget.ts';
import {
  compileFilter,
  compileSearch,
  type FilterMatch,
  matchFilter,
  parseFilter,
} from '../../../functions/core/subscription/filter/filter.ts';
import { FlatLists } from '../../../functions/core/subscription/filter/flat-lists.ts';

const NAMES = ['a', 'b', '__proto__', 'constructor', 'length', 'x.y', ''];
const name = fc.constantFrom(...NAMES);
const scalar = fc.oneof(
  fc.constantFrom('', 'a', 'ab', 'ba', 'A', 'ß', '*', '🎉'),
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);

/** JSON of few names, so that filters meet it; as JSON.parse makes it, with an own `__proto__`. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc
      .array(fc.tuple(name, tie('json')), { maxLength: 4 })
      .map((members): unknown =>
        JSON.parse(`{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`),
      ),
  ),
}));

const text = fc.constantFrom('a', 'ab', 'B', 'ß', '🎉');
const operator = fc.oneof(
  scalar,
  fc.record({ prefix: fc.oneof(text, fc.record({ 'equals-ignore-case': text })) }),
  fc.record({ suffix: fc.oneof(text, fc.record({ 'equals-ignore-case': text })) }),
  fc.record({ 'equals-ignore-case': text }),
  fc.record({ wildcard: fc.constantFrom('*', 'a*', '*b', 'a*b*', '\\**') }),
  fc.record({
    'anything-but': fc.oneof(scalar, fc.array(scalar, { minLength: 1, maxLength: 3 }), fc.record({ prefix: text })),
  }),
  fc.record({ numeric: fc.constantFrom(['>', 0], ['=', 1], ['>=', -1, '<', 2]) }),
  fc.record({ exists: fc.boolean() }),
);
const { pattern } = fc.letrec<{ pattern: unknown }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small' },
    fc.array(operator, { minLength: 1, maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(name, tie('pattern')), { minLength: 1, maxLength: 3, selector: ([key]) => key })
      .map((members): unknown =>
        JSON.parse(`{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`),
      ),
    fc
      .array(fc.record({ a: tie('pattern'), b: tie('pattern') }, { requiredKeys: ['a'] }), {
        minLength: 2,
        maxLength: 3,
      })
      .map((alternatives) => ({ $or: alternatives })),
  ),
}));

const event = (data: unknown) => ({ type: 'employee.created', environment: 'production', data });

describe('for any JSON', () => {
  it('a filter is parsed, or every mistake has a pointer to a place that is there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          json,
          json.map((data) => ({ data })),
          pattern.map((data) => ({ data })),
        ),
        (filter) => {
          const parsed = parseFilter(filter);
          if (parsed.ok) {
            expect(parsed.filter).toBe(filter);
            return;
          }
          expect(parsed.errors.length).toBeGreaterThan(0);
          for (const { path } of parsed.errors) expect(hasPlace(filter, path)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('matching gives an answer, twice the same, and a reason when it is no', () => {
    const seen = { yes: 0, no: 0, refused: 0 };
    fc.assert(
      fc.property(pattern, json, (data, found) => {
        const parsed = parseFilter({ data });
        if (!parsed.ok) {
          seen.refused++;
          return;
        }
        const match = compileFilter(parsed.filter);
        const first = match(event(found));
        expect(match(event(found))).toEqual(first);
        if (first.matches) seen.yes++;
        else {
          seen.no++;
          expect(first.reason).toMatch(/but the filter wants|…$/);
        }
      }),
      { numRuns: 2_000 },
    );
    // The property says something only if filters and events meet.
    expect(seen.yes).toBeGreaterThan(100);
    expect(seen.no).toBeGreaterThan(100);
    expect(seen.refused).toBeLessThan(500);
  });

  it('a search that is stopped again and again comes to the same end as one that is not', () => {
    fc.assert(
      fc.property(pattern, json, fc.integer({ min: 0, max: 12 }), (filter, found, stretch) => {
        const parsed = parseFilter({ data: { a: filter } });
        if (!parsed.ok) return;
        // In a list, so that the search has something to stop in.
        const data = { a: [found, [found, 'x'], { a: found }, { b: [found] }] };
        const search = compileSearch(parsed.filter).search(event(data), new FlatLists());
        let verdict: FilterMatch | null = null;
        let longest = 0;
        for (let turns = 0; verdict === null && turns < 10_000; turns += 1) {
          const steps = new StepBudget(stretch);
          verdict = search.proceed(steps);
          longest = Math.max(longest, steps.spent);
        }
        expect(verdict).toEqual(matchFilter(parsed.filter, event(data)));
        // What looks at one value is not divided.
        expect(longest).toBeLessThanOrEqual(stretch + 100);
      }),
    );
  });

  it('ignoring case agrees with the whole text in upper case, though only its end is read', () => {
    const unit = fc.oneof(
      fc.constantFrom('ß', 'ŉ', 'ΐ', 'ﬃ', 'ı', 'ſ', 'σ', 'ς', '𐐨', 's', 'S', 'F', 'I'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    );
    const words = fc
      .array(unit, { minLength: 1, maxLength: 4 })
      .map((units) => units.join(''))
      .filter((word) => word !== '' && word.isWellFormed());
    const upper = (word: string) => word.toUpperCase();
    fc.assert(
      fc.property(words, words, words, (start, middle, end) => {
        const whole = `${start}${middle}${end}`;
        for (const affix of [
          start,
          upper(start),
          end,
          upper(end),
          whole,
          upper(whole),
          upper(whole).slice(0, 1).toWellFormed(),
        ]) {
          const asked = (condition: object) => matchFilter({ data: [condition] }, event(whole)).matches;
          const anyCase = { 'equals-ignore-case': affix };
          expect(asked({ prefix: anyCase })).toBe(upper(whole).startsWith(upper(affix)));
          expect(asked({ suffix: anyCase })).toBe(upper(whole).endsWith(upper(affix)));
          expect(asked(anyCase)).toBe(upper(whole) === upper(affix));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('no character is shorter in upper case', () => {
    const shorter: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (character.toUpperCase().length < character.length) shorter.push(character);
    }
    expect(shorter).toEqual([]);
  });

  it('agrees with a naive reference for equality and prefix', () => {
    const simple = fc.oneof(scalar, fc.record({ prefix: text }));
    const fields = fc.dictionary(fc.constantFrom('a', 'b'), fc.array(simple, { minLength: 1, maxLength: 3 }), {
      minKeys: 1,
    });
    const data = fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })));
    fc.assert(
      fc.property(fields, data, (filter, found) => {
        const expected = Object.entries(filter).every(([key, wanted]) => {
          const values: unknown[] = key in found ? [found[key]].flat() : [];
          return wanted.some((want) =>
            values.some((value) =>
              typeof want === 'object' && want !== null
                ? typeof value === 'string' && value.slice(0, want.prefix.length) === want.prefix
                : JSON.stringify(value) === JSON.stringify(want),
            ),
          );
        });
        expect(matchFilter({ data: filter }, event(found)).matches).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('anything-but is the opposite on a single value', () => {
    fc.assert(
      fc.property(scalar, scalar, text, (wanted, found, prefix) => {
        const match = (item: unknown) => matchFilter({ data: { f: [item] } }, event({ f: found })).matches;
        expect(match({ 'anything-but': wanted })).toBe(!match(wanted));
        expect(match({ 'anything-but': { prefix } })).toBe(!match({ prefix }));
      }),
    );
  });

  it('a wildcard agrees with the regular expression that it stands for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const found = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(letters, found, (raw, value) => {
        const wildcard = raw.replace(/\*+/g, '*');
        const expected = new RegExp(`^${wildcard.replaceAll('*', '.*')}$`).test(value);
        expect(matchFilter({ data: [{ wildcard }] }, event(value)).matches).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('$or is the or of its alternatives, however many ways there are to combine them', () => {
    const choices = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 5 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(choices, fc.integer({ min: 0, max: 4 }), (groups, found) => {
        let filter: object = { end: [{ exists: false }] };
        for (const group of groups) filter = { $or: group.map((value) => ({ n: [value] })), next: filter };
        let data: object = {};
        for (const _group of groups) data = { n: found, next: data };
        expect(matchFilter({ data: filter }, event(data)).matches).toBe(groups.every((group) => group.includes(found)));
      }),
    );
  });
});

describe('in bounded time and space', () => {
  const milliseconds = (work: () => void): number => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };

  it('an event that is nested a hundred thousand deep', () => {
    const lists: unknown = JSON.parse(`${'['.repeat(100_000)}"x"${']'.repeat(100_000)}`);
    const objects: unknown = JSON.parse(`${'{"a":'.repeat(50_000)}"x"${'}'.repeat(50_000)}`);
    expect(matchFilter({ data: ['x'] }, event(lists)).matches).toBe(true);
    expect(matchFilter({ data: ['y'] }, event(lists))).toMatchObject({
      reason: 'data holds "x", but the filter wants "y"',
    });
    expect(matchFilter({ data: { a: { a: ['x'] } } }, event(objects)).matches).toBe(false);
  });

  // 256 KiB of the worst that a publisher can send. Generous limits: these are milliseconds on an idle machine.
  it.each([
    ['many values', Array(65_000).fill('a'), Array.from({ length: 50 }, (_, at) => ({ prefix: `${at}` }))],
    ['many values, ignoring case', Array(65_000).fill('a'), Array(50).fill({ suffix: { 'equals-ignore-case': 'b' } })],
    ['a long text, ignoring case', 'ß'.repeat(131_072), Array(50).fill({ prefix: { 'equals-ignore-case': 'ßb' } })],
    ['a long needle', 'a'.repeat(262_144), Array(12).fill({ wildcard: `*${'a'.repeat(126)}b${'a'.repeat(126)}*` })],
    ['near misses', `${'a'.repeat(100)}b`.repeat(2_595), Array(12).fill({ wildcard: `*${'ab*'.repeat(80)}c` })],
  ])('%s', (_name, data, items) => {
    const parsed = parseFilter({ data: items });
    expect(parsed.ok).toBe(true);
    const took = milliseconds(() => expect(matchFilter({ data: items }, event(data)).matches).toBe(false));
    expect(took).toBeLessThan(2_000);
  });

  it('ten thousand combinations of alternatives, in objects of a long list', () => {
    const alternatives = Array.from({ length: 10 }, (_, index) => ({ n: [index] }));
    const filter = {
      data: { l: { $or: alternatives, a: { $or: alternatives, a: { $or: alternatives, a: { $or: alternatives } } } } },
    };
    expect(parseFilter(filter).ok).toBe(true);
    const near = { n: 9, a: { n: 9, a: { n: 9, a: { n: 'x' } } } };
    const took = milliseconds(() =>
      expect(matchFilter(filter, event({ l: Array(5_000).fill(near) })).matches).toBe(false),
    );
    expect(took).toBeLessThan(2_000);
    const last = { n: 9, a: { n: 0, a: { n: 5, a: { n: 9 } } } };
    expect(matchFilter(filter, event({ l: [near, last] })).matches).toBe(true);
  });
});

function hasPlace(json: unknown, pointer: string): boolean {
  let place = json;
  for (const escaped of pointer.split('/').slice(1)) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return false;
    place = Reflect.get(place, key);
  }
  return true;
}
