import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { JsonText, toJson } from '../json/json-as-written.ts';
import { useApi } from '../session/session.tsx';
import { path } from './client.ts';
import { readAll } from './event-types.ts';
import type { Preview, Profile } from './types.ts';

export function useProfiles() {
  const api = useApi();
  return useQuery({
    queryKey: ['profiles'],
    queryFn: ({ signal }) => readAll<Profile>(api, path`/v1/profiles`, signal),
    staleTime: 60_000,
  });
}

export function useProfile(name: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['profiles', name],
    queryFn: ({ signal }) => api.getTagged<Profile>(path`/v1/profiles/${name}`, {}, signal),
  });
}

/**
 * What would be sent.
 * @param document undefined: nothing is asked
 * @param event its data as JSON text
 */
export function usePreview(document: unknown, event: { type: string; data: string }) {
  const api = useApi();
  return useQuery({
    queryKey: ['profile-preview', document, event],
    queryFn: () => {
      const written = new JsonText(toJson({ ...event, data: new JsonText(event.data) }));
      return api.send<Preview>('POST', path`/v1/profiles/preview`, { profile: document, event: written });
    },
    enabled: document !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function useProfileChanges() {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['profiles'] });
  return {
    create: useMutation({
      mutationFn: (document: unknown) => api.send<Profile>('POST', path`/v1/profiles`, document),
      onSuccess,
    }),
    replace: useMutation({
      mutationFn: ({ name, document, etag }: { name: string; document: unknown; etag: string | null }) =>
        api.put<Profile>(path`/v1/profiles/${name}`, document, etag),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: (name: string) => api.send<void>('DELETE', path`/v1/profiles/${name}`),
      onSuccess,
    }),
  };
}
