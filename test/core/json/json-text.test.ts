import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutJsonMember,
  indentJson,
  isDeeperThan,
  isWellFormedJson,
  jsonMembers,
  minifyJson,
  splitJsonArray,
} from '../../../functions/core/json/json-text.ts';
import { jsonText } from '../../support/json-texts.ts';

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('cutJsonMember', () => {
  it.each<[string, string, string | null]>([
    ['a number that JSON.parse rounds', '{"data":9007199254740993}', '9007199254740993'],
    ['1.0', '{"data": 1.0 }', '1.0'],
    ['1e400', '{"data":1e400}', '1e400'],
    ['-0', '{"data":-0}', '-0'],
    ['integer-like keys out of order', '{"data":{"10":1,"9":2}}', '{"10":1,"9":2}'],
    ['white space of every kind', '{ "data"\t:\r\n[ 1 ,\n{ "a" : "b c" } ] }', '[1,{"a":"b c"}]'],
    ['white space and escapes inside strings', '{"data":" a \\n \\u0041\\"}] "}', '" a \\n \\u0041\\"}] "'],
    ['the last of a repeated key', '{"data":1,"data":2}', '2'],
    ['a key written with escapes', '{"d\\u0061ta":3}', '3'],
    ['only members of the outermost object', '{"a":{"data":1},"b":[{"data":2}]}', null],
    ['null, as text', '{"data":null}', 'null'],
    ['an empty object', '{}', null],
    ['an empty string', '{"data":""}', '""'],
    ['empty containers', '{"data":{ "a": [ ], "b": { } }}', '{"a":[],"b":{}}'],
    ['after members of every kind', '{"a":[1,{"x":[]}],"b":"}","c":null,"d":true,"data":5}', '5'],
    ['what is no object', '["data",1]', null],
    ['a byte order mark inside a string', '{"data":"\\ufeff\ufeff"}', '"\\ufeff\ufeff"'],
    ['a line separator inside a string', '{"data":"a\u2028b"}', '"a\u2028b"'],
  ])('%s', (_, text, expected) => {
    expect(cutJsonMember(text, 'data')).toBe(expected);
  });

  it('any JSON comes out as it went in, but for white space', () => {
    fc.assert(
      fc.property(jsonText, jsonText, ({ spaced: other }, { compact, spaced }) => {
        const text = `{ "data" : ${other} , "more" : ${other} , "data" : ${spaced}\n}`;
        expect(cutJsonMember(text, 'data')).toBe(compact);
        expect(JSON.parse(cutJsonMember(text, 'data') ?? '')).toEqual(JSON.parse(spaced));
      }),
    );
  });

  it('takes nesting of 100,000 levels', () => {
    const data = deep(100_000);
    expect(cutJsonMember(`{"data": ${data.replaceAll('[]', '[ ]')} }`, 'data')).toBe(data);
  });
});

describe('splitJsonArray', () => {
  it.each<[string, string, string[]]>([
    ['none', '{"events":[ ]}', []],
    ['one', '{"events":[ {"a" : 1.0} ]}', ['{"a":1.0}']],
    ['several kinds', '{"events":[1, "a,b]" ,[2,[3]],{"x":[]},null]}', ['1', '"a,b]"', '[2,[3]]', '{"x":[]}', 'null']],
    ['no such member', '{"other":[1]}', []],
    ['not an array', '{"events":{"a":1}}', []],
  ])('%s', (_, text, expected) => {
    expect(splitJsonArray(text, 'events')).toEqual(expected);
  });

  it('gives each element as it went in', () => {
    fc.assert(
      fc.property(fc.array(jsonText), (elements) => {
        const text = `{"events": [ ${elements.map(({ spaced }) => spaced).join(' , ')} ]}`;
        expect(splitJsonArray(text, 'events')).toEqual(elements.map(({ compact }) => compact));
      }),
    );
  });
});

