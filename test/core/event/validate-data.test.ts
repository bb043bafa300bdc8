import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDataCheck, schemaMistake } from '../../../functions/core/event/validate-data.ts';

const SCHEMA = JSON.stringify({
  type: 'object',
  required: ['id', 'name'],
  additionalProperties: false,
  properties: {
    id: { type: 'integer', minimum: 1 },
    name: { type: 'string', minLength: 1, maxLength: 5 },
    country: { enum: ['DE', 'FR'] },
    tags: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    owner: { $ref: '#/$defs/person' },
    'a/b~c': { type: 'string' },
    when: { type: 'string', format: 'date-time' },
    either: { oneOf: [{ type: 'string' }, { type: 'object', properties: { x: { type: 'number' } } }] },
  },
  $defs: { person: { type: 'object', required: ['email'], properties: { email: { type: 'string' } } } },
});
const GOOD = { id: 1, name: 'Zoë' };
const errorsOf = (schema: string, data: unknown) => {
  const verdict = compileDataCheck(schema)(data);
  return verdict.fits ? [] : verdict.errors;
};
const paths = (data: unknown) =>
  errorsOf(SCHEMA, data)
    .map(({ path }) => path)
    .toSorted();

describe('data', () => {
  it.each<[string, unknown]>([
    ['with what is required', GOOD],
    ['with everything', { ...GOOD, country: 'DE', tags: ['a', 'b'], owner: { email: 'x' }, 'a/b~c': '', either: 'x' }],
    ['with an alternative', { ...GOOD, either: { x: 1 } }],
  ])('%s fits', (_, data) => {
    expect(compileDataCheck(SCHEMA)(data)).toEqual({ fits: true });
  });

  it.each<[string, unknown, string[]]>([
    ['of another type', 'text', ['/data']],
    ['that is null', null, ['/data']],
    ['with a field of another type', { ...GOOD, id: 'x' }, ['/data/id']],
    ['with a number that is too small', { ...GOOD, id: 0 }, ['/data/id']],
    ['with a text that is too long', { ...GOOD, name: 'Zoëzoë' }, ['/data/name']],
    ['with a value that is not listed', { ...GOOD, country: 'IT' }, ['/data/country']],
    ['with a wrong element', { ...GOOD, tags: ['a', 1] }, ['/data/tags/1']],
    ['with a twin', { ...GOOD, tags: ['a', 'a'] }, ['/data/tags']],
    ['with a date that is none', { ...GOOD, when: 'yesterday' }, ['/data/when']],
    ['wrong where a reference leads', { ...GOOD, owner: { email: 7 } }, ['/data/owner/email']],
    ['wrong in a field with a slash', { ...GOOD, 'a/b~c': 1 }, ['/data/a~1b~0c']],
    ['with several mistakes, each', { id: 0, name: 1, country: 'IT' }, ['/data/country', '/data/id', '/data/name']],
  ])('%s does not, and its path is named', (_, data, expected) => {
    expect(paths(data)).toEqual(expected);
  });

  it('that lacks a field is told so, also when another field is wrong', () => {
    const told = (data: unknown) => errorsOf(SCHEMA, data).map(({ path, message }) => `${path} ${message}`);
    expect(told({ id: 1 })).toEqual([expect.stringMatching(/^\/data .*"name"/)]);
    expect(told({ id: 0 }).toSorted()).toEqual([
      expect.stringMatching(/^\/data .*"name"/),
      expect.stringMatching(/^\/data\/id /),
    ]);
  });

  it('with a field that is not known is told which', () => {
    const messages = errorsOf(SCHEMA, { ...GOOD, colour: 'red' }).map(({ path, message }) => `${path} ${message}`);
    expect(messages.join()).toContain('colour');
  });

  it('with thousands of mistakes has as many listed as are worth reading', () => {
    expect(errorsOf('{"items":{"type":"string"}}', Array(5_000).fill(1))).toHaveLength(51);
  });

  it('with mistakes of which a schema has much to say can be kept as a rejected event', () => {
    const schema = JSON.stringify({ items: { required: ['ü'.repeat(20_000)] } });
    const errors = errorsOf(schema, Array(60).fill({}));
    expect(errors).toHaveLength(51);
    // An item of DynamoDB has 400 KB, of which the body may take 300.
    expect(Buffer.byteLength(JSON.stringify(errors))).toBeLessThan(100_000);
    expect(errors[0]?.message).toMatch(/^lacks the required property "ü+…$/);
  });

  it('that is nested too deeply for the schema to follow is refused, not a fault', () => {
    let data: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) data = [data];
    expect(errorsOf('{"$ref":"#/$defs/a","$defs":{"a":{"items":{"$ref":"#/$defs/a"}}}}', data)).toEqual([
      { path: '/data', message: expect.stringMatching(/^cannot be checked against the schema/) },
    ]);
  });

  it('of any kind is judged without an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        for (const { path } of errorsOf(SCHEMA, data)) expect(path).toMatch(/^\/data/);
      }),
    );
  });
});

describe('a schema', () => {
  it.each(['{', '{"$ref":7}'])('that cannot be read refuses all data, and is no fault: %s', (schema) => {
    expect(errorsOf(schema, {})).toEqual([
      { path: '/data', message: expect.stringMatching(/^cannot be checked against the schema/) },
    ]);
  });

  it.each(['{}', SCHEMA, '{"$ref":"#/$defs/a","$defs":{"a":{}}}'])('that can be used: %s', (schema) => {
    expect(schemaMistake(schema)).toBeNull();
  });

  it('that refers to what is not there cannot', () => {
    expect(schemaMistake('{"$ref":"#/$defs/none"}')).toMatch(/none/);
  });

  it('whose pattern is none refuses the data that it would look at, and is no fault', () => {
    expect(errorsOf('{"properties":{"a":{"pattern":"("}}}', { a: 'x' })).toEqual([
      { path: '/data', message: expect.stringMatching(/^cannot be checked against the schema: .*Invalid regular/) },
    ]);
  });
});
