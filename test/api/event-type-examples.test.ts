import { describe, expect, it } from 'vitest';
import { expectProblem, useApi } from '../support/api.ts';

const { call } = useApi();
const SCHEMA = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
const FITS = { schema: SCHEMA, example: { n: 1 }, validate: true };
let made = 0;

async function make(rest: object) {
  made += 1;
  const name = `checked.n${made}`;
  const answer = await call('POST', '/v1/event-types', { body: { name, ...rest } });
  return { answer, path: `/v1/event-types/${name}` };
}

async function change(from: object, body: object) {
  const { path } = await make(from);
  return { answer: await call('PATCH', path, { body }), path };
}

describe('an event type that validates, with an example that its schema refuses', () => {
  it('is not made, and says what is wrong and where', async () => {
    const { answer, path } = await make({ ...FITS, example: { n: 'one' } });
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({
      errors: [{ path: '/example', message: 'does not fit the schema: /data/n must be of type integer, not string' }],
    });
    expectProblem(await call('GET', path), 404, 'not_found');
  });

  it.each<[string, object, object]>([
    ['the example', FITS, { example: {} }],
    ['the schema', FITS, { schema: { type: 'string' } }],
    ['whether it validates', { ...FITS, example: {}, validate: false }, { validate: true }],
    ['all of them', {}, { ...FITS, example: [] }],
  ])('does not come of a change of %s', async (_, from, body) => {
    const { answer, path } = await change(from, body);
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: [{ path: '/example' }] });
    expect((await call('GET', path)).headers.etag).toBe('"1"');
  });

  it('does not come of a schema that takes too many steps', async () => {
    const either = { anyOf: Array(3).fill({ items: { $ref: '#/$defs/a' }, minItems: 1 }) };
    const schema = { $ref: '#/$defs/a', $defs: { a: either } };
    const { answer } = await make({ schema, example: JSON.parse('['.repeat(40) + ']'.repeat(40)), validate: true });
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: [{ path: '/example', message: expect.stringContaining('steps') }] });
  });
});

describe('an example is not checked', () => {
  it.each<[string, object]>([
    ['by a type that does not validate', { ...FITS, example: {}, validate: false }],
    ['without a schema', { example: {}, validate: true }],
    ['that there is not', { schema: SCHEMA, validate: true }],
  ])('%s', async (_, body) => {
    expect((await make(body)).answer.status).toBe(201);
  });
});

describe('an example that fits is taken', () => {
  it('with the type, and with a change', async () => {
    expect((await make(FITS)).answer.status).toBe(201);
    expect((await change(FITS, { example: { n: 2 } })).answer.status).toBe(200);
    expect((await change(FITS, { example: 'one', schema: { type: 'string' } })).answer.status).toBe(200);
    expect((await change(FITS, { example: {}, validate: false })).answer.status).toBe(200);
  });
});
