import { describe, expect, it } from 'vitest';
import {
  compileFilter,
  type Filter,
  matchFilter,
  parseFilter,
} from '../../../functions/core/subscription/filter/filter.ts';
import type { FilterMismatch } from '../../../functions/core/subscription/filter/mismatch.ts';

function parse(json: unknown): Filter {
  const parsed = parseFilter(json);
  if (!parsed.ok) expect.fail(JSON.stringify(parsed.errors));
  return parsed.filter;
}

const matchData = (pattern: unknown, data: unknown) =>
  matchFilter(parse({ data: pattern }), { type: 'employee.updated', environment: 'production', data });
const matches = (pattern: unknown, data: unknown) => matchData(pattern, data).matches;
function reason(pattern: unknown, data: unknown): string {
  const match = matchData(pattern, data);
  return match.matches ? expect.fail('it matches') : match.reason;
}

describe('the event', () => {
  const event = { type: 'employee.updated', environment: 'development', data: { id: 7 } };

  it.each([
    [{ type: ['employee.updated'] }, true],
    [{ type: [{ prefix: 'employee.' }], environment: ['development'], data: { id: [7] } }, true],
    [{ type: [{ suffix: '.deleted' }] }, false],
    [{ environment: ['production'] }, false],
    [{ $or: [{ type: ['a'] }, { environment: ['development'] }] }, true],
    [{ $or: [{ type: ['a'] }, { data: { id: [8] } }] }, false],
  ])('%j: %s', (filter, expected) => {
    expect(matchFilter(parse(filter), event).matches).toBe(expected);
  });

  it.each([
    ['x', ['x'], ['y']],
    [null, [null], [{ exists: false }]],
    [[1, 2], [2], [3]],
    [undefined, [{ exists: false }], [{ exists: true }]],
  ])('may have %j as its data', (data, pattern, other) => {
    expect(matches(pattern, data)).toBe(true);
    expect(matches(other, data)).toBe(false);
  });
});

describe('values', () => {
  it.each([
    ['1', ['1', '1.0', '10e-1'], ['"1"', 'true', '1.5']],
    ['0', ['0', '-0'], ['false', 'null', '""']],
    ['300', ['300', '3.0e2'], ['"300"']],
    ['true', ['true'], ['"true"', '1']],
    ['null', ['null'], ['"null"', '0', '""', 'false']],
    ['"é"', ['"\\u00e9"'], ['"e\\u0301"', '"É"']],
    ['"🎉"', ['"\\ud83c\\udf89"'], ['"🎈"', '"🎉 "']],
  ])('%s is %j, and none of %j', (wanted, same, others) => {
    const match = (found: string) => matches({ f: [JSON.parse(wanted)] }, { f: JSON.parse(found) });
    expect(same.map(match)).toEqual(same.map(() => true));
    expect(others.map(match)).toEqual(others.map(() => false));
  });

  it('beyond 2^53 have been rounded before: a limit that the manual names', () => {
    expect(matches(JSON.parse('{"f": [9007199254740993]}'), JSON.parse('{"f": 9007199254740992}'))).toBe(true);
    expect(matches({ f: ['9007199254740993'] }, { f: '9007199254740992' })).toBe(false);
  });

  it.each([
    ['STRASSE', 'straße', true],
    ['ΟΔΟΣ', 'οδος', true],
    ['éCOLE', 'École', true],
    ['ecole', 'École', false],
  ])('ignoring case, %s and %s: %s', (wanted, found, expected) => {
    expect(matches({ f: [{ 'equals-ignore-case': wanted }] }, { f: found })).toBe(expected);
    expect(matches({ f: [{ prefix: { 'equals-ignore-case': wanted } }] }, { f: `${found} 1` })).toBe(expected);
    expect(matches({ f: [{ 'anything-but': { 'equals-ignore-case': wanted } }] }, { f: found })).toBe(!expected);
  });

  it.each([
    ['*', '', true],
    ['a*', 'a', true],
    ['*a*', 'bab', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'ab', false],
    ['ab*ba', 'aba', false],
    ['a.c', 'abc', false],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['a\\\\*', 'a\\b', true],
    ['🎉*', '🎉🎉', true],
    ['', '', true],
    ['', 'a', false],
    ['a*\nb', 'a\n\nb', true],
  ])('wildcard %j on %j: %s', (wildcard, found, expected) => {
    expect(matches({ f: [{ wildcard }] }, { f: found })).toBe(expected);
    expect(matches({ f: [{ 'anything-but': { wildcard } }] }, { f: found })).toBe(!expected);
  });

  it.each([
    ['=', [5], [4.999]],
    ['<', [4], [5, 6]],
    ['<=', [5], [6]],
    ['>', [6], [5, 4]],
    ['>=', [5], [4]],
  ])('numeric %s', (comparison, inside, outside) => {
    const pattern = { f: [{ numeric: [comparison, 5] }] };
    for (const found of inside) expect(matches(pattern, { f: found })).toBe(true);
    for (const found of [...outside, '5', null, true, {}]) expect(matches(pattern, { f: found })).toBe(false);
  });

  it.each([
    [{ prefix: '1' }, 12],
    [{ suffix: '2' }, 12],
    [{ wildcard: '*' }, 12],
    [{ 'equals-ignore-case': 'NULL' }, null],
  ])('%j looks at text only', (operator, found) => {
    expect(matches({ f: [operator] }, { f: found })).toBe(false);
    expect(matches({ f: [operator] }, { f: String(found) })).toBe(true);
  });

  it('anything-but takes lists of several types', () => {
    const pattern = { f: [{ 'anything-but': [1, 'a', true, null] }] };
    for (const found of [1, 'a', true, null]) expect(matches(pattern, { f: found })).toBe(false);
    for (const found of [2, '1', false, 'null']) expect(matches(pattern, { f: found })).toBe(true);
  });
});

