import { useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import type { Page, Query } from './client.ts';
import type { AuditRecord } from './types.ts';

export function useAudit(query: Query) {
  const api = useApi();
  return useQuery({
    queryKey: ['audit', query],
    queryFn: ({ signal }) => api.get<Page<AuditRecord>>('/v1/audit', query, signal),
  });
}
