import { beforeAll, describe, expect, it } from 'vitest';
import { OVER_BUDGET } from '../../functions/core/subscription/filter/filter.ts';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call } = useApi();
const T = '/v1/tenants/acme';
const FILTER = { data: { salary: [{ numeric: ['>', 100] }] } };
const testFilter = (body: object | string) => call('POST', `${T}/test-filter`, { body, as: tenantOf('acme') });
const YES = { matches: true, reason: null, mismatch: null };
const no = (reason: unknown, mismatch: unknown = expect.any(Object)) => ({ matches: false, reason, mismatch });

describe('a filter that is not saved', () => {
  it('is tested for a tenant that has nothing yet, and leaves nothing behind', async () => {
    expect(await testFilter({ filter: FILTER, data: { salary: 101 } })).toMatchObject({ status: 200, json: YES });
    const other = await testFilter({ filter: FILTER, data: { salary: 99 } });
    expect(other.json).toEqual(
      no('data.salary is 99, but the filter wants a number > 100', {
        code: 'field_differs',
        field: 'data.salary',
        found: '99',
      }),
    );
    expectProblem(await call('GET', T), 404, 'not_found');
  });

  it.each<[string, object, unknown]>([
    ['the type that is asked for', { filter: { type: ['a.b'] }, type: 'a.b' }, YES],
    ['another type', { filter: { type: ['a.b'] }, type: 'a.c' }, no(expect.stringContaining('"a.c"'))],
    ['the type of test events', { filter: { type: ['posthorn.test'] } }, YES],
    ['production', { filter: { environment: ['production'] } }, YES],
    [
      'the environment that is asked for',
      { filter: { environment: ['production'] }, environment: 'development' },
      no(expect.stringContaining('"development"')),
    ],
    ['everything, where there is no filter', { filter: null }, YES],
  ])('looks at %s', async (_, body, expected) => {
    expect((await testFilter({ data: {}, ...body })).json).toEqual(expected);
  });

  it.each<[string, object, string[]]>([
    ['no filter and no data', {}, ['/filter', '/data']],
    ['no data', { filter: FILTER }, ['/data']],
    ['a filter that is none', { filter: 'x', data: 1 }, ['/filter']],
    ['a type that is none', { filter: null, type: 'a b', data: 1 }, ['/type']],
    ['an environment that is none', { filter: null, environment: 'test', data: 1 }, ['/environment']],
    ['what it does not know', { filter: null, data: 1, url: 'https://a.example/' }, ['/url']],
  ])('refuses %s', async (_, body, paths) => {
    const answer = await testFilter(body);
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.json).toMatchObject({ errors: paths.map((path) => ({ path })) });
  });

  it.each<[string, unknown]>([
    ['an operator that there is not', { data: { salary: [{ numeric: ['~', 1] }] } }],
    [
      'more steps than a filter may take',
      { data: { $or: Array(10).fill({ f: Array(5).fill({ suffix: 'x' }) }), f: [1] } },
    ],
    ['what is no object', ['x']],
  ])('has the mistakes that it would have when it is saved: %s', async (_, filter) => {
    const tested = await testFilter({ filter, data: {} });
    const body = { url: 'https://a.example/', eventTypes: ['a.b'], filter };
    const saved = await call('POST', `${T}/subscriptions`, { body });
    expectProblem(tested, 422, 'invalid_request');
    expect(tested.json).toEqual(saved.json);
    expect(tested.json).toMatchObject({ errors: [{ path: expect.stringMatching(/^\/filter/) }] });
  });

  it('says so when the event takes more steps than a filter may take', async () => {
    const filter = { data: { f: Array(40).fill({ wildcard: 'a*b' }) } };
    const data = { f: Array(1_000_000).fill(0) };
    expect((await testFilter({ filter, data })).json).toEqual(
      no(OVER_BUDGET, { code: 'filter_over_budget', field: null, found: null }),
    );
  });
});

describe('a filter that is saved and the same one that is not', () => {
  const filter = { type: ['a.b'], data: { n: [{ numeric: ['=', 9_007_199_254_740_992] }] } };
  let path = '';
  beforeAll(async () => {
    const body = { url: 'https://a.example/', eventTypes: ['a.b'], filter };
    path = `${T}/subscriptions/${(await call('POST', `${T}/subscriptions`, { body })).field('id')}/filter/test`;
  });

  it.each([
    // Beyond 2^53 numbers are rounded for a delivery, too.
    ['9007199254740993', true],
    ['9007199254740992.0', true],
    ['9007199254740995', false],
  ])('agree on %s', async (n, matches) => {
    const saved = await call('POST', path, { body: `{"data":{"n":${n}}}` });
    expect(saved.json).toMatchObject({ matches });
    const tested = await testFilter(`{"filter":${JSON.stringify(filter)},"type":"a.b","data":{"n":${n}}}`);
    expect(tested.json).toEqual(saved.json);
  });
});

describe('who may test a filter', () => {
  it.each([
    ['a token of the tenant', tenantOf('acme'), 200],
    ['a token of another tenant', tenantOf('other'), 404],
    ['a read-only token, as for one that is saved', tenantOf('acme', true), 403],
  ])('%s: %s', async (_, as, status) => {
    expect((await call('POST', `${T}/test-filter`, { body: { filter: null, data: 1 }, as })).status).toBe(status);
  });
});
