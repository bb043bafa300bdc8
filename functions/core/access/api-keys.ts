import type { Random } from '../ids.ts';
import type { Page } from '../page.ts';
import { changedMeanwhile, invalidField, notFound, Refusal } from '../refusal.ts';
import { refuseReservedTenant } from '../system-event/reserved-tenant.ts';
import type { Tenant } from '../tenant/tenant.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { type ApiKey, hasEnded, type MadeApiKey, makeApiKey, parseApiKey } from './api-key.ts';
import type { ApiKeyStore } from './api-key-store.ts';
import { hasSecret } from './secret-hash.ts';

/** The company's keys and the tenants'. One counts until it ends, is deleted, or its tenant is deleted. */
export interface ApiKeys {
  /** Creates the tenant, too, if there is none. */
  create(grant: Pick<ApiKey, 'name' | 'role' | 'tenantId' | 'maxPerSecond' | 'endsAt'>): Promise<MadeApiKey | Refusal>;
  /** The key that a text stands for; null if it does not count. */
  find(text: string): Promise<ApiKey | null>;
  /** Notes that a key was used, at most once an hour. */
  noteUse(key: ApiKey): Promise<void>;
  /** Newest first, those that have ended included, without those of deleted tenants. */
  page(limit: number, after: string | null): Promise<Page<ApiKey>>;
  /** The key that was deleted. */
  revoke(id: string): Promise<ApiKey | Refusal>;
}

export interface ApiKeysPorts {
  store: ApiKeyStore;
  tenants: Pick<TenantStore, 'createTenant'> & {
    getTenant(tenantId: string): Promise<Pick<Tenant, 'createdAt'> | null>;
  };
  /** Forgets what `find` has found before: a revoked key ends at the same moment in this process. */
  forgetFound: () => void;
  now: () => number;
  random: Random;
}

const NOTE_EVERY_MS = 3_600_000;

export function createApiKeys({ store, tenants, forgetFound, now, random }: ApiKeysPorts): ApiKeys {
  async function isOfLivingTenant({ tenantId, tenantCreatedAt }: ApiKey): Promise<boolean> {
    return tenantId === null || (await tenants.getTenant(tenantId))?.createdAt === tenantCreatedAt;
  }

  async function ensureTenant(tenantId: string, at: number): Promise<number | Refusal> {
    await tenants.createTenant(tenantId, at);
    return (await tenants.getTenant(tenantId))?.createdAt ?? changedMeanwhile();
  }

  return {
    async create(grant) {
      const createdAt = now();
      if (hasEnded(grant, createdAt)) return invalidField('/expiresAt', 'must be in the future');
      const reserved = grant.tenantId === null ? null : refuseReservedTenant(grant.tenantId, 'Keys cannot be made');
      if (reserved !== null) return reserved;
      const tenantCreatedAt = grant.tenantId === null ? null : await ensureTenant(grant.tenantId, createdAt);
      if (tenantCreatedAt instanceof Refusal) return tenantCreatedAt;
      const made = makeApiKey({ ...grant, createdAt, tenantCreatedAt }, random);
      await store.addApiKey(made.key);
      return made;
    },

    async find(text) {
      const parsed = parseApiKey(text);
      const key = parsed === null ? null : await store.getApiKey(parsed.id);
      if (parsed === null || key === null || !hasSecret(key, parsed.secret) || hasEnded(key, now())) return null;
      return (await isOfLivingTenant(key)) ? key : null;
    },

    async noteUse({ id, lastUsedAt }) {
      const anHourAgo = now() - NOTE_EVERY_MS;
      if (lastUsedAt === null || lastUsedAt <= anHourAgo) await store.noteUse(id, now(), anHourAgo);
    },

    async page(limit, after) {
      const page = await store.listApiKeys(limit, after);
      const living = await Promise.all(page.values.map(isOfLivingTenant));
      return { ...page, values: page.values.filter((_, index) => living[index]) };
    },

    async revoke(id) {
      const key = await store.getApiKey(id);
      if (key === null) return notFound('API key');
      await store.deleteApiKey(id);
      forgetFound();
      return key;
    },
  };
}
