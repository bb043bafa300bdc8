import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { Job, RejectedEvent, RepublicationInput } from './types.ts';

export interface RejectionFilter {
  tenantId: string | null;
  code: string | null;
  from: string | null;
  to: string | null;
  cursor: string | null;
}

const LIVE_MS = 5_000;
const KEY = ['rejected-events'];

export function useRejectedEvents(filter: RejectionFilter) {
  const api = useApi();
  return useQuery({
    queryKey: [...KEY, filter],
    queryFn: ({ signal }) => api.get<Page<RejectedEvent>>(path`/v1/rejected-events`, { ...filter }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

export function useRepublishing() {
  const api = useApi();
  const queries = useQueryClient();
  return {
    one: useMutation({
      /** Without a body: as it came. */
      mutationFn: ({ id, body }: { id: string; body?: string }) =>
        api.send<RejectedEvent>('POST', path`/v1/rejected-events/${id}/republish`, { body }),
      onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
    }),
    /** By a job of the company. */
    range: useMutation({
      mutationFn: (input: RepublicationInput) => api.send<Job>('POST', path`/v1/republications`, input),
    }),
  };
}
