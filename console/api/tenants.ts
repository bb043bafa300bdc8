import { useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { Tenant } from './types.ts';

export function useTenants(cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: ['tenants', { cursor }],
    queryFn: ({ signal }) => api.get<Page<Tenant>>(path`/v1/tenants`, { cursor }, signal),
  });
}

export function useTenant(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['tenants', id, 'settings'],
    queryFn: ({ signal }) => api.getTagged<Tenant>(path`/v1/tenants/${id}`, {}, signal),
  });
}
