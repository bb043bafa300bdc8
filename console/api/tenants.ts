import { useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { ApiProblem, type Page, path } from './client.ts';
import type { Tenant } from './types.ts';

export function useTenants(cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: ['tenants', { cursor }],
    queryFn: ({ signal }) => api.get<Page<Tenant>>(path`/v1/tenants`, { cursor }, signal),
  });
}

/** The profile of a tenant's webhooks that name none; null: the deployment's. A tenant that has nothing yet is not known. */
export function useDefaultProfile(tenantId: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['tenants', tenantId, 'default-profile'],
    queryFn: async ({ signal }) => {
      try {
        return (await api.get<Tenant>(path`/v1/tenants/${tenantId}`, {}, signal)).defaultProfile;
      } catch (error) {
        if (error instanceof ApiProblem) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}
