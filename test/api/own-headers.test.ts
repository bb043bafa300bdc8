import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps } = useApi();
const T = '/v1/tenants/acme';
const KEY = 'Bearer the-key-of-a-customer';
const HIDDEN = { 'X-Key': '[redacted]', 'X-Team': '[redacted]' };
const WITH_KEY = { url: 'https://a.example/', eventTypes: ['*'], headers: { 'X-Key': KEY, 'X-Team': 'payroll' } };

async function subscribe(): Promise<string> {
  const created = await call('POST', `${T}/subscriptions`, { body: WITH_KEY });
  expect(created).toMatchObject({ status: 201, json: { headers: HIDDEN } });
  return `${T}/subscriptions/${created.field('id')}`;
}

const Shown = z.object({ headers: z.record(z.string(), z.string()) });
const shown = async (path: string) => Shown.parse((await call('GET', `${path}?show=headers`)).json).headers;

describe('the values of own headers', () => {
  it('lie in the store only sealed', async () => {
    const path = await subscribe();
    const stored = await deps.stores.subscriptions.getSubscription('acme', path.split('/').at(-1) ?? '');
    expect(Object.keys(stored?.headers ?? {})).toEqual(['X-Key', 'X-Team']);
    expect(JSON.stringify(stored)).not.toMatch(/the-key|payroll/);
  });

  it('are shown on request only, to full keys of the tenant', async () => {
    const path = await subscribe();
    expect(await call('GET', path)).toMatchObject({ json: { headers: HIDDEN } });
    expect((await call('GET', `${T}/subscriptions`)).text).not.toMatch(/the-key|payroll/);
    expect(await shown(path)).toEqual(WITH_KEY.headers);
    expect(await call('GET', `${path}?show=headers`, { as: tenantOf('acme') })).toMatchObject({
      json: { headers: WITH_KEY.headers },
    });
  });

  it('are counted together with those that a change leaves alone', async () => {
    const path = await subscribe();
    const long = { 'X-A': 'v'.repeat(2_048), 'X-B': 'v'.repeat(2_048) };
    expect(await call('PATCH', path, { body: { headers: long } })).toMatchObject({ status: 200 });
    const refused = await call('PATCH', path, { body: { headers: { 'X-C': 'v'.repeat(2_048) } } });
    expectProblem(refused, 422, 'invalid_request');
    expect(refused).toMatchObject({
      json: { errors: [{ path: '/headers', message: expect.stringMatching(/together/) }] },
    });
    expect(await call('PATCH', path, { body: { headers: { 'X-A': null, 'X-C': 'v'.repeat(2_048) } } })).toMatchObject({
      status: 200,
    });
  });

  it('are never shown to tokens that only read', async () => {
    const path = await subscribe();
    const as = tenantOf('acme', true);
    expect(await call('GET', path, { as })).toMatchObject({ status: 200, json: { headers: HIDDEN } });
    expectProblem(await call('GET', `${path}?show=headers`, { as }), 403, 'forbidden');
  });

  it('stay what they are when they are sent back as they are shown', async () => {
    const path = await subscribe();
    const { headers } = Shown.parse((await call('GET', path)).json);
    const body = { headers: { ...headers, 'X-Team': 'hr', 'X-New': '1' } };
    expect(await call('PATCH', path, { body })).toMatchObject({ status: 200 });
    expect(await shown(path)).toEqual({ 'X-Key': KEY, 'X-Team': 'hr', 'X-New': '1' });
    await call('PATCH', path, { body: { headers: { 'X-Key': null } } });
    expect(await shown(path)).toEqual({ 'X-Team': 'hr', 'X-New': '1' });
    await call('PATCH', path, { body: { headers: null } });
    expect(await shown(path)).toEqual({});
  });

  it('are refused where the mark stands for no value, and where old and new names clash', async () => {
    const path = await subscribe();
    const paths = z.object({ errors: z.array(z.object({ path: z.string() })) });
    for (const [headers, error] of [
      [{ 'X-Other': '[redacted]' }, '/headers/X-Other'],
      [{ 'x-key': '1' }, '/headers/x-key'],
      [{ Host: 'a' }, '/headers/Host'],
    ] as const) {
      const refused = await call('PATCH', path, { body: { headers } });
      expectProblem(refused, 422, 'invalid_request');
      expect(paths.parse(refused.json).errors.map((one) => one.path)).toEqual([error]);
    }
    const body = { ...WITH_KEY, headers: { 'X-Key': '[redacted]' } };
    expectProblem(await call('POST', `${T}/subscriptions`, { body }), 422, 'invalid_request');
    expect(await shown(path)).toEqual(WITH_KEY.headers);
  });

  it('are read by a vendor’s clients as the vendor shows them, but not with a token that only reads', async () => {
    const mounted = { compatibility: ['keypay'] } as const;
    const list = '/business/acme/webhookregistrations';
    const body = { webHookUri: 'https://a.example/', filters: ['*'], headers: WITH_KEY.headers };
    const made = await call('POST', list, { body }, mounted);
    const one = `${list}/${made.field('id')}`;
    expect(await call('GET', one, {}, mounted)).toMatchObject({ json: { headers: WITH_KEY.headers } });
    const read = await call('GET', one, { as: tenantOf('acme', true) }, mounted);
    expect(read).toMatchObject({ status: 200, json: { headers: HIDDEN, secret: null } });
  });
});
