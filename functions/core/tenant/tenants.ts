import { changeStored } from '../change-stored.ts';
import type { Matches, Page } from '../page.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { invalidField, notFound, Refusal } from '../refusal.ts';
import type { Tenant } from './tenant.ts';
import type { TenantStore } from './tenant-store.ts';

/** What a caller says of a tenant. */
export type TenantInput = Pick<
  Tenant,
  'name' | 'metadata' | 'defaultProfile' | 'defaultMaxPerSecond' | 'defaultMaxConcurrent'
>;

export interface Tenants {
  read(tenantId: string): Promise<Tenant | Refusal>;
  /** Newest first. */
  page(limit: number, after: string | null, matches: Matches<Tenant>): Promise<Page<Tenant>>;
  /** Creates the tenant, unless it must exist, or replaces what is known of it, unless it must be new. */
  put(
    tenantId: string,
    input: TenantInput,
    ifMatch: number | null,
    mustExist: boolean,
    mustBeNew: boolean,
  ): Promise<{ tenant: Tenant; isNew: boolean } | Refusal>;
}

export interface TenantsPorts {
  store: Pick<TenantStore, 'getTenant' | 'saveTenant' | 'listTenants'>;
  profiles: ProfileSource;
  now: () => number;
}

export function createTenants({ store, profiles, now }: TenantsPorts): Tenants {
  return {
    async read(tenantId) {
      return (await store.getTenant(tenantId)) ?? notFound('tenant');
    },

    page: store.listTenants,

    async put(tenantId, input, ifMatch, mustExist, mustBeNew) {
      const { defaultProfile } = input;
      if (defaultProfile !== null && (await profiles.get(defaultProfile, null)) === null) {
        return invalidField('/defaultProfile', 'does not exist: GET /v1/profiles lists what there is');
      }
      const at = now();
      const fresh = { id: tenantId, ...input, signingKey: null, createdAt: at, updatedAt: at, revision: 0 };
      if (!mustExist && (await store.saveTenant(fresh, 0))) {
        return { tenant: { ...fresh, revision: 1 }, isNew: true };
      }
      if (mustBeNew)
        return new Refusal('precondition_failed', 'The tenant exists already. Leave out If-None-Match to replace it.');
      const tenant = await changeStored({
        what: 'tenant',
        ifMatch,
        read: () => store.getTenant(tenantId),
        change: (known) => ({ ...known, ...input, updatedAt: at }),
        save: store.saveTenant,
      });
      return tenant instanceof Refusal ? tenant : { tenant, isNew: false };
    },
  };
}
