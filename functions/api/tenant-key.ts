import { tenantKeyOwner } from '../core/delivery/make-attempt.ts';
import type { Tenant } from '../core/tenant/tenant.ts';
import { modify } from './http/modify.ts';
import type { ApiDeps } from './http/route.ts';
import { generateTextSecret } from './secrets.ts';

/** The tenant's signing key in the clear; null if it has none. */
export async function readTenantKey(deps: ApiDeps, tenantId: string): Promise<string | null> {
  const sealed = await deps.catalog.getTenantKey(tenantId);
  return sealed === null ? null : deps.vault.open(sealed, tenantKeyOwner(tenantId));
}

/** The same; made, with the tenant, if there is none yet. */
export async function ensureTenantKey(deps: ApiDeps, tenantId: string): Promise<string> {
  const known = await readTenantKey(deps, tenantId);
  if (known !== null) return known;
  const made = generateTextSecret();
  // Of two that make one at the same moment, the first one's counts.
  const { signingKey } = await change(deps, tenantId, made, (tenant) => tenant.signingKey === null);
  return deps.vault.open(signingKey ?? '', tenantKeyOwner(tenantId));
}

/** Replaces the key at once: profiles with such a key know no overlap. */
export async function rotateTenantKey(deps: ApiDeps, tenantId: string, key: string | undefined): Promise<string> {
  const next = key ?? generateTextSecret();
  await change(deps, tenantId, next, () => true);
  return next;
}

async function change(
  deps: ApiDeps,
  tenantId: string,
  key: string,
  replaces: (tenant: Tenant) => boolean,
): Promise<Tenant> {
  const signingKey = await deps.vault.seal(key, tenantKeyOwner(tenantId));
  await deps.catalog.createTenant(tenantId, deps.now());
  return modify({
    what: 'tenant',
    ifMatch: null,
    read: () => deps.catalog.getTenant(tenantId),
    change: (tenant) => (replaces(tenant) ? { ...tenant, signingKey, updatedAt: deps.now() } : tenant),
    save: deps.catalog.saveTenant,
  });
}
