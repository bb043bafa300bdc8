import { isAllowed, type Permission } from '../../core/access/permission.ts';
import type { Principal } from '../../core/access/principal.ts';
import { SYSTEM_TENANT } from '../../core/ids.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

/** Throws a problem unless the route, as it declares itself, is for this caller. */
export function authorize(
  { access, needs }: Pick<Route, 'access' | 'needs'>,
  principal: Principal,
  params: Record<string, unknown>,
): void {
  if (access === 'public') return;
  if (principal.kind === 'anonymous') {
    throw new Problem(
      'unauthenticated',
      'Send "Authorization: Bearer <key>" with an API key or a portal token that is still valid.',
    );
  }
  if (principal.tenantId !== null) {
    if (access === 'company')
      throw new Problem('forbidden', 'This needs a key of the company; this one sees its own tenant only.');
    // Another tenant's things do not exist for it, not even as forbidden ones.
    if (access === 'tenant' && params.tenantId !== principal.tenantId)
      throw new Problem('not_found', 'There is no such tenant.');
  }
  if (params.tenantId === SYSTEM_TENANT && principal.role !== 'admin')
    throw new Problem('forbidden', `Only an admin key may use the tenant "${SYSTEM_TENANT}", which is reserved.`);
  require(principal, needs);
}

/** The same for what the answer shows, which can hang on the query. */
export function authorizeSecrets(
  { reveals }: Pick<Route, 'reveals'>,
  principal: Principal,
  query: Record<string, unknown>,
): void {
  if (reveals(query) === 'secrets') require(principal, 'secrets');
}

const DOING: Record<Permission, string> = {
  read: 'read',
  publish: 'publish events',
  change: 'change anything, nor send requests to receivers',
  secrets: 'read secrets',
};

function require(principal: Principal, permission: Permission): void {
  if (isAllowed(principal, permission)) return;
  throw new Problem('forbidden', `The role of this key is ${principal.role}: it cannot ${DOING[permission]}.`);
}
