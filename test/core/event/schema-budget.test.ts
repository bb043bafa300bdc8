import { describe, expect, it } from 'vitest';
import { compileDataCheck, MAX_SCHEMA_STEPS, schemaMistake } from '../../../functions/core/event/validate-data.ts';
import { StepBudget } from '../../../functions/core/step-budget.ts';

const DEEP = Array.from({ length: 14 }, (_, at) => [
  `d${at}`,
  { allOf: Array(2).fill({ $ref: `#/$defs/d${at + 1}` }) },
]);
/** Schemas under which a small event took the former validator minutes, or for ever. */
const OUTAGES: [what: string, schema: object, data: unknown][] = [
  ['format: url', { format: 'url' }, `http://${'a'.repeat(60)}!`],
  ['format: url with many @', { format: 'url' }, `http://${'@'.repeat(100_000)}`],
  ['format: email', { format: 'email' }, `${'a.'.repeat(100_000)}@`],
  ['format: uri', { format: 'uri' }, `a:${'/'.repeat(200_000)} `],
  ['format: uri-template', { format: 'uri-template' }, `{${'a'.repeat(200_000)}`],
  ['a pattern that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(200_000)}!`],
  ['a pattern with many alternatives', { pattern: '(a|aa|aaa)*(b|a)*c$' }, 'a'.repeat(200_000)],
  ['patternProperties', { patternProperties: { '^(a+)+$': true } }, { [`${'a'.repeat(60_000)}!`]: 1 }],
  ['uniqueItems of numbers', { uniqueItems: true }, Array.from({ length: 100_000 }, (_, at) => at)],
  ['uniqueItems of objects', { uniqueItems: true }, Array.from({ length: 30_000 }, (_, at) => ({ at }))],
  [
    'an enum of objects',
    { items: { enum: Array.from({ length: 3_000 }, (_, at) => ({ at })) } },
    Array(30_000).fill({ at: -1 }),
  ],
  [
    'an enum whose message is long',
    { items: { enum: Array.from({ length: 9_000 }, (_, at) => `text ${at}`) } },
    Array(60_000).fill(1),
  ],
  [
    'nested alternatives',
    { $ref: '#/$defs/a', $defs: { a: { anyOf: Array(3).fill({ items: { $ref: '#/$defs/a' }, minItems: 1 }) } } },
    nest(60),
  ],
];

function nest(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('an event that took its schema minutes', () => {
  it.each(OUTAGES)('%s', (_, schema, data) => {
    const text = JSON.stringify(schema);
    expect(schemaMistake(text)).toBeNull();
    const budget = new StepBudget(MAX_SCHEMA_STEPS);
    const start = performance.now();
    const verdict = compileDataCheck(text)(data, budget);
    expect(performance.now() - start).toBeLessThan(2_000);
    // Past its end, a budget is overdrawn by one text at most.
    expect(budget.spent).toBeLessThan(2 * MAX_SCHEMA_STEPS);
    if (budget.isSpent) expect(verdict).toMatchObject({ fits: false, code: 'schema_over_budget' });
  });

  it('is over its budget where no engine can make it short', () => {
    const schema = JSON.stringify(OUTAGES.at(-1)?.[1]);
    expect(compileDataCheck(schema)(nest(60))).toEqual({
      fits: false,
      code: 'schema_over_budget',
      errors: [{ path: '/data', message: expect.stringContaining('too many steps') }],
    });
    expect(compileDataCheck(schema)([])).toMatchObject({ code: 'invalid_data' });
  });
});

describe('a schema is refused when it is written, if', () => {
  it.each<[string, object, RegExp]>([
    [
      'its references multiply',
      { $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(DEEP), d14: {} } },
      /looks at one value \d+ times/,
    ],
    ['it refers to itself', { $ref: '#' }, /refers to itself/],
    [
      'it refers to itself by way of others',
      { anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { not: { $ref: '#' } } } },
      /itself/,
    ],
    ['it has too many schemas', { anyOf: Array.from({ length: 5_001 }, () => ({})) }, /more than 5000 schemas/],
    ['it is nested too deeply', { a: nest(100) as object }, /deeper than 100/],
    ['a pattern looks ahead', { pattern: '^(?=a)' }, /\/pattern looks ahead/],
    ['a pattern looks behind', { pattern: '(?<!a)b' }, /behind/],
    ['a pattern refers back', { pattern: '(a)\\1' }, /refers back/],
    ['a pattern refers back by name', { pattern: '(?<x>a)\\k<x>' }, /refers back/],
    ['a pattern changes what its dots mean', { pattern: '^(?s:.)$' }, /\/pattern changes the flags m or s/],
    ['a pattern changes what its ends are', { pattern: '(?i-m:^a)' }, /\/pattern changes the flags m or s/],
    ['a pattern repeats too much', { pattern: '((a{1,30}){1,30}){1,30}' }, /pattern is (too large|not supported)/],
    [
      'a pattern is too long',
      { properties: { a: { pattern: 'a'.repeat(1_001) } } },
      /\/properties\/a\/pattern is longer/,
    ],
    ['a name’s pattern is none', { patternProperties: { '(': {} } }, /\/patternProperties\/\( .*Unterminated/],
    [
      'a keyword has a wrong value',
      { properties: { a: { required: 'id' } } },
      /\/properties\/a\/required must be a list/,
    ],
    ['a type is misspelt', { type: 'int' }, /\/type must be of/],
    ['it needs what is not checked', { $dynamicRef: '#x' }, /\/\$dynamicRef is not supported/],
    ['it is a list', [] as object, /must be a schema/],
  ])('%s', (_, schema, message) => {
    expect(schemaMistake(JSON.stringify(schema))).toMatch(message);
  });

  it.each<[string, object]>([
    ['escaped brackets look ahead no more', { pattern: '\\(?=a' }],
    ['nor do those in a class', { pattern: '[(?=]' }],
    ['nor do those in a class change flags', { pattern: '[(?s:]' }],
    ['a group has a name', { pattern: '(?<ms>a)' }],
    ['an escaped backslash does not refer back', { pattern: 'a\\\\1' }],
  ])('not if %s', (_, schema) => {
    expect(schemaMistake(JSON.stringify(schema))).toBeNull();
  });
});
