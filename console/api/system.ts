import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import type { DeadLetters, Redriven, SystemState } from './types.ts';

const STATE = ['system'];
const DEAD_LETTERS = ['dead-letters'];

export function useSystemState() {
  const api = useApi();
  return useQuery({
    queryKey: STATE,
    queryFn: ({ signal }) => api.get<SystemState>('/v1/system', {}, signal),
    refetchInterval: 15_000,
  });
}

/** @param isWanted reading them costs a call for each queue */
export function useDeadLetters(isWanted: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: DEAD_LETTERS,
    queryFn: ({ signal }) => api.get<DeadLetters>('/v1/dead-letters', {}, signal),
    enabled: isWanted,
    staleTime: 15_000,
  });
}

/** Puts the dead letters of one queue back into it. */
export function useRedrive() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (queue: string) => api.send<Redriven>('POST', '/v1/dead-letters/redrive', { queue }),
    onSuccess: () => Promise.all([STATE, DEAD_LETTERS].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}
