import { changeStored } from '../change-stored.ts';
import { generateTextSecret } from '../profile/secret.ts';
import { Refusal } from '../refusal.ts';
import { tenantKeyOwner, type Vault } from '../vault.ts';
import type { Tenant } from './tenant.ts';
import type { TenantStore } from './tenant-store.ts';

/** The signing keys of profiles whose key belongs to the tenant. Keys are given in the clear. */
export interface TenantKeys {
  /** Null if the tenant has none. */
  read(tenantId: string): Promise<string | null>;
  /** Made, with the tenant, if there is none yet. */
  ensure(tenantId: string): Promise<string | Refusal>;
  /** Replaces the key immediately: profiles with such a key know no overlap. Generated if none is brought. */
  rotate(tenantId: string, key: string | undefined): Promise<string | Refusal>;
}

export interface TenantKeysPorts {
  tenants: Pick<TenantStore, 'createTenant' | 'getTenant' | 'saveTenant' | 'getTenantKey'>;
  vault: Vault;
  now: () => number;
}

export function createTenantKeys({ tenants, vault, now }: TenantKeysPorts): TenantKeys {
  async function read(tenantId: string): Promise<string | null> {
    const sealed = await tenants.getTenantKey(tenantId);
    return sealed === null ? null : vault.open(sealed, tenantKeyOwner(tenantId));
  }

  /** The key that counts afterwards, sealed. */
  async function store(
    tenantId: string,
    key: string,
    replaces: (tenant: Tenant) => boolean,
  ): Promise<string | Refusal> {
    const signingKey = await vault.seal(key, tenantKeyOwner(tenantId));
    await tenants.createTenant(tenantId, now());
    const tenant = await changeStored({
      what: 'tenant',
      ifMatch: null,
      read: () => tenants.getTenant(tenantId),
      change: (current) => (replaces(current) ? { ...current, signingKey, updatedAt: now() } : current),
      save: tenants.saveTenant,
    });
    return tenant instanceof Refusal ? tenant : (tenant.signingKey ?? signingKey);
  }

  return {
    read,

    async ensure(tenantId) {
      const known = await read(tenantId);
      if (known !== null) return known;
      // Of two requests that make one at the same moment, the first one's counts.
      const sealed = await store(tenantId, generateTextSecret(), (tenant) => tenant.signingKey === null);
      return sealed instanceof Refusal ? sealed : vault.open(sealed, tenantKeyOwner(tenantId));
    },

    async rotate(tenantId, key) {
      const next = key ?? generateTextSecret();
      const sealed = await store(tenantId, next, () => true);
      return sealed instanceof Refusal ? sealed : next;
    },
  };
}
