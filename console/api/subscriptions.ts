import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import { queryOfShown } from './shown-status.ts';
import type {
  FilterTest,
  FilterTestInput,
  Secret,
  Stats,
  Subscription,
  SubscriptionInput,
  SubscriptionPatch,
  TestResult,
} from './types.ts';

export interface SubscriptionFilter {
  search: string | null;
  /** As it is shown. */
  status: string | null;
  environment: string | null;
  eventType: string | null;
  cursor: string | null;
}

/** Everything that is read of a tenant's subscriptions begins with this key. */
const keyOf = (tenantId: string) => ['tenants', tenantId, 'subscriptions'];
const pathOf = (tenantId: string, id: string) => path`/v1/tenants/${tenantId}/subscriptions/${id}`;

export function useSubscriptions(tenantId: string, filter: SubscriptionFilter) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), 'list', filter],
    queryFn: ({ signal }) =>
      api.get<Page<Subscription>>(
        path`/v1/tenants/${tenantId}/subscriptions`,
        { ...filter, ...queryOfShown(filter.status) },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
}

export function useSubscription(tenantId: string, id: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id],
    queryFn: ({ signal }) => api.getTagged<Subscription>(pathOf(tenantId, id), {}, signal),
    refetchInterval: 15_000,
  });
}

/** @param hours how far back, from now */
export function useSubscriptionStats(tenantId: string, id: string, hours: number, interval: 'hour' | 'day') {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id, 'stats', hours, interval],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - hours * 3_600_000).toISOString();
      return api.get<Stats>(`${pathOf(tenantId, id)}/stats`, { from, interval }, signal);
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
}

/** What changes subscriptions; each success makes the lists and the one read again. */
export function useSubscriptionChanges(tenantId: string) {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: keyOf(tenantId) });
  return {
    create: useMutation({
      mutationFn: (input: SubscriptionInput) =>
        api.send<Subscription & Secret>('POST', path`/v1/tenants/${tenantId}/subscriptions`, input),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ id, patch, etag }: { id: string; patch: SubscriptionPatch; etag: string | null }) =>
        api.patch<Subscription>(pathOf(tenantId, id), patch, etag),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (id: string) => api.send<void>('DELETE', pathOf(tenantId, id)),
      // Not waited for: the page that asked would be told that its webhook is gone.
      onSuccess: () => void onSuccess(),
    }),
    pause: useMutation({
      mutationFn: (id: string) => api.send<Subscription>('POST', `${pathOf(tenantId, id)}/pause`),
      onSuccess,
    }),
    verify: useMutation({
      mutationFn: (id: string) => api.send<Subscription>('POST', `${pathOf(tenantId, id)}/verify`),
      onSuccess,
    }),
    resume: useMutation({
      mutationFn: ({ id, parked }: { id: string; parked: 'deliver' | 'discard' }) =>
        api.send<Subscription>('POST', `${pathOf(tenantId, id)}/resume`, { parked }),
      onSuccess,
    }),
  };
}

export function useUrlTest(tenantId: string) {
  const api = useApi();
  return useMutation({
    mutationFn: (body: { url: string; profile?: string; eventType?: string }) =>
      api.send<TestResult>('POST', path`/v1/tenants/${tenantId}/test-url`, body),
  });
}

/** For a filter that is not saved. */
export function useFilterTest(tenantId: string) {
  const api = useApi();
  return useMutation({
    mutationFn: (body: FilterTestInput) =>
      api.send<FilterTest>('POST', path`/v1/tenants/${tenantId}/test-filter`, body),
  });
}
