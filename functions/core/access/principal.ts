/** What a caller may do. `publish`: hand in events, and read nothing. `read`: read all but secrets. `admin`: everything. */
export const ROLES = ['admin', 'publish', 'read'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. `Authenticate` finds it out; the API decides what it may do. */
export interface Principal {
  /** An API key, a tenant's portal token, a person whom the company's own provider knows, or none of them. */
  kind: 'key' | 'token' | 'person' | 'anonymous';
  /** The key's or the token's id; `usr_` and the provider's subject for a person. */
  id: string;
  /** The key's name; null if it has none. */
  name: string | null;
  role: Role | 'none';
  /** The one tenant that it sees; null for the company's keys, which see all of them. */
  tenantId: string | null;
  /** Until when it counts, epoch milliseconds; null for what has no end. */
  endsAt: number | null;
}

export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  id: 'anonymous',
  name: null,
  role: 'none',
  tenantId: null,
  endsAt: null,
};

/** The key that the stack makes, whose versions are in Secrets Manager. */
export const STACK_KEY: Principal = {
  kind: 'key',
  id: 'key_stack',
  name: 'admin key of the stack',
  role: 'admin',
  tenantId: null,
  endsAt: null,
};