describe('lists and what is missing', () => {
  const staff = { staff: [{ name: 'Anna', end: '2026-01-31' }, { name: 'Ben' }] };

  it.each([
    [
      'one item that is something else is enough for anything-but',
      { f: [{ 'anything-but': 'a' }] },
      { f: ['a', 'b'] },
      true,
    ],
    ['a list of nothing else is not', { f: [{ 'anything-but': 'a' }] }, { f: ['a', 'a'] }, false],
    ['an empty list has no value', { f: [{ exists: false }] }, { f: [] }, true],
    ['nor is it anything', { f: [{ 'anything-but': 'a' }] }, { f: [] }, false],
    ['an object has no value', { f: [{ exists: true }] }, { f: { a: 1 } }, false],
    ['but its fields have', { f: { a: [{ exists: true }] } }, { f: { a: 1 } }, true],
    ['lists within lists are looked into', { f: [3] }, { f: [[1, [2, [3]]]] }, true],
    ['values beside objects in a list count', { f: ['a'] }, { f: [{ a: 1 }, 'a'] }, true],
    ['a field below a missing one is missing', { f: { a: { b: [{ exists: false }] } } }, {}, true],
    ['below a value too', { f: { a: [{ exists: false }] } }, { f: 5 }, true],
    ['absence or a value', { f: ['a', { exists: false }] }, {}, true],
    ['one object of a list without the field is enough', { staff: { end: [{ exists: false }] } }, staff, true],
    ['that object has to match in all', { staff: { name: ['Anna'], end: [{ exists: false }] } }, staff, false],
    ['and it may be any of them', { staff: { name: ['Ben'], end: [{ exists: false }] } }, staff, true],
    [
      '$or is judged on the same object',
      { staff: { name: ['Ben'], $or: [{ end: [{ prefix: '2026' }] }, { x: [1] }] } },
      staff,
      false,
    ],
    ['inherited properties are none', { constructor: { name: ['Object'] } }, {}, false],
    ['nor is the prototype', JSON.parse('{"__proto__": {"__proto__": [null]}}'), {}, false],
    ['length is no field of a list', { f: { length: [1] } }, { f: ['a'] }, false],
  ])('%s', (_name, pattern, data, expected) => {
    expect(matches(pattern, data)).toBe(expected);
  });

  it('__proto__ as a field of its own is a name like others', () => {
    const pattern: unknown = JSON.parse('{"__proto__": {"constructor": ["x"]}}');
    expect(matches(pattern, JSON.parse('{"__proto__": {"constructor": "x"}}'))).toBe(true);
    expect(matches(pattern, JSON.parse('{"__proto__": {"constructor": "y"}}'))).toBe(false);
    expect(matches(pattern, {})).toBe(false);
  });

  it('a dot in a name is a part of the name', () => {
    expect(matches({ 'a.b': [1] }, { 'a.b': 1 })).toBe(true);
    expect(matches({ 'a.b': [1] }, { a: { b: 1 } })).toBe(false);
  });
});

