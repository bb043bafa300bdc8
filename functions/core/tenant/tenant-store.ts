import type { Matches, Page } from '../page.ts';
import type { Tenant } from './tenant.ts';

/** The port to tenants. What was written is seen by every read but the list, whose index lags by moments. */
export interface TenantStore {
  getTenant(tenantId: string): Promise<Tenant | null>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  saveTenant(tenant: Tenant, revision: number): Promise<boolean>;
  /** Creates the tenant with nothing but its id, if there is none. */
  createTenant(tenantId: string, now: number): Promise<void>;
  deleteTenant(tenantId: string): Promise<void>;
  /** Newest first. */
  listTenants(limit: number, after: string | null, matches?: Matches<Tenant>): Promise<Page<Tenant>>;
  /** The tenant's signing key, sealed; null if it has none. */
  getTenantKey(tenantId: string): Promise<string | null>;
}
