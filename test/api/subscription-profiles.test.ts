import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseSecret } from '../../functions/core/profile/signing.ts';
import { expectProblem, useApi } from '../support/api.ts';
import { profileDocument } from '../support/profiles.ts';

const { call } = useApi();
const pathsOf = (json: unknown) =>
  z
    .object({ errors: z.array(z.object({ path: z.string() })) })
    .parse(json)
    .errors.map(({ path }) => path);

describe('a subscription’s profile', () => {
  const subscribe = (tenantId: string, rest: object = {}, defaultProfile = 'standard') =>
    call(
      'POST',
      `/v1/tenants/${tenantId}/subscriptions`,
      { body: { name: 'N', url: 'https://a.example/', eventTypes: ['a.b'], ...rest } },
      { defaultProfile },
    );

  it('is the one that it names, else the tenant’s, else the deployment’s', async () => {
    await call('PUT', '/v1/tenants/staff', { body: { defaultProfile: 'staffology' } });
    expect((await subscribe('staff', { profile: 'keypay' }, 'bindbee')).field('profile')).toBe('keypay');
    expect((await subscribe('staff', {}, 'bindbee')).field('profile')).toBe('staffology');
    expect((await subscribe('other', {}, 'bindbee')).field('profile')).toBe('bindbee');
  });

  it('that does not exist is refused', async () => {
    const answer = await subscribe('acme', { profile: 'none' });
    expectProblem(answer, 422, 'invalid_request');
    expect(pathsOf(answer.json)).toEqual(['/profile']);
    expectProblem(await call('PUT', '/v1/tenants/acme', { body: { defaultProfile: 'none' } }), 422, 'invalid_request');
  });

  it.each<[string, object, string]>([
    ['several types, where it takes one', { profile: 'staffology', eventTypes: ['a.b', 'a.c'] }, '/eventTypes'],
    ['a pattern, where it takes one type', { profile: 'staffology', eventTypes: ['a.*'] }, '/eventTypes'],
    ['a pattern, by the words of REST hooks', { profile: 'staffology', eventTypes: undefined, event: '*' }, '/event'],
    ['a secret, where it takes none', { profile: 'staffology', secret: 'abc' }, '/secret'],
    ['a secret, where the tenant has the key', { profile: 'bindbee', secret: 'abc' }, '/secret'],
    ['no name, where it needs one', { profile: 'peopleforce', name: null }, '/name'],
    ['a secret of another form', { profile: 'standard', secret: 'abc' }, '/secret'],
    ['a header that it signs in', { profile: 'keypay', headers: { 'ms-signature': 'x' } }, '/headers/ms-signature'],
    ['signatures that it does not know', { profile: 'keypay', signatureVersions: ['v1a'] }, '/signatureVersions'],
  ])('refuses %s', async (_, rest, path) => {
    const answer = await subscribe('acme', rest);
    expectProblem(answer, 422, 'invalid_request');
    expect(pathsOf(answer.json)).toEqual([path]);
  });

  it.each<[string, object, RegExp | null]>([
    ['standard', {}, /^whsec_/],
    ['keypay', {}, /^[A-Za-z0-9]{32}$/],
    ['keypay', { secret: 'my own' }, /^my own$/],
    ['peopleforce', {}, null],
    ['peopleforce', { secret: 'my own' }, /^my own$/],
    ['staffology', {}, null],
    ['bindbee', {}, null],
  ])('%s with %j makes the secret %s', async (profile, rest, secret) => {
    const answer = await subscribe('acme', { profile, ...rest });
    expect(answer.status).toBe(201);
    const made = z.object({ secret: z.string().nullable() }).parse(answer.json).secret;
    if (secret === null) expect(made).toBeNull();
    else expect(made).toMatch(secret);
  });

  it('may change, where its rules and the secret allow it', async () => {
    const created = await subscribe('acme', { profile: 'staffology' });
    const path = `/v1/tenants/acme/subscriptions/${created.field('id')}`;
    expect(await call('PATCH', path, { body: { profile: 'keypay' } })).toMatchObject({
      status: 200,
      json: { profile: 'keypay' },
    });
    expect((await call('GET', `${path}/secret`)).field('secret')).toMatch(/^[A-Za-z0-9]{32}$/);
    const refused = await call('PATCH', path, { body: { profile: 'standard' } });
    expect(pathsOf(refused.json)).toEqual(['/profile']);
    const several = await call('PATCH', path, { body: { profile: 'staffology', eventTypes: ['a', 'b'] } });
    expect(pathsOf(several.json)).toEqual(['/eventTypes']);
    expect(pathsOf((await call('PATCH', path, { body: { profile: 'bindbee', name: null } })).json)).toEqual(['/name']);
    const signed = { headers: { 'X-Bindbee-Webhook-Signature': 'x' } };
    expect(await call('PATCH', path, { body: signed })).toMatchObject({ status: 200 });
    expect(pathsOf((await call('PATCH', path, { body: { profile: 'bindbee' } })).json)).toEqual([
      '/headers/X-Bindbee-Webhook-Signature',
    ]);
    expect(await call('GET', path)).toMatchObject({ json: { profile: 'keypay' } });
  });

  it('that signs by ed25519 alone gives it such a key, and takes none without', async () => {
    const signatures = [{ header: 'X-Signature', algorithm: 'ed25519', encoding: 'base64' }];
    await call('POST', '/v1/profiles', { body: profileDocument({ name: 'asymmetric', signatures }) });
    const created = await subscribe('acme', { profile: 'asymmetric' });
    expect(created).toMatchObject({ status: 201, json: { signatureVersions: ['v1a'] } });
    expect(created.field('publicKey')).toMatch(/^whpk_/);
    const refused = await subscribe('acme', { profile: 'asymmetric', signatureVersions: ['v1'] });
    expectProblem(refused, 422, 'invalid_request');
    expect(pathsOf(refused.json)).toEqual(['/signatureVersions']);
    const other = await subscribe('acme', { profile: 'keypay' });
    const path = `/v1/tenants/acme/subscriptions/${other.field('id')}`;
    expect(pathsOf((await call('PATCH', path, { body: { profile: 'asymmetric' } })).json)).toEqual([
      '/signatureVersions',
    ]);
  });

  it('takes no secret where only ed25519 signs: it would sign nothing', async () => {
    const secret = `whsec_${'A'.repeat(32)}`;
    const asked = { signatureVersions: ['v1a'] };
    const refused = await subscribe('acme', { ...asked, secret });
    expectProblem(refused, 422, 'invalid_request');
    expect(pathsOf(refused.json)).toEqual(['/secret']);
    const rotate = `/v1/tenants/acme/subscriptions/${(await subscribe('acme', asked)).field('id')}/secret/rotate`;
    expect(pathsOf((await call('POST', rotate, { body: { secret } })).json)).toEqual(['/secret']);
    expect(await call('POST', rotate)).toMatchObject({ status: 200, json: { secret: null } });
  });

  it('rotates only what it has', async () => {
    const created = await subscribe('acme', { profile: 'staffology' });
    const rotate = `/v1/tenants/acme/subscriptions/${created.field('id')}/secret/rotate`;
    expectProblem(await call('POST', rotate), 409, 'conflict');
    const optional = await subscribe('acme', { profile: 'peopleforce' });
    const rotated = await call('POST', `/v1/tenants/acme/subscriptions/${optional.field('id')}/secret/rotate`);
    expect(rotated.field('secret')).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  it('rotates to a secret of the form that its profile signs with, though it may have none', async () => {
    const scheme = { header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex', keyFormat: 'whsec' };
    const rules = { secret: 'optional', secretFormat: 'whsec' };
    const signatures = [{ ...scheme, when: 'if_secret' }];
    const body = profileDocument({ name: 'harbour', subscription: rules, signatures });
    expect((await call('POST', '/v1/profiles', { body })).status).toBe(201);
    const created = await subscribe('acme', { profile: 'harbour' });
    const rotated = await call('POST', `/v1/tenants/acme/subscriptions/${created.field('id')}/secret/rotate`);
    expect(parseSecret(rotated.field('secret'))).not.toBeNull();
  });

  it('takes a filter, and names its mistakes', async () => {
    const filter = { data: { salary: [{ numeric: ['>', 100] }] } };
    const created = await subscribe('acme', { filter });
    expect(created).toMatchObject({ status: 201, json: { filter } });
    const wrong = await subscribe('acme', { filter: { data: { salary: [{ numeric: ['~', 1] }] } } });
    expect(pathsOf(wrong.json)[0]).toMatch(/^\/filter\/data\/salary/);
    const path = `/v1/tenants/acme/subscriptions/${created.field('id')}`;
    const test = async (data: unknown) => (await call('POST', `${path}/filter/test`, { body: { data } })).json;
    expect(await test({ salary: 101 })).toEqual({ matches: true, reason: null, mismatch: null });
    expect(await test({ salary: 99 })).toEqual({
      matches: false,
      reason: expect.stringMatching(/salary/),
      mismatch: { code: 'field_differs', field: 'data.salary', found: '99' },
    });
    expect(await test(null)).toMatchObject({ matches: false });
    expect(pathsOf(await test(undefined))).toEqual(['/data']);
    expect(await call('PATCH', path, { body: { filter: null } })).toMatchObject({ json: { filter: null } });
    expect(await test({ salary: 99 })).toEqual({ matches: true, reason: null, mismatch: null });
  });

  it('takes a filter with numbers that DynamoDB cannot hold', async () => {
    for (const number of [2 ** 53 + 2, 1e300]) {
      const filter = { data: { n: [{ numeric: ['<', number] }] } };
      expect(await subscribe('acme', { filter })).toMatchObject({ status: 201, json: { filter } });
    }
  });

  it('takes an end, from which on nothing is sent', async () => {
    const expiresAt = '2030-01-01T00:00:00.000Z';
    const created = await subscribe('acme', { expiresAt });
    expect(created).toMatchObject({ status: 201, json: { expiresAt } });
    const path = `/v1/tenants/acme/subscriptions/${created.field('id')}`;
    expect(await call('PATCH', path, { body: { expiresAt: null } })).toMatchObject({ json: { expiresAt: null } });
  });
});
