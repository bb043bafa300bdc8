import { Refusal } from '../refusal.ts';
import type { Principal } from './principal.ts';

/** Whether a caller may see secrets: a caller with a signing key can sign in the tenant's name, so a read-only token may not. */
export function mayReadSecrets(principal: Principal): boolean {
  return principal.kind === 'company' || (principal.kind === 'tenant' && !principal.readOnly);
}

/** Null for a caller that may see secrets. */
export function refuseSecrets(principal: Principal): Refusal | null {
  return mayReadSecrets(principal) ? null : new Refusal('forbidden', 'A read-only token cannot read secrets.');
}
