import { useQuery } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { type Api, type Page, path } from './client.ts';
import type { EventType } from './types.ts';

/** The most that a page takes. */
const PAGE_SIZE = 100;

/** All event types, by name: what a form offers must be complete. */
export function useEventTypes() {
  const api = useApi();
  return useQuery({
    queryKey: ['event-types'],
    queryFn: ({ signal }) => readAll<EventType>(api, path`/v1/event-types`, signal),
    staleTime: 60_000,
  });
}

export async function readAll<T>(api: Api, from: string, signal: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.get(from, { limit: PAGE_SIZE, cursor }, signal);
    all.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}
