import type { Random } from '../ids.ts';
import type { Page } from '../page.ts';
import { changedMeanwhile, notFound, type Refusal } from '../refusal.ts';
import { refuseReservedTenant } from '../system-event/reserved-tenant.ts';
import type { Tenant } from '../tenant/tenant.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { hasSecret } from './secret-hash.ts';
import { type MadeToken, makeToken, parseToken, type Token } from './token.ts';
import type { TokenStore } from './token-store.ts';

/** A tenant's tokens. One counts until it ends, is revoked, or its tenant is deleted; a tenant of the same name has none of them. */
export interface Tokens {
  /** Creates the tenant, too, if there is none. */
  create(tenantId: string, grant: { readOnly: boolean; lifetimeMs: number }): Promise<MadeToken | Refusal>;
  /** The token that a text stands for; null if it does not count. */
  find(text: string): Promise<Token | null>;
  /** Those that count, newest first. */
  page(tenantId: string, limit: number, after: string | null): Promise<Page<Token> | Refusal>;
  /** Null when done. */
  revoke(tenantId: string, id: string): Promise<Refusal | null>;
}

export interface TokensPorts {
  store: TokenStore;
  tenants: Pick<TenantStore, 'createTenant' | 'getTenant'>;
  /** Forgets what `find` has found before: a revoked token ends at the same moment in this process. */
  forgetFound: () => void;
  now: () => number;
  random: Random;
}

export function createTokens({ store, tenants, forgetFound, now, random }: TokensPorts): Tokens {
  const counts = (token: Token, tenant: Tenant): boolean =>
    token.endsAt > now() && token.tenantCreatedAt === tenant.createdAt;

  async function read(tenantId: string, id: string): Promise<Token | null> {
    const [token, tenant] = await Promise.all([store.getToken(tenantId, id), tenants.getTenant(tenantId)]);
    return token !== null && tenant !== null && counts(token, tenant) ? token : null;
  }

  return {
    async create(tenantId, { readOnly, lifetimeMs }) {
      const reserved = refuseReservedTenant(tenantId, 'Tokens cannot be made');
      if (reserved !== null) return reserved;
      const createdAt = now();
      await tenants.createTenant(tenantId, createdAt);
      const tenant = await tenants.getTenant(tenantId);
      if (tenant === null) return changedMeanwhile();
      const endsAt = createdAt + lifetimeMs;
      const made = makeToken({ tenantId, readOnly, createdAt, endsAt, tenantCreatedAt: tenant.createdAt }, random);
      await store.addToken(made.token);
      return made;
    },

    async find(text) {
      const parsed = parseToken(text);
      if (parsed === null) return null;
      const token = await read(parsed.tenantId, parsed.id);
      return token !== null && hasSecret(token, parsed.secret) ? token : null;
    },

    async page(tenantId, limit, after) {
      const tenant = await tenants.getTenant(tenantId);
      return tenant === null
        ? notFound('tenant')
        : store.listTokens(tenantId, limit, after, (token) => counts(token, tenant));
    },

    async revoke(tenantId, id) {
      if ((await read(tenantId, id)) === null) return notFound('token');
      await store.deleteToken(tenantId, id);
      forgetFound();
      return null;
    },
  };
}
