import { describe, expect, it } from 'vitest';
import { createTenantKeys } from '../../functions/core/tenant/tenant-keys.ts';
import { expectProblem, tenantOf, useApi } from '../support/api.ts';

const { call, deps } = useApi();
const keyOf = async (tenant: string) => (await call('GET', `/v1/tenants/${tenant}/signing-key`)).field('key');
const subscribe = (tenant: string, profile: string) =>
  call('POST', `/v1/tenants/${tenant}/subscriptions`, {
    body: { name: 'N', url: 'https://a.example/', eventTypes: ['*'], profile },
  });

describe('a tenant’s signing key', () => {
  it('is made when it is first asked for, with the tenant, and stays', async () => {
    const key = await keyOf('fresh');
    expect(key).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await keyOf('fresh')).toBe(key);
    expect(await keyOf('other')).not.toBe(key);
    expect(await call('GET', '/v1/tenants/fresh')).toMatchObject({ status: 200 });
  });

  it('is made with the first subscription that needs it', async () => {
    await subscribe('needs-none', 'keypay');
    expect(await deps.stores.tenants.getTenantKey('needs-none')).toBeNull();
    await subscribe('needs-one', 'bindbee');
    const sealed = await deps.stores.tenants.getTenantKey('needs-one');
    expect(sealed).not.toBeNull();
    expect(sealed).not.toContain(await keyOf('needs-one'));
    await subscribe('needs-one', 'bindbee');
    expect(await deps.stores.tenants.getTenantKey('needs-one')).toBe(sealed);
  });

  it('is made when a subscription changes to a profile that needs it', async () => {
    const created = await subscribe('changes', 'keypay');
    await call('PATCH', `/v1/tenants/changes/subscriptions/${created.field('id')}`, { body: { profile: 'bindbee' } });
    expect(await deps.stores.tenants.getTenantKey('changes')).not.toBeNull();
  });

  it('that several make at the same moment is one', async () => {
    const tenantKeys = createTenantKeys({ ...deps, tenants: deps.stores.tenants });
    const keys = await Promise.all(Array.from({ length: 4 }, () => tenantKeys.ensure('contested')));
    expect(new Set(keys).size).toBe(1);
    expect(await keyOf('contested')).toBe(keys[0]);
  });

  it('is replaced immediately, by one that is made or one that is brought', async () => {
    const first = await keyOf('rotated');
    const second = (await call('POST', '/v1/tenants/rotated/signing-key/rotate')).field('key');
    expect(second).not.toBe(first);
    expect(await keyOf('rotated')).toBe(second);
    const brought = { body: { key: 'our own, of old' } };
    expect((await call('POST', '/v1/tenants/rotated/signing-key/rotate', brought)).field('key')).toBe(
      'our own, of old',
    );
    expect(await keyOf('rotated')).toBe('our own, of old');
  });

  it('survives that the tenant is replaced', async () => {
    const key = await keyOf('replaced');
    await call('PUT', '/v1/tenants/replaced', { body: { name: 'New' } });
    expect(await keyOf('replaced')).toBe(key);
    expect((await call('GET', '/v1/tenants/replaced')).text).not.toContain('signingKey');
  });

  it('is the tenant’s own to read and to change, but not with a token that only reads', async () => {
    const path = '/v1/tenants/private/signing-key';
    expect(await call('GET', path, { as: tenantOf('private') })).toMatchObject({ status: 200 });
    expect(await call('POST', `${path}/rotate`, { as: tenantOf('private') })).toMatchObject({ status: 200 });
    expectProblem(await call('GET', path, { as: tenantOf('private', true) }), 403, 'forbidden');
    expectProblem(await call('POST', `${path}/rotate`, { as: tenantOf('private', true) }), 403, 'forbidden');
    expectProblem(await call('GET', path, { as: tenantOf('other') }), 404, 'not_found');
  });

  it.each([{ key: '' }, { key: 'x'.repeat(257) }, { key: 7 }, { secret: 'x' }])('is not %j', async (body) => {
    expectProblem(await call('POST', '/v1/tenants/acme/signing-key/rotate', { body }), 422, 'invalid_request');
  });
});
