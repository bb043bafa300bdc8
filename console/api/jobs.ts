import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { Job } from './types.ts';

const KEY = ['jobs'];
const WORKING_MS = 2_000;
const RESTING_MS = 15_000;

/** Of all tenants, newest first. What runs is watched closely. */
export function useJobs(cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...KEY, { cursor }],
    queryFn: ({ signal }) => api.get<Page<Job>>('/v1/jobs', { cursor, limit: 10 }, signal),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ status }) => status === 'running') ? WORKING_MS : RESTING_MS,
  });
}

export function useCancelJob() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.send<Job>('POST', path`/v1/jobs/${id}/cancel`),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}
