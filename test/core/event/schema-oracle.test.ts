import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDataCheck, schemaMistake } from '../../../functions/core/event/validate-data.ts';

/** Another validator, which knows no bounds: on small schemas and data both have to agree. */
function oracle(schema: object, data: unknown): boolean {
  return new Validator(structuredClone(schema), '2020-12', true).validate(data).valid;
}

function ours(schema: object, data: unknown): boolean {
  return compileDataCheck(JSON.stringify(schema))(data).fits;
}

const NAMES = ['a', 'b', 'ab', 'x-1', '__proto__', ''];
const name = fc.constantFrom(...NAMES);
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, 2, 3, 0.3, 1.5, -4, 1e300, 'a', 'ab', 'x-1', '', 'ß', '👍👍'),
  fc.integer({ min: -5, max: 5 }),
);
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('data'), { maxLength: 4 }),
    fc.dictionary(name, tie('data'), { maxKeys: 4 }),
  ),
}));

const count = fc.nat({ max: 3 });
const number = fc.constantFrom(-1, 0, 1, 1.5, 3);
const pattern = fc.constantFrom('^a', 'b$', '^(a+)+$', '[0-9]', '^.{2}$', '^\\p{L}+$', '\\u0061', 'x-\\d');
const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];

/** Keywords that hold no schemas. */
const plain: Record<string, fc.Arbitrary<unknown>> = {
  type: fc.oneof(fc.constantFrom(...TYPES), fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 3 })),
  const: data,
  enum: fc.array(data, { minLength: 1, maxLength: 4 }),
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: fc.constantFrom(1, 2, 0.1, 0.5, 3),
  minLength: count,
  maxLength: count,
  pattern,
  minItems: count,
  maxItems: count,
  uniqueItems: fc.boolean(),
  minProperties: count,
  maxProperties: count,
  required: fc.array(name, { maxLength: 2 }),
  dependentRequired: fc.dictionary(name, fc.array(name, { maxLength: 2 }), { maxKeys: 2 }),
  $ref: fc.constantFrom('#/$defs/one', '#two'),
};

/** A schema of one to three keywords. */
function schemaOf(depth: number): fc.Arbitrary<object | boolean> {
  const keywords = { ...plain };
  if (depth > 0) {
    const inner = schemaOf(depth - 1);
    const list = fc.array(inner, { minLength: 1, maxLength: 3 });
    const map = fc.dictionary(name, inner, { maxKeys: 3 });
    Object.assign(keywords, {
      ...{ not: inner, if: inner, else: inner, items: inner, contains: inner, propertyNames: inner },
      ...{ allOf: list, anyOf: list, oneOf: list, prefixItems: list, properties: map, dependentSchemas: map },
      patternProperties: fc.dictionary(pattern, inner, { maxKeys: 2 }),
      additionalProperties: inner,
      ...Object.fromEntries([['then', inner]]),
    });
  }
  const members = Object.entries(keywords).map(([key, value]) => value.map((one) => [key, one] as const));
  const object = fc.array(fc.oneof(...members), { minLength: 1, maxLength: 3 }).map((all) => Object.fromEntries(all));
  return fc.oneof({ arbitrary: object, weight: 12 }, { arbitrary: fc.boolean(), weight: 1 });
}

/** Looks at what it has seen itself, wherever it stands. */
const MEMBER = { properties: { b: true }, unevaluatedProperties: false };
const DEFS = {
  one: { type: ['string', 'array'], items: { $ref: '#/$defs/one' } },
  two: { $anchor: 'two', properties: { a: { $ref: '#two' } }, minProperties: 1 },
};
const document = schemaOf(3)
  .filter((one) => typeof one === 'object')
  .map((one) => ({ ...one, $defs: DEFS }));

