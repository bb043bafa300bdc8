import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { ApiProblem, type Page, path } from './client.ts';
import type { Job, NewPortalToken, PortalToken, Tenant, TenantInput } from './types.ts';

const LISTS = ['tenants', 'list'];
/** Everything that is read of one tenant begins with this key. */
const keyOf = (id: string) => ['tenants', id];
const tokensKeyOf = (id: string) => [...keyOf(id), 'portal-tokens'];

export function useTenants(search: string | null, cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...LISTS, { search, cursor }],
    queryFn: ({ signal }) => api.get<Page<Tenant>>(path`/v1/tenants`, { search, cursor }, signal),
    placeholderData: keepPreviousData,
  });
}

/** The profile of a tenant's webhooks that name none; null: the deployment's. A tenant that has nothing yet is not there. */
export function useDefaultProfile(tenantId: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), 'default-profile'],
    queryFn: async ({ signal }) => {
      try {
        return (await api.get<Tenant>(path`/v1/tenants/${tenantId}`, {}, signal)).defaultProfile;
      } catch (error) {
        if (error instanceof ApiProblem && error.problem.status === 404) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

export function useTenant(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(id), 'settings'],
    queryFn: ({ signal }) => api.getTagged<Tenant>(path`/v1/tenants/${id}`, {}, signal),
  });
}

export function useTenantChanges() {
  const api = useApi();
  const queries = useQueryClient();
  // Not waited for: what is read again may be gone, and with it the part of the page that asked.
  const onSuccess = (_: unknown, { id }: { id: string }) => {
    for (const queryKey of [LISTS, keyOf(id), ['jobs']]) queries.invalidateQueries({ queryKey });
  };
  return {
    /** @param etag null: there must be none yet, as far as can be seen */
    save: useMutation({
      mutationFn: ({ id, input, etag }: { id: string; input: TenantInput; etag: string | null }) =>
        api.put<Tenant>(path`/v1/tenants/${id}`, input, etag),
      onSuccess,
    }),
    /** Gives the job that deletes what are too many for one request; undefined if there is none. */
    remove: useMutation({
      mutationFn: ({ id }: { id: string }) => api.send<Job | undefined>('DELETE', path`/v1/tenants/${id}`),
      onSuccess,
    }),
    erase: useMutation({
      mutationFn: ({ id, keepLog }: { id: string; keepLog: boolean }) =>
        api.send<Job>('POST', path`/v1/tenants/${id}/erasure`, { keepLog }),
      onSuccess,
    }),
  };
}

/** Those that count. */
export function usePortalTokens(tenantId: string, cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...tokensKeyOf(tenantId), { cursor }],
    queryFn: ({ signal }) =>
      api.get<Page<PortalToken>>(path`/v1/tenants/${tenantId}/portal-tokens`, { cursor }, signal),
  });
}

export function usePortalTokenChanges(tenantId: string) {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: tokensKeyOf(tenantId) });
  return {
    create: useMutation({
      mutationFn: (grant: { readOnly: boolean; expiresInSeconds: number }) =>
        api.send<NewPortalToken>('POST', path`/v1/tenants/${tenantId}/portal-tokens`, grant),
      onSuccess,
    }),
    revoke: useMutation({
      mutationFn: (id: string) => api.send<void>('DELETE', path`/v1/tenants/${tenantId}/portal-tokens/${id}`),
      onSuccess,
    }),
  };
}
