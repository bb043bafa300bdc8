import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readEventTypePack } from '../event-type-packs/pack-files.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { VENDORS } from '../support/profiles.ts';

const { call } = useApi();
const Listed = z.object({ data: z.array(z.object({ name: z.string(), eventTypes: z.number() })) });
const type = (name: string, rest: object = {}) => ({
  name,
  description: 'd',
  group: 'g',
  source: 'ours',
  exampleSource: 'ours',
  schema: { type: 'object' },
  example: { n: 1 },
  ...rest,
});
const load = (...eventTypes: object[]) =>
  call('POST', '/v1/event-type-packs', {
    body: { name: 'own', title: 'Own', description: 'd', sources: [], eventTypes },
  });
const read = (name: string) => call('GET', `/v1/event-types/${name}`);

describe('the event-type packs of the vendors', () => {
  it('are listed', async () => {
    const { data } = Listed.parse((await call('GET', '/v1/event-type-packs')).json);
    expect(data.map(({ name }) => name).toSorted()).toEqual([...VENDORS].toSorted());
  });

  it.each(VENDORS)('%s is loaded whole, and loading it again changes nothing', async (name) => {
    const { data } = Listed.parse((await call('GET', '/v1/event-type-packs')).json);
    const count = data.find((one) => one.name === name)?.eventTypes ?? 0;
    expect(count).toBeGreaterThan(3);
    const counts = async () => {
      const answer = await call('POST', `/v1/event-type-packs/${name}/load`);
      return z.object({ created: z.int(), changed: z.int(), unchanged: z.int() }).parse(answer.json);
    };
    const first = await counts();
    expect(first.created + first.changed + first.unchanged).toBe(count);
    expect(first.created).toBeGreaterThan(0);
    const before = await call('GET', '/v1/event-types?limit=100');
    expect(await counts()).toEqual({ created: 0, changed: 0, unchanged: count });
    expect((await call('GET', '/v1/event-types?limit=100')).text).toBe(before.text);
  });

  it.each(VENDORS)('%s has examples that its event types take, also once they validate', async (name) => {
    const { eventTypes } = readEventTypePack(name);
    await call('POST', `/v1/event-type-packs/${name}/load`);
    for (const one of eventTypes)
      expect((await call('PATCH', `/v1/event-types/${one.name}`, { body: { validate: true } })).status, one.name).toBe(
        200,
      );
    const again = await call('POST', `/v1/event-type-packs/${name}/load`);
    expect(again.json).toEqual({ created: 0, changed: 0, unchanged: eventTypes.length });
  });

  it('that there are not are not found', async () => {
    expectProblem(await call('POST', '/v1/event-type-packs/none/load'), 404, 'not_found');
  });
});

describe('an event-type pack of your own', () => {
  it('describes anew what is there, and leaves alone whether it is archived and validates', async () => {
    expect((await load(type('own.a'), type('own.b'))).json).toEqual({ created: 2, changed: 0, unchanged: 0 });
    await call('PATCH', '/v1/event-types/own.a', { body: { validate: true, archived: true } });
    const changed = await load(type('own.a', { description: 'new' }), type('own.b'), type('own.c'));
    expect(changed.json).toEqual({ created: 1, changed: 1, unchanged: 1 });
    expect((await read('own.a')).json).toMatchObject({ description: 'new', validate: true, archived: true });
  });

  it('is refused if a type validates and would not take its new example, and nothing of it is loaded', async () => {
    await load(type('own.strict'), type('own.lax'));
    await call('PATCH', '/v1/event-types/own.strict', { body: { validate: true } });
    const wrong = { schema: { type: 'object', required: ['id'] } };
    const answer = await load(type('own.lax', wrong), type('own.late'), type('own.strict', wrong));
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: [{ path: '/eventTypes/2/example' }] });
    expect((await read('own.lax')).json).toMatchObject({ schema: { type: 'object' } });
    expectProblem(await read('own.late'), 404, 'not_found');
    expect((await load(type('own.lax', wrong))).json).toEqual({ created: 0, changed: 1, unchanged: 0 });
  });

  it.each<[string, object[], string]>([
    ['a type twice', [type('own.x'), type('own.x')], '/eventTypes/1/name'],
    ['no types', [], '/eventTypes'],
    ['a type of Posthorn’s own', [type('posthorn.test')], '/eventTypes/0/name'],
    [
      'a schema that refers to nothing',
      [type('own.x'), type('own.y', { schema: { $ref: '#/$defs/z' } })],
      '/eventTypes/1/schema',
    ],
    ['a schema that is no object', [type('own.x', { schema: 'object' })], '/eventTypes/0/schema'],
    ['an example that is too long', [type('own.x', { example: 'x'.repeat(100_001) })], '/eventTypes/0/example'],
    ['an unknown field', [type('own.x', { colour: 1 })], '/eventTypes/0/colour'],
  ])('with %s is refused, and nothing of it is loaded', async (_, eventTypes, path) => {
    const answer = await load(...eventTypes);
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: [{ path }] });
    expectProblem(await read('own.x'), 404, 'not_found');
  });
});