describe('the schema interpreter', () => {
  it('judges as another validator does', () => {
    const seen = { fits: 0, not: 0 };
    fc.assert(
      fc.property(document, data, (one, value) => {
        const usable = JSON.parse(JSON.stringify(one));
        const event: unknown = JSON.parse(JSON.stringify(value));
        expect(schemaMistake(JSON.stringify(usable))).toBeNull();
        const expected = oracle(usable, event);
        seen[expected ? 'fits' : 'not'] += 1;
        expect(ours(usable, event)).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.fits, seen.not)).toBeGreaterThan(300);
  });

  // From the JSON Schema test suite: what has been looked at in the same place counts, what did not fit does not.
  it.each<[string, object, unknown, boolean]>([
    ['properties of allOf', { allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { a: 1 }, true],
    ['others', { allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { a: 1, b: 1 }, false],
    [
      'a branch that does not fit',
      { anyOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, {}], unevaluatedProperties: false },
      { a: 1 },
      false,
    ],
    [
      'the condition of if',
      { if: { properties: { a: { const: 1 } }, required: ['a'] }, unevaluatedProperties: false },
      { a: 1 },
      true,
    ],
    [
      'of a reference',
      { $ref: '#/$defs/a', $defs: { a: { properties: { a: true } } }, unevaluatedProperties: false },
      { a: 1 },
      true,
    ],
    [
      'nothing that not looked at',
      { not: { not: { properties: { a: true } } }, unevaluatedProperties: false },
      { a: 1 },
      false,
    ],
    ['additionalProperties', { additionalProperties: true, unevaluatedProperties: false }, { a: 1 }, true],
    ['by a schema', { unevaluatedProperties: { type: 'string' } }, { a: 'x' }, true],
    ['not by a schema', { unevaluatedProperties: { type: 'string' } }, { a: 1 }, false],
    ['items of prefixItems', { allOf: [{ prefixItems: [true] }], unevaluatedItems: false }, [1], true],
    ['more items', { allOf: [{ prefixItems: [true] }], unevaluatedItems: false }, [1, 2], false],
    ['items that contains found', { contains: { const: 1 }, unevaluatedItems: false }, [1, 1], true],
    ['items that contains did not find', { contains: { const: 1 }, unevaluatedItems: false }, [1, 2], false],
    [
      'within another',
      { properties: { a: { unevaluatedProperties: false } }, unevaluatedProperties: false },
      { a: { b: 1 } },
      false,
    ],
    ['properties of a member', { properties: { a: MEMBER } }, { a: { b: 1 } }, true],
    ['others of a member', { properties: { a: MEMBER } }, { a: { b: 1, c: 1 } }, false],
    ['properties of an item', { items: MEMBER }, [{ b: 1 }, { b: 2 }], true],
    ['items of an item', { items: { prefixItems: [true], unevaluatedItems: false } }, [[1], [2]], true],
    ['more items of an item', { items: { prefixItems: [true], unevaluatedItems: false } }, [[1, 2]], false],
    ['properties within not', { not: MEMBER }, { b: 1 }, false],
    ['others within not', { not: MEMBER }, { c: 1 }, true],
  ])('unevaluated: %s', (_, one, value, expected) => {
    expect(ours(one, value)).toBe(expected);
  });

  it('follows references by $id, and those of older drafts', () => {
    const one = {
      $id: 'https://example.com/root.json',
      properties: { a: { $ref: 'item.json' }, b: { $ref: '#/definitions/b' }, c: { $ref: 'item.json#inner' } },
      definitions: { b: { items: [{ type: 'string' }], additionalItems: { type: 'number' } } },
      $defs: { x: { $id: 'item.json', type: 'integer', $defs: { y: { $anchor: 'inner', type: 'null' } } } },
    };
    for (const value of [{ a: 1 }, { b: ['x', 1, 2] }, { c: null }]) expect(ours(one, value)).toBe(true);
    for (const value of [{ a: 'x' }, { b: [1] }, { b: ['x', 'y'] }, { c: 1 }]) expect(ours(one, value)).toBe(false);
  });
});

const FORMATS: Record<string, string[]> = {
  date: ['2024-02-29', '2023-02-29', '2024-13-01', '2024-00-10', '2024-04-31', '2024-1-1', 'x'],
  time: [
    '10:00:00Z',
    '10:00:00.5+01:00',
    '23:59:60Z',
    '22:59:60-01:00',
    '10:00:60Z',
    '24:00:00Z',
    '10:00:00',
    '10:00:00z',
  ],
  'date-time': [
    '2024-02-29T10:00:00Z',
    '2024-02-29t10:00:00z',
    '2024-02-29 10:00:00Z',
    '2024-02-30T10:00:00Z',
    '2024-02-29',
  ],
  duration: ['P1Y2M3D', 'P1D', 'PT1H', 'PT1H2M3S', 'P2W', 'P', 'PT', 'P1YT', 'P1Y1D', 'PT1H1S', 'P1W1D', '1D'],
  uri: [
    'https://a.example/x?y#z',
    'urn:a:b',
    'mailto:a@b',
    '//a/b',
    'a',
    'https://[::1]:80/',
    'https://[::1',
    'a b:c',
    'http://a%2g/',
    'http://u:p@h:1/%20',
  ],
  'uri-reference': ['/a/b', '../x', '#f', '?q', '', '//h/p', 'a b', '%zz'],
  'uri-template': ['/a/{b}', '{?x,y*}', '{+a:3}', '{', '{a b}', '%20', ' '],
  url: [
    'https://a.example/x',
    'http://a.example:8080',
    'ftp://a.example',
    'a.example',
    'https://',
    'mailto:a@b.c',
    'https://a b.example',
  ],
  email: [
    'a@b.example',
    'a.b+c@d.example',
    '"a b"@c.example',
    'a@[127.0.0.1]',
    'a@[ipv6:::1]',
    '.a@b',
    'a..b@c',
    'a@',
    '@b',
    'a',
    'a@-b',
    'a@b@c',
  ],
  hostname: ['a.example', 'a', '-a', 'a-', 'a..b', 'x'.repeat(64), 'x'.repeat(63), 'a_b', ''],
  ipv4: ['127.0.0.1', '256.1.1.1', '1.1.1', '1.1.1.1.1', 'a.b.c.d'],
  ipv6: [
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1::2::3',
    ':::',
    '12345::',
    '::1.2.3',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3.256',
  ],
  regex: ['^a+$', '(', '[a-z]', 'a\\Z'],
  uuid: [
    '018f99e2-ed3a-7f4c-ae97-83d619bdf95c',
    '018F99E2-ED3A-7F4C-AE97-83D619BDF95C',
    '018f99e2',
    '018f99e2ed3a7f4cae9783d619bdf95c',
  ],
  'json-pointer': ['', '/a/b~0~1', 'a', '/~2', '/~'],
  'json-pointer-uri-fragment': ['#', '#/a%20', '/a', '#/~2'],
  'relative-json-pointer': ['0', '1/a', '0#', '01', '-1', '1a', '/a'],
  unknown: ['anything'],
};

describe('formats', () => {
  it.each(Object.entries(FORMATS))('%s are judged as another validator does', (format, texts) => {
    for (const text of texts) expect([text, ours({ format }, text)]).toEqual([text, oracle({ format }, text)]);
    expect(ours({ format }, 5)).toBe(true);
  });
});

describe('patterns', () => {
  const PATTERNS = [
    '^\\s*$',
    '\\S',
    '[\\s\\S]',
    '[^\\s]',
    '[\\S]',
    '^.$',
    '\\w\\b',
    '\\d{2,3}',
    '[\\d-]',
    '^[^a]$',
    '\\u00df',
    '\\u{1F44D}',
    '\\uD83D\\uDC4D',
    '\\x41',
    '\\cJ',
    '\\0',
    '\\/',
    '[\\b]',
    '[\\]\\-]',
    '[[(]',
    '(?<year>\\d)',
    '(?:a|b)',
    '^$',
    'a|^b',
    '\\p{Lu}',
    '[\\p{L}\\d]',
    '\\P{L}',
    '\\p{Script=Greek}',
    '[^]',
    '[]',
    'b|[]|[a]',
    '[\\[^]',
    '[^[]',
    '[a[]',
    '[\\]^]',
    '(?i:A)',
    '\\.',
    '[.]',
    'a{0,2}b',
    '',
  ];
  const TEXTS = [
    '',
    'a',
    'b',
    'aab',
    ' ',
    '\u00a0',
    '\u2028',
    '\n',
    '\r',
    '\ufeff',
    '\u200b',
    'ß',
    '👍',
    'A',
    '12',
    '1234',
    '-',
    ']',
    '[',
    '^',
    '|',
    '(',
    '\0',
    '\b',
    '/',
    'x y',
    'Ω',
    'ω1',
    '.',
  ];

  it.each(PATTERNS)('%s means what it means in ECMA-262', (pattern) => {
    const expression = new RegExp(pattern, 'u');
    for (const text of TEXTS) expect([text, ours({ pattern }, text)]).toEqual([text, expression.test(text)]);
  });
});