describe('the reason names field, wish and finding', () => {
  it.each([
    [{ amount: [{ numeric: ['>', 100] }] }, { amount: 12 }, 'data.amount is 12, but the filter wants a number > 100'],
    [
      { amount: [{ numeric: ['>', 0, '<=', 5] }, null] },
      { amount: '3' },
      'data.amount is "3", but the filter wants a number > 0 and <= 5 or null',
    ],
    [
      { name: [{ prefix: 'A' }, { suffix: { 'equals-ignore-case': 'z' } }, { wildcard: 'b*' }] },
      { name: 'x' },
      'data.name is "x", but the filter wants text that starts with "A", text that ends with "z" in any case or text like "b*"',
    ],
    [{ a: { b: ['x'] } }, {}, 'data.a.b is missing, but the filter wants "x"'],
    [{ a: ['x'] }, { a: { b: 1 } }, 'data.a is an object, but the filter wants "x"'],
    [{ a: ['x'] }, { a: [] }, 'data.a is an empty list, but the filter wants "x"'],
    [{ a: ['x'] }, { a: [{}] }, 'data.a is a list of objects, but the filter wants "x"'],
    [{ a: ['x'] }, { a: [1, [null]] }, 'data.a holds 1 and null, but the filter wants "x"'],
    [{ a: [{ exists: false }] }, { a: 0 }, 'data.a is 0, but the filter wants no value'],
    [
      { a: [{ exists: true }] },
      {},
      'data.a is missing, but the filter wants a value (text, number, true, false or null)',
    ],
    [
      { a: [{ 'anything-but': { prefix: ['x', 'y'] } }] },
      { a: 'yy' },
      'data.a is "yy", but the filter wants anything but text that starts with "x" or text that starts with "y"',
    ],
    [{ 'first.name': ['x'] }, {}, 'data["first.name"] is missing, but the filter wants "x"'],
    [
      { a: [1, 2, 3, 4, 5, 6, 7] },
      { a: 'l'.repeat(50) },
      `data.a is "${'l'.repeat(40)}"…, but the filter wants 1, 2, 3, 4, 5 or 2 more`,
    ],
    [{ a: ['x'] }, { a: `x${'🎉'.repeat(30)}` }, `data.a is "x${'🎉'.repeat(19)}"…, but the filter wants "x"`],
    [
      { staff: { name: ['Cleo'] } },
      { staff: [{ name: 'Anna' }, { name: 'Ben' }] },
      'none of the 2 objects in data.staff matches; in the first, data.staff.name is "Anna", but the filter wants "Cleo"',
    ],
    [
      { $or: [{ a: [1] }, { b: [2] }, { c: [3] }, { d: [4] }] },
      { a: 2 },
      'no alternative of data.$or matches: (1) data.a is 2, but the filter wants 1; (2) data.b is missing, but the filter ' +
        'wants 2; (3) data.c is missing, but the filter wants 3; and 1 more',
    ],
  ])('%j', (pattern, data, expected) => {
    expect(reason(pattern, data)).toBe(expected);
  });

  it('is short, and well-formed, whatever the event', () => {
    let pattern: unknown = { n: ['x'] };
    for (let level = 0; level < 8; level++) pattern = { $or: [pattern, { n: ['🎉'.repeat(30)] }, { n: ['z'] }] };
    const text = reason(pattern, { n: `x${'🎉'.repeat(9_000)}` });
    expect(text.length).toBeLessThanOrEqual(1_001);
    expect(text.isWellFormed()).toBe(true);
  });

  it('of a filter that is not valid any more says so', () => {
    const match = compileFilter({ data: { f: [{ regex: 'x' }] } });
    expect(match({ type: 'a', environment: 'production', data: {} })).toEqual({
      matches: false,
      overBudget: false,
      reason: expect.stringMatching(/^the filter is not valid any more: \/data\/f\/0\/regex is not an operator/),
      mismatch: { code: 'filter_invalid', field: null, found: null },
    });
  });
});

describe('what does not fit has a code, the field, and its one value', () => {
  it.each<[unknown, unknown, FilterMismatch['code'], string | null, string | null]>([
    [{ a: [1] }, { a: 2 }, 'field_differs', 'data.a', '2'],
    [{ a: { 'b c': ['x'] } }, { a: { 'b c': 'y' } }, 'field_differs', 'data.a["b c"]', '"y"'],
    [{ a: [1] }, { a: null }, 'field_differs', 'data.a', 'null'],
    [{ a: [1] }, {}, 'field_missing', 'data.a', null],
    [{ a: [{ exists: false }] }, { a: true }, 'field_differs', 'data.a', 'true'],
    [{ a: [1] }, { a: {} }, 'field_differs', 'data.a', null],
    [{ a: [1] }, { a: [2, 3] }, 'field_differs', 'data.a', null],
    [{ a: { b: [1] } }, { a: [{ b: 2 }, { b: 3 }] }, 'no_object', 'data.a', null],
    [{ $or: [{ a: [1] }, { b: [1] }] }, {}, 'no_alternative', 'data', null],
  ])('%j of %j', (pattern, data, code, field, found) => {
    const match = matchFilter({ data: pattern }, { type: 'a', environment: 'production', data });
    expect(match).toMatchObject({ matches: false, mismatch: { code, field, found } });
  });

  it('is of no field where the event as a whole does not fit', () => {
    const filter = { $or: [{ type: ['b'] }, { environment: ['development'] }] };
    const match = matchFilter(filter, { type: 'a', environment: 'production', data: {} });
    expect(match).toMatchObject({ mismatch: { code: 'no_alternative', field: null, found: null } });
  });

  it('quotes no more of a value than the words do', () => {
    const event = { type: 'a', environment: 'production', data: { a: 'x'.repeat(9_000) } };
    const match = matchFilter({ data: { a: ['y'] } }, event);
    const { found } = match.matches ? expect.fail('it matches') : match.mismatch;
    expect(found?.length).toBeLessThan(200);
    expect(match.matches ? '' : match.reason).toContain(found);
  });
});
