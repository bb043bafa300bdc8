import type { Principal } from './principal.ts';

/** What a route asks of a role. `change`: whatever is neither reading nor handing in events. */
export type Permission = 'read' | 'publish' | 'change' | 'secrets';

/** Who has a signing key can sign in the tenant's name, so to read is not to read secrets. */
const PERMISSIONS: Record<Principal['role'], readonly Permission[]> = {
  admin: ['read', 'publish', 'change', 'secrets'],
  publish: ['publish'],
  read: ['read'],
  none: [],
};

export function isAllowed({ role }: Pick<Principal, 'role'>, permission: Permission): boolean {
  return PERMISSIONS[role].includes(permission);
}
