import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createDocument } from 'zod-openapi';
import { fieldErrors } from '../../../functions/core/field-error.ts';
import { Filter, parseFilter } from '../../../functions/core/subscription/filter/filter.ts';

function nested(levels: number): unknown {
  let json: unknown = ['x'];
  for (let level = 0; level < levels; level++) json = { a: json };
  return { data: json };
}

const data = (pattern: unknown) => ({ data: pattern });
const field = (...items: unknown[]) => data({ f: items });

const mistakes: [filter: unknown, path: string, message: string][] = [
  [null, '', 'must be an object, such as {"data"'],
  ['type', '', 'must be an object'],
  [[{ type: ['a'] }], '', 'must be an object'],
  [{}, '', 'must not be empty: without a filter, every event is sent'],
  [{ id: ['evt_1'] }, '/id', 'there are type, environment and data'],
  [JSON.parse('{"__proto__": ["x"]}'), '/__proto__', 'there are type, environment and data'],
  [{ constructor: ['x'] }, '/constructor', 'there are type, environment and data'],
  [{ detail: { state: ['x'] } }, '/detail', 'is called data here'],
  [{ 'detail-type': ['x'] }, '/detail-type', 'is called type here'],
  [{ 'data.amount': [1] }, '/data.amount', 'must be nested'],
  [{ type: 'employee.created' }, '/type', 'must be a list: write ["employee.created"]'],
  [{ type: { prefix: 'employee.' } }, '/type', 'must be a list, such as'],
  [{ $or: [{ type: ['a'] }, { id: ['b'] }] }, '/$or/1/id', 'there are type, environment and data'],
  [data({ amount: 12 }), '/data/amount', 'must be a list: write [12]'],
  [data({ amount: {} }), '/data/amount', 'must not be empty: leave it out'],
  [data({ amount: [] }), '/data/amount', 'must not be an empty list'],
  [data({ name: { prefix: 'A' } }), '/data/name/prefix', 'belongs in an object in a list, as in [{"prefix": …}]'],
  [data({ amount: { numeric: ['>', 1] } }), '/data/amount/numeric', 'as in [{"numeric": …}]'],
  [data({ state: { 'anything-but': ['x'] } }), '/data/state/anything-but', 'as in [{"anything-but": …}]'],
  [data({ 'a/b~c': 1 }), '/data/a~1b~0c', 'must be a list'],
  [data({ '\ud800': ['x'] }), '/data/\ud800', 'half of a surrogate pair'],
  [field('x', ['y']), '/data/f/1', 'must be a value or an operator, not a list'],
  [
    field({}),
    '/data/f/0',
    'must name an operator: prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists',
  ],
  [
    field({ regex: 'a+' }),
    '/data/f/0/regex',
    'is not an operator; there are prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists',
  ],
  [field({ cidr: '10.0.0.0/24' }), '/data/f/0/cidr', 'is not an operator'],
  [field(JSON.parse('{"__proto__": 1}')), '/data/f/0/__proto__', 'is not an operator'],
  [field({ prefix: 'a', suffix: 'b' }), '/data/f/0', 'must have one operator'],
  [field({ prefix: 1 }), '/data/f/0/prefix', 'must be text, or {"equals-ignore-case": text}'],
  [field({ prefix: ['a'] }), '/data/f/0/prefix', 'must be text'],
  [field({ suffix: '' }), '/data/f/0/suffix', 'must not be empty'],
  [field({ suffix: { prefix: 'a' } }), '/data/f/0/suffix', 'must be text'],
  [field({ 'equals-ignore-case': null }), '/data/f/0/equals-ignore-case', 'must be text'],
  [field({ wildcard: 'a**b' }), '/data/f/0/wildcard', 'two * in a row'],
  [field({ wildcard: 'a\\b' }), '/data/f/0/wildcard', 'has a backslash before'],
  [field({ wildcard: 'a\\\\\\' }), '/data/f/0/wildcard', 'has a backslash before'],
  [field({ wildcard: 'a'.repeat(257) }), '/data/f/0/wildcard', 'must be at most 256 characters'],
  [field({ exists: 'true' }), '/data/f/0/exists', 'must be true or false'],
  [field({ numeric: 5 }), '/data/f/0/numeric', 'must be a list such as [">", 0]'],
  [field({ numeric: ['>'] }), '/data/f/0/numeric', 'must be a list such as'],
  [field({ numeric: ['>', '5'] }), '/data/f/0/numeric/1', 'must be a number, without quotes'],
  [field({ numeric: ['!=', 5] }), '/data/f/0/numeric/0', 'must be one of =, <, <=, >, >='],
  [field({ numeric: ['constructor', 5] }), '/data/f/0/numeric/0', 'must be one of'],
  [field({ numeric: ['<', 5, '>', 1] }), '/data/f/0/numeric', 'must name the lower end of a range first'],
  [field({ numeric: ['=', 5, '<', 6] }), '/data/f/0/numeric', 'must name the lower end of a range first'],
  [field({ numeric: ['>', 5, '<', 5] }), '/data/f/0/numeric', 'nothing is within this range'],
  [field({ numeric: ['>=', 6, '<=', 5] }), '/data/f/0/numeric', 'nothing is within this range'],
  [JSON.parse('{"data": {"f": [1e999]}}'), '/data/f/0', 'is too large a number'],
  [JSON.parse('{"data": {"f": [{"numeric": ["<", 1e999]}]}}'), '/data/f/0/numeric/1', 'must be a number'],
  [field('\ud800'), '/data/f/0', 'half of a surrogate pair'],
  [field({ wildcard: '\ud800*' }), '/data/f/0/wildcard', 'half of a surrogate pair'],
  [field({ prefix: '\udc00' }), '/data/f/0/prefix', 'half of a surrogate pair'],
  [field({ 'anything-but': [] }), '/data/f/0/anything-but', 'must not be an empty list'],
  [field({ 'anything-but': [1, [2]] }), '/data/f/0/anything-but/1', 'must be a value'],
  [
    field({ 'anything-but': { exists: true } }),
    '/data/f/0/anything-but',
    'must be a value, a list of values, or an object with one of prefix',
  ],
  [field({ 'anything-but': { prefix: ['a', ''] } }), '/data/f/0/anything-but/prefix/1', 'must not be empty'],
  [data({ $or: { a: ['x'] } }), '/data/$or', 'must be a list of at least two objects'],
  [data({ $or: [{ a: ['x'] }] }), '/data/$or', 'must be a list of at least two objects'],
  [data({ $or: [{ a: ['x'] }, 'y'] }), '/data/$or/1', 'must be an object'],
  [data({ f: Array.from({ length: 51 }, (_, index) => index) }), '', 'has 51 conditions; at most 50'],
  [data({ f: ['x'.repeat(4_096)] }), '', 'characters long; at most 4096'],
];

