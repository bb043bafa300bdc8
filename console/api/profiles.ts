import { useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { path } from './client.ts';
import { readAll } from './event-types.ts';
import type { Profile } from './types.ts';

export function useProfiles() {
  const api = useApi();
  return useQuery({
    queryKey: ['profiles'],
    queryFn: ({ signal }) => readAll<Profile>(api, path`/v1/profiles`, signal),
    staleTime: 60_000,
  });
}
