import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { Job, ReplayInput } from './types.ts';

const KEY = ['jobs'];
const RUNNING_MS = 1_000;
const RESTING_MS = 15_000;
/** Of a tenant; null: of the company. */
type Owner = string | null;
const keyOf = (tenantId: Owner, id: string) => [...KEY, tenantId, id];
const pathOf = (tenantId: Owner, id: string) =>
  tenantId === null ? path`/v1/jobs/${id}` : path`/v1/tenants/${tenantId}/jobs/${id}`;

/** Of all tenants, newest first. What runs is watched closely. */
export function useJobs(cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...KEY, { cursor }],
    queryFn: ({ signal }) => api.get<Page<Job>>('/v1/jobs', { cursor, limit: 10 }, signal),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'running') ? RUNNING_MS : RESTING_MS,
  });
}

/** Asked for until it has ended. @param id null: none */
export function useJob(tenantId: Owner, id: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: keyOf(tenantId, id ?? ''),
    queryFn: ({ signal }) => api.get<Job>(pathOf(tenantId, id ?? ''), {}, signal),
    enabled: id !== null,
    refetchInterval: ({ state: { data } }) => (data?.status === 'running' ? RUNNING_MS : false),
  });
}

export function useJobCancelling(tenantId: Owner) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.send<Job>('POST', `${pathOf(tenantId, id)}/cancel`),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Starts a job that sends a range of a webhook's deliveries again, or that counts them. */
export function useReplay(tenantId: string, subscriptionId: string) {
  const api = useApi();
  return useMutation({
    mutationFn: (input: ReplayInput) =>
      api.send<Job>('POST', path`/v1/tenants/${tenantId}/subscriptions/${subscriptionId}/replays`, input),
  });
}