describe('minifyJson', () => {
  it('drops white space between tokens and nothing else', () => {
    fc.assert(
      fc.property(jsonText, ({ compact, spaced }) => {
        expect(minifyJson(` ${spaced}\n`)).toBe(compact);
      }),
    );
  });
});

describe('isWellFormedJson', () => {
  it.each<[string, unknown, boolean]>([
    ['a pair', '\ud83d\ude00', true],
    ['a high surrogate alone', 'a\ud83d', false],
    ['a low surrogate alone', '\ude00a', false],
    ['in a key', { 'a\ud83d': 1 }, false],
    ['deep inside', [{ a: [{ b: '\udc00' }] }], false],
    ['other kinds', [1, null, true, {}], true],
    ['100,000 levels', JSON.parse(deep(100_000)), true],
  ])('%s', (_, value, expected) => {
    expect(isWellFormedJson(value)).toBe(expected);
  });
});

describe('jsonMembers', () => {
  it.each<[string, [string, string][] | null]>([
    ['{}', []],
    [
      '{"b":1.0,"a":{"x": [ 1 ]},"b":-0,"":null,"__proto__":1}',
      [
        ['b', '1.0'],
        ['a', '{"x":[1]}'],
        ['b', '-0'],
        ['', 'null'],
        ['__proto__', '1'],
      ],
    ],
    ['{"\\u0061":"\\u0062"}', [['a', '"\\u0062"']]],
    ['[]', null],
    ['"{}"', null],
    ['1', null],
    ['null', null],
  ])('%s', (text, expected) => {
    expect(jsonMembers(text)?.map(({ name, value }) => [name, value]) ?? null).toEqual(expected);
  });
});

describe('indentJson', () => {
  const indent = (compact: string, width: number, newline: string): string =>
    indentJson(compact, width, newline, Number.POSITIVE_INFINITY) ?? expect.fail('it has no bound');

  it('gives up past its bound', () => {
    const compact = '{"a":[1,"ß"]}';
    const laidOut = '{\r\n  "a": [\r\n    1,\r\n    "ß"\r\n  ]\r\n}';
    const added = laidOut.length - compact.length;
    expect(indentJson(compact, 2, '\r\n', added)).toBe(laidOut);
    expect(indentJson(compact, 2, '\r\n', added - 1)).toBeNull();
    expect(indentJson(compact, 2, '\r\n', -1)).toBeNull();
  });

  it('lays JSON out as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 8 }), (value, width) => {
        const compact = JSON.stringify(value);
        const expected = JSON.stringify(value, null, width);
        expect(indent(compact, width, '\n')).toBe(expected);
        expect(indent(compact, width, '\r\n')).toBe(expected.replaceAll('\n', '\r\n'));
      }),
    );
  });

  it('changes white space alone, whatever the numbers and keys', () => {
    fc.assert(
      fc.property(jsonText, ({ compact }) => {
        expect(minifyJson(indent(compact, 2, '\r\n'))).toBe(compact);
      }),
    );
  });

  it('goes no further to the right than 32 levels', () => {
    const lines = indent(`${'['.repeat(50)}1${']'.repeat(50)}`, 2, '\n').split('\n');
    expect(Math.max(...lines.map((line) => line.search(/\S/)))).toBe(64);
    expect(lines[32]).toBe(`${' '.repeat(64)}[`);
    expect(lines[50]).toBe(`${' '.repeat(64)}1`);
  });
});

describe('isDeeperThan', () => {
  it.each<[unknown, number]>([
    [1, 0],
    [null, 0],
    ['[[]]', 0],
    [[], 1],
    [{ a: [], b: { c: [{}] } }, 4],
    [JSON.parse(deep(100_000)), 100_000],
  ])('of %#', (value, depth) => {
    expect(isDeeperThan(value, depth)).toBe(false);
    if (depth > 0) expect(isDeeperThan(value, depth - 1)).toBe(true);
  });
});
