import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { Delivery, SentRequest } from './types.ts';

export interface DeliveryFilter {
  status: string | null;
  eventType: string | null;
  responseStatus: string | null;
  from: string | null;
  to: string | null;
  cursor: string | null;
}

const LIVE_MS = 5_000;
/** Everything that is read of a tenant's deliveries begins with this key. */
const keyOf = (tenantId: string) => ['tenants', tenantId, 'deliveries'];
const pathOf = (tenantId: string, id: string) => path`/v1/tenants/${tenantId}/deliveries/${id}`;

export function useDeliveries(tenantId: string, subscriptionId: string, filter: DeliveryFilter) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), 'of', subscriptionId, filter],
    queryFn: ({ signal }) =>
      api.get<Page<Delivery>>(
        path`/v1/tenants/${tenantId}/subscriptions/${subscriptionId}/deliveries`,
        { ...filter },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

/** How often one is asked for while something of it is to come, and afterwards. */
const [RUNNING_MS, ENDED_MS] = [2_000, 15_000];

export function useDelivery(tenantId: string, id: string) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id],
    queryFn: ({ signal }) => api.get<Delivery>(pathOf(tenantId, id), {}, signal),
    refetchInterval: ({ state: { data } }) =>
      data?.status === 'pending' || (data?.nextAttemptAt ?? null) !== null ? RUNNING_MS : ENDED_MS,
  });
}

/** What was sent does not change. */
export function useSentRequest(tenantId: string, id: string, attempt: number) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id, 'attempts', attempt],
    queryFn: ({ signal }) => api.get<SentRequest>(`${pathOf(tenantId, id)}/attempts/${attempt}/request`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Those that can be told from outside: an attempt by hand, and the end of what still waits. */
export function useDeliveryChanges(tenantId: string) {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: keyOf(tenantId) });
  return {
    retry: useMutation({
      mutationFn: (id: string) => api.send<Delivery>('POST', `${pathOf(tenantId, id)}/retry`),
      onSuccess,
    }),
    cancel: useMutation({
      mutationFn: (id: string) => api.send<Delivery>('POST', `${pathOf(tenantId, id)}/cancel`),
      onSuccess,
    }),
  };
}
