import { SYSTEM_TENANT } from '../ids.ts';
import { Refusal } from '../refusal.ts';

/** Null for a tenant that is not reserved. @param what is refused for the reserved one, as in `Tokens cannot be made` */
export function refuseReservedTenant(tenantId: string, what: string): Refusal | null {
  if (tenantId !== SYSTEM_TENANT) return null;
  const message = `${what} for the tenant "${SYSTEM_TENANT}", which is reserved for Posthorn's own events. Use another tenant.`;
  return new Refusal('forbidden', message);
}
