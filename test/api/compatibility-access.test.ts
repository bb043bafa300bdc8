import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Method } from '../../functions/api/http/route.ts';
import { ANONYMOUS, type Principal } from '../../functions/core/access/principal.ts';
import { type ApiRequest, expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps } = useApi();
const MOUNTED = { compatibility: ['keypay', 'staffology'] } as const;
const vendor = (method: Method, target: string, request: ApiRequest = {}) => call(method, target, request, MOUNTED);
const KEYPAY = '/business/acme/webhookregistrations';
const STAFFOLOGY = '/employers/acme/webhooks';
const URL = 'https://receiver.example/hooks';
let registration = '';
let webhook = '';

beforeAll(async () => {
  registration = (await vendor('POST', KEYPAY, { body: { webHookUri: URL } })).field('id');
  webhook = (await vendor('POST', STAFFOLOGY, { body: { webhookEvent: 'Employee_Created', url: URL } })).field('id');
});

/** `REG` and `HOOK` stand for ids. */
const ALL: [Method, string, unknown?][] = [
  ['GET', KEYPAY],
  ['POST', KEYPAY, { webHookUri: URL }],
  ['GET', `${KEYPAY}/REG`],
  ['PUT', `${KEYPAY}/REG`, { webHookUri: URL }],
  ['GET', `${KEYPAY}/REG/test`],
  ['DELETE', `${KEYPAY}/REG`],
  ['DELETE', KEYPAY],
  ['GET', STAFFOLOGY],
  ['POST', STAFFOLOGY, { webhookEvent: 'Employee_Created', url: URL }],
  ['GET', `${STAFFOLOGY}/samples/Employee_Created`],
  ['GET', `${STAFFOLOGY}/HOOK`],
  ['PUT', `${STAFFOLOGY}/HOOK`, { webhookEvent: 'Employee_Created', url: URL }],
  ['GET', `${STAFFOLOGY}/HOOK/payloads`],
  ['DELETE', `${STAFFOLOGY}/HOOK`],
];
const fill = (path: string) => path.replace('REG', registration).replace('HOOK', webhook);
const readOnly = tenantOf('acme', true);

describe.each(ALL)('%s %s', (method, path, body) => {
  const ask = (as: Principal) => vendor(method, fill(path), { as, body });

  it('is there only where it is mounted', async () => {
    expectProblem(await call(method, fill(path), { body }), 404, 'not_found');
    const other = path.startsWith('/business') ? 'staffology' : 'keypay';
    expectProblem(await call(method, fill(path), { body }, { compatibility: [other] }), 404, 'not_found');
  });

  it('needs a key, and that of this customer', async () => {
    expectProblem(await ask(ANONYMOUS), 401, 'unauthenticated');
    expectProblem(await ask(tenantOf('other')), 404, 'not_found');
  });

  it('is not for a key that only publishes', async () => {
    expectProblem(await ask({ ...tenantOf('acme'), role: 'publish' }), 403, 'forbidden');
  });

  it('lets a read-only token read, and no more', async () => {
    if (method !== 'GET' || path.endsWith('/test')) expectProblem(await ask(readOnly), 403, 'forbidden');
    else expect(await ask(readOnly)).toMatchObject({ status: 200 });
  });
});

describe('whose subscriptions there are', () => {
  const Ids = z.array(z.looseObject({ id: z.string() })).transform((list) => list.map(({ id }) => id));

  it('each vendor has its own, and /v1 has them all', async () => {
    const subscriptions = '/v1/tenants/mixed/subscriptions';
    const standard = (await call('POST', subscriptions, { body: { url: URL, eventTypes: ['*'] } })).field('id');
    const body = { url: URL, eventTypes: ['Employee_Updated'], profile: 'staffology' };
    const hook = (await call('POST', subscriptions, { body })).field('id');
    const made = await vendor('POST', '/business/mixed/webhookregistrations', { body: { webHookUri: URL } });
    expect(made.status).toBe(201);
    expect(Ids.parse((await vendor('GET', '/business/mixed/webhookregistrations')).json)).toEqual([made.field('id')]);
    const hooks = Ids.parse((await vendor('GET', '/employers/mixed/webhooks')).json);
    expect(hooks).toHaveLength(1);
    // The same subscription by both of its names.
    for (const id of [hook, hooks[0]]) {
      expect(await vendor('GET', `/employers/mixed/webhooks/${id}`)).toMatchObject({
        status: 200,
        json: { id: hooks[0], webhookEvent: 'Employee_Updated', active: true },
      });
    }
    for (const id of [standard, hook]) {
      const one = `/business/mixed/webhookregistrations/${id}`;
      expectProblem(await vendor('GET', one), 404, 'not_found');
      expectProblem(await vendor('PUT', one, { body: { webHookUri: URL } }), 404, 'not_found');
      expectProblem(await vendor('DELETE', one), 404, 'not_found');
    }
    expect(await vendor('DELETE', '/business/mixed/webhookregistrations')).toMatchObject({ status: 200, text: '' });
    expect(Ids.parse((await vendor('GET', '/business/mixed/webhookregistrations')).json)).toEqual([]);
    const left = z.object({ data: Ids }).parse((await call('GET', subscriptions)).json);
    expect(left.data.toSorted()).toEqual([standard, hook].toSorted());
  });

  it.each(['A%23TENANT', 'sub_1', 'x', '019354da-1ae4-7fff-8fff-ffffffffffff', '%00'])(
    'the id %s is unknown',
    async (id) => {
      await deps.stores.tenants.createTenant('acme', deps.now());
      expectProblem(await vendor('GET', `${KEYPAY}/${id}`), 404, 'not_found');
      expectProblem(await vendor('GET', `${STAFFOLOGY}/${id}`), 404, 'not_found');
      expectProblem(await vendor('GET', `${STAFFOLOGY}/${webhook}/payloads/${id}`), 404, 'not_found');
    },
  );
});
