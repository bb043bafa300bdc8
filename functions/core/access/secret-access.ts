import { Refusal } from '../refusal.ts';
import type { Principal } from './principal.ts';

/** Whether a caller may see secrets: a caller with a signing key can sign in the tenant's name, so a read-only one may not. */
export function mayReadSecrets({ role }: Principal): boolean {
  return role === 'admin';
}

/** Null for a caller that may see secrets. */
export function refuseSecrets(principal: Principal): Refusal | null {
  return mayReadSecrets(principal) ? null : new Refusal('forbidden', 'A read-only key or token cannot read secrets.');
}
