import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { readAsWritten } from '../json/json-as-written.ts';
import { useApi } from '../session/session.tsx';
import { ApiProblem, type Page, path } from './client.ts';
import type { Event, EventRecipient, EventSummary, Job, PublishInput } from './types.ts';

export interface EventFilter {
  type: string | null;
  environment: string | null;
  from: string | null;
  to: string | null;
  cursor: string | null;
}

const LIVE_MS = 5_000;
/** How often an event is looked for that was just published, and for how long. */
const [ARRIVING_MS, ARRIVAL_TRIES] = [500, 30];
const keyOf = (tenantId: string) => ['tenants', tenantId, 'events'];
const pathOf = (tenantId: string, id: string) => path`/v1/tenants/${tenantId}/events/${id}`;

export function useEvents(tenantId: string, filter: EventFilter) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), 'list', filter],
    queryFn: ({ signal }) =>
      api.get<Page<EventSummary>>(path`/v1/tenants/${tenantId}/events`, { ...filter, omit: 'data' }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

/** @param isArriving it was just published: for a while it may not be there yet */
export function useEvent(tenantId: string, id: string, isArriving: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id],
    queryFn: ({ signal }) => api.get<Event>(pathOf(tenantId, id), {}, signal, readAsWritten('data')),
    ...(isArriving ? { retry: isNotThereYet, retryDelay: ARRIVING_MS } : {}),
  });
}

function isNotThereYet(tries: number, error: unknown): boolean {
  return tries < ARRIVAL_TRIES && error instanceof ApiProblem && error.problem.status === 404;
}

export function useEventRecipients(tenantId: string, id: string, cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...keyOf(tenantId), id, 'recipients', cursor],
    queryFn: ({ signal }) => api.get<Page<EventRecipient>>(`${pathOf(tenantId, id)}/recipients`, { cursor }, signal),
    refetchInterval: LIVE_MS,
  });
}

export function useEventChanges(tenantId: string) {
  const api = useApi();
  const queries = useQueryClient();
  return {
    publish: useMutation({
      mutationFn: (input: PublishInput) =>
        api.send<{ data: { id: string }[] }>('POST', path`/v1/tenants/${tenantId}/events`, input),
      onSuccess: () => queries.invalidateQueries({ queryKey: keyOf(tenantId) }),
    }),
    replay: useMutation({
      mutationFn: ({ id, subscriptionId }: { id: string; subscriptionId?: string }) =>
        api.send<Job>('POST', `${pathOf(tenantId, id)}/replay`, { subscriptionId }),
    }),
  };
}
