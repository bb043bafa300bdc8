import { useMutation, useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { path } from './client.ts';
import type { Delivery } from './types.ts';

export function useSubscriptionTest(tenantId: string, subscriptionId: string) {
  const api = useApi();
  return useMutation({
    mutationFn: (body: { eventType?: string }) =>
      api.send<Delivery>('POST', path`/v1/tenants/${tenantId}/subscriptions/${subscriptionId}/test`, body),
  });
}

const ASKING_MS = 500;

/** A test's delivery, asked for until it has come to an end; null: there is none. */
export function useTestDelivery(tenantId: string, delivery: Delivery | null) {
  const api = useApi();
  return useQuery({
    queryKey: ['tenants', tenantId, 'deliveries', delivery?.id],
    queryFn: ({ signal }) =>
      api.get<Delivery>(path`/v1/tenants/${tenantId}/deliveries/${delivery?.id ?? ''}`, {}, signal),
    enabled: delivery !== null,
    initialData: delivery ?? undefined,
    initialDataUpdatedAt: 0,
    refetchInterval: ({ state }) => (state.data?.completedAt === null ? ASKING_MS : false),
  });
}
