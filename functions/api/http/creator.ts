import type { Principal } from '../../core/access/principal.ts';

/** Who started something, as it is kept and shown. */
export function creatorOf(principal: Principal): string {
  return principal.kind === 'tenant' ? `tenant:${principal.tenantId}` : principal.kind;
}
