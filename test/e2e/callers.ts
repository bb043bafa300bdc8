import * as z from 'zod';
import type { Client } from './client.ts';
import type { Operation } from './operations.ts';

/** A kind of key or token, with what the API promises of it. */
export interface Caller {
  name: string;
  /** Null: no key at all. */
  key: string | null;
  /** False for what does not count: not ours, at its end, revoked. */
  counts: boolean;
  role: 'admin' | 'publish' | 'read';
  /** Null: the company's. */
  tenantId: string | null;
}

const NewKey = z.object({ id: z.string(), key: z.string() });
const NewToken = z.object({ id: z.string(), token: z.string() });
const ROLES = ['admin', 'publish', 'read'] as const;

/** Every kind of caller that there is, for a tenant. What ends here has ended on return: the clock goes on by a minute. */
export async function makeCallers(client: Client, tenantId: string, otherTenantId: string): Promise<Caller[]> {
  const { ask, call, advance, endpoints } = client;
  const makeKey = (body: object) => ask(NewKey, 'POST', '/v1/api-keys', { body: { name: 'a caller', ...body } });
  const makeToken = (tenant: string, body: object) =>
    ask(NewToken, 'POST', `/v1/tenants/${tenant}/portal-tokens`, { body });
  const keyOf = async (role: Caller['role'], tenant: string | null): Promise<Caller> => ({
    name: `a key to ${role} of ${tenant === null ? 'the company' : tenant}`,
    key: (await makeKey({ role, tenantId: tenant })).key,
    counts: true,
    role,
    tenantId: tenant,
  });
  const tokenOf = async (role: 'admin' | 'read', tenant: string): Promise<Caller> => ({
    name: `a portal token to ${role} of ${tenant}`,
    key: (await makeToken(tenant, { readOnly: role === 'read' })).token,
    counts: true,
    role,
    tenantId: tenant,
  });
  const dead = (name: string, key: string | null): Caller => ({
    name,
    key,
    counts: false,
    role: 'admin',
    tenantId: null,
  });

  const living = [
    {
      name: 'the admin key of the stack',
      key: endpoints.adminKey,
      counts: true,
      role: 'admin',
      tenantId: null,
    } as const,
    ...(await Promise.all(ROLES.flatMap((role) => [null, tenantId, otherTenantId].map((one) => keyOf(role, one))))),
    ...(await Promise.all([tokenOf('admin', tenantId), tokenOf('read', tenantId), tokenOf('admin', otherTenantId)])),
  ];

  const expiresAt = new Date((await client.now()) + 60_000).toISOString();
  const [ending, endingToken] = [
    await makeKey({ role: 'admin', expiresAt }),
    await makeToken(tenantId, { expiresInSeconds: 60 }),
  ];
  const [revoked, revokedToken] = [await makeKey({ role: 'admin' }), await makeToken(tenantId, {})];
  for (const key of [ending.key, endingToken.token, revoked.key, revokedToken.token]) {
    const answer = await call('GET', `/v1/tenants/${tenantId}`, { token: key });
    if (answer.status !== 200) throw new Error(`a key that should count yet does not: ${answer.text}`);
  }
  await call('DELETE', `/v1/api-keys/${revoked.id}`);
  await call('DELETE', `/v1/tenants/${tenantId}/portal-tokens/${revokedToken.id}`);
  await advance(61);

  return [
    ...living,
    dead('no key', null),
    dead('a text that is no key', 'wrong'),
    dead('the admin key and a letter', `${endpoints.adminKey}x`),
    dead('a key that was never made', `phk_${'0'.repeat(26)}${'A'.repeat(43)}`),
    dead('a token that was never made', `pht_${'0'.repeat(26)}${'A'.repeat(43)}_${tenantId}`),
    dead('an expired key', ending.key),
    dead('an expired token', endingToken.token),
    dead('a revoked key', revoked.key),
    dead('a revoked token', revokedToken.token),
  ];
}

const ALLOWS: Record<Caller['role'], readonly Operation['needs'][]> = {
  admin: ['read', 'publish', 'change', 'secrets'],
  publish: ['publish'],
  read: ['read'],
};

export type Refused = { status: 401 | 403 | 404; code: string };

/** What the API promises to answer to a caller that asks this of a tenant; null: it is let through. */
export function refusalOf({ access, needs }: Operation, caller: Caller, tenantId: string): Refused | null {
  if (access === 'public') return null;
  if (!caller.counts) return { status: 401, code: 'unauthenticated' };
  if (caller.tenantId !== null && access === 'company') return { status: 403, code: 'forbidden' };
  if (access === 'tenant' && caller.tenantId !== null && caller.tenantId !== tenantId)
    return { status: 404, code: 'not_found' };
  return ALLOWS[caller.role].includes(needs) ? null : { status: 403, code: 'forbidden' };
}