describe('refuses, with path and message', () => {
  it.each(mistakes.map(([filter, path, message]) => ({ filter, path, message })))(
    '$path $message',
    ({ filter, path, message }) => {
      expect(parseFilter(filter)).toEqual({ ok: false, errors: [{ path, message: expect.stringContaining(message) }] });
    },
  );

  it('every mistake at once', () => {
    const parsed = parseFilter({ kind: ['x'], data: { a: 1, b: [{ prefix: 2 }, { near: 3 }] } });
    const paths = parsed.ok ? [] : parsed.errors.map((error) => error.path);
    expect(paths).toEqual(['/kind', '/data/a', '/data/b/0/prefix', '/data/b/1/near']);
  });

  it('but names no more than 50', () => {
    const parsed = parseFilter(data(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]))));
    expect(parsed).toMatchObject({ ok: false, errors: { length: 50 } });
  });

  it('what is nested deeper than 20 levels, however deeply', () => {
    expect(parseFilter(nested(19)).ok).toBe(true);
    for (const levels of [20, 100_000]) {
      const message = 'is nested deeper than 20 levels';
      expect(parseFilter(nested(levels))).toMatchObject({ ok: false, errors: [{ message }] });
    }
    let alternatives: unknown = [{ a: ['x'] }, { a: ['y'] }];
    for (let level = 0; level < 10_000; level++) alternatives = [{ $or: alternatives }, { a: ['x'] }];
    expect(parseFilter(data({ $or: alternatives })).ok).toBe(false);
  });
});

describe('accepts', () => {
  it.each([
    [field(...Array.from({ length: 50 }, (_, index) => index))],
    [field({ numeric: ['>=', 5, '<=', 5] })],
    [field({ wildcard: 'a'.repeat(256) })],
    // A character counts as one, though JavaScript takes it for two.
    [field({ wildcard: '😀'.repeat(256) })],
    [data({ f: ['😀'.repeat(4_000)] })],
    [field({ 'anything-but': [1, 'a', true, null] })],
    // Operators that can well be names of fields are, where no operator could stand.
    [data({ prefix: ['Dr.'], exists: [true], wildcard: ['x'] })],
    [data([null, 'x'])],
    [JSON.parse('{"data": {"__proto__": {"constructor": ["x"]}}}')],
  ])('filter %#, and keeps it as it is', (filter) => {
    expect(parseFilter(filter)).toEqual({ ok: true, filter });
  });
});

describe('the schema', () => {
  it('names the same mistakes', () => {
    const filter = data({ 'a/b~c': 1, g: [{ numeric: ['>', '5'] }] });
    const check = z.object({ filter: Filter.nullable().optional() }).safeParse({ filter });
    const parsed = parseFilter(filter);
    expect(check.error && fieldErrors(check.error, { filter })).toEqual(
      parsed.ok ? [] : parsed.errors.map(({ path, message }) => ({ path: `/filter${path}`, message })),
    );
    expect(check.success).toBe(false);
  });

  it('hands an own __proto__ on, and lets a filter be left out', () => {
    const filter: unknown = JSON.parse('{"data": {"__proto__": ["x"]}}');
    expect(JSON.stringify(Filter.parse(filter))).toBe('{"data":{"__proto__":["x"]}}');
    expect(Filter.safeParse(JSON.parse('{"type": ["a"], "__proto__": ["x"]}')).success).toBe(false);
    expect(Filter.nullable().optional().parse(undefined)).toBeUndefined();
  });

  it('is an object in OpenAPI', () => {
    const document = createDocument({
      openapi: '3.1.0',
      info: { title: 't', version: '1' },
      components: { schemas: { Filter } },
    });
    expect(document.components?.schemas).toMatchObject({ Filter: { type: 'object', additionalProperties: true } });
  });
});
