import { beforeAll, describe, expect, it } from 'vitest';
import { StoreBusyError } from '../../functions/adapters/dynamodb/batch.ts';
import { createFindPerson } from '../../functions/adapters/oidc/find-person.ts';
import { QueueRefusedError } from '../../functions/adapters/sqs/work-queue.ts';
import { createAuthenticate } from '../../functions/core/access/authenticate.ts';
import { PartialFailure } from '../../functions/core/partial-failure.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { throttled } from '../support/scripted-calls.ts';

const { call, deps, tables, telemetry } = useApi();
const T = '/v1/tenants/acme';
const NO_KEYS = {
  adminKeys: { current: async () => '', others: async () => [] },
  findToken: async () => null,
  findApiKey: async () => null,
};
let sub = '';

beforeAll(async () => {
  const created = await call('POST', `${T}/subscriptions`, { body: { url: 'https://a.example/', eventTypes: ['*'] } });
  sub = created.field('id');
});

describe('a fault that is not the caller’s', () => {
  const named = (name: string, rest: object = {}) =>
    Object.assign(new Error('internal: table arn:aws:secret'), { name, ...rest });

  it.each<[string, Error]>([
    ['a throttled table', named('ProvisionedThroughputExceededException')],
    ['an account over its limit', named('RequestLimitExceeded')],
    ['a throttled call', named('ThrottlingException')],
    ['a fault of DynamoDB', named('InternalServerError')],
    ['a table that took only a part', new StoreBusyError('BatchGetItem')],
    ['nobody who answers', named('Error', { code: 'ECONNREFUSED' })],
    ['no answer in time', named('TimeoutError')],
  ])('%s is 503, to be tried again', async (_, error) => {
    const tenants = { ...deps.stores.tenants, getTenant: () => Promise.reject(error) };
    const answer = await call('GET', T, {}, { stores: { ...deps.stores, tenants } });
    expectProblem(answer, 503, 'unavailable');
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(answer.text).not.toContain('arn:');
  });

  it('a sign-in provider that is away is 503, and named', async () => {
    const issuer = 'http://127.0.0.1:1';
    const signIn = { issuer, clientId: 'console', claim: 'groups', adminValues: [], readValues: [] };
    const token = [{ alg: 'RS256' }, { iss: issuer }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const findPerson = createFindPerson(signIn, deps.now);
    const authenticate = createAuthenticate({ ...NO_KEYS, findPerson, now: deps.now });
    const headers = { authorization: `Bearer ${token.join('.')}.x` };
    const answer = await call('GET', T, { headers }, { authenticate });
    expectProblem(answer, 503, 'unavailable');
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(answer.text).toContain('provider');
  });

  it('a table that throttles again and again is 503', async () => {
    tables.faults.fails = (operation) => (operation === 'Query' ? throttled() : null);
    const answer = await call('GET', '/v1/tenants');
    tables.faults.fails = () => null;
    expectProblem(answer, 503, 'unavailable');
  });

  it.each(['publish', 'retries'] as const)('a queue that refuses is 503 (%s)', async (port) => {
    const refuse = () =>
      Promise.reject(new PartialFailure(['one'], 2, new QueueRefusedError('InternalError', 'arn:aws:secret')));
    const answer =
      port === 'publish'
        ? await call('POST', `${T}/events`, { body: { type: 'a', data: 1 } }, { publish: refuse })
        : await call('POST', `${T}/subscriptions/${sub}/resume`, {}, { retries: { send: refuse } });
    expectProblem(answer, 503, 'unavailable');
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.text).not.toContain('arn:');
  });

  it.each([new TypeError('Cannot read properties of undefined (arn:aws:secret)'), 'a text arn:aws:', undefined])(
    'anything else is 500, says nothing, and is logged (%s)',
    async (thrown) => {
      telemetry.lines.length = 0;
      const getTenant = async () => {
        throw thrown;
      };
      const answer = await call(
        'GET',
        T,
        {},
        {
          stores: { ...deps.stores, tenants: { ...deps.stores.tenants, getTenant } },
        },
      );
      expectProblem(answer, 500, 'internal_error');
      expect(answer.text).not.toMatch(/arn:|TypeError|at .*\.ts/);
      expect(telemetry.lines.join()).toContain('a request failed');
    },
  );
});
