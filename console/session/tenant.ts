import { useParams } from 'wouter';
import { useSession } from './session.tsx';

/** The tenant that the page is about: the one of the address, for a tenant's own key or token always its own. */
export function useTenantId(): string {
  const { caller } = useSession();
  const { tenantId } = useParams();
  return caller.tenantId ?? tenantId ?? '';
}
