import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Page, path } from './client.ts';
import type { ApiKey, ApiKeyInput, NewApiKey } from './types.ts';

const KEY = ['api-keys'];

export function useApiKeys(cursor: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [...KEY, { cursor }],
    queryFn: ({ signal }) => api.get<Page<ApiKey>>('/v1/api-keys', { cursor }, signal),
  });
}

export function useApiKeyChanges() {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY });
  return {
    create: useMutation({
      mutationFn: (input: ApiKeyInput) => api.send<NewApiKey>('POST', '/v1/api-keys', input),
      onSuccess,
    }),
    revoke: useMutation({
      mutationFn: (id: string) => api.send<void>('DELETE', path`/v1/api-keys/${id}`),
      onSuccess,
    }),
  };
}
