import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { splitJsonArray } from '../../functions/core/json/json-text.ts';
import { readAsWritten } from '../json/json-as-written.ts';
import { useApi } from '../session/session.tsx';
import { type Api, type Page, path } from './client.ts';
import type { EventType, EventTypeInput, EventTypePack, EventTypePatch, LoadedEventTypes } from './types.ts';

/** The most that a page takes. */
const PAGE_SIZE = 100;

const readEventType = readAsWritten('schema', 'example');

/** All event types, by name: what a form offers must be complete. */
export function useEventTypes() {
  const api = useApi();
  return useQuery({
    queryKey: ['event-types'],
    queryFn: ({ signal }) => readAll<EventType>(api, path`/v1/event-types`, signal, readEventType),
    staleTime: 60_000,
  });
}

export function useEventType(name: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['event-types', name],
    queryFn: ({ signal }) => api.getTagged<EventType>(path`/v1/event-types/${name}`, {}, signal, readEventType),
  });
}

/** What Posthorn brings. */
export function useEventTypePacks() {
  const api = useApi();
  return useQuery({
    queryKey: ['event-type-packs'],
    queryFn: ({ signal }) => readAll<EventTypePack>(api, path`/v1/event-type-packs`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useEventTypeChanges() {
  const api = useApi();
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['event-types'] });
  return {
    create: useMutation({
      mutationFn: (input: EventTypeInput) => api.send<EventType>('POST', path`/v1/event-types`, input),
      onSuccess,
    }),
    update: useMutation({
      mutationFn: ({ name, patch, etag }: { name: string; patch: EventTypePatch; etag: string | null }) =>
        api.patch<EventType>(path`/v1/event-types/${name}`, patch, etag, readEventType),
      onSuccess,
    }),
    load: useMutation({
      mutationFn: (pack: string) => api.send<LoadedEventTypes>('POST', path`/v1/event-type-packs/${pack}/load`),
      onSuccess,
    }),
  };
}

/** @param read makes an item of its text */
export async function readAll<T>(
  api: Api,
  from: string,
  signal: AbortSignal,
  read: (text: string) => T = JSON.parse,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.get(from, { limit: PAGE_SIZE, cursor }, signal, (text) => ({
      ...JSON.parse(text),
      data: splitJsonArray(text, 'data').map(read),
    }));
    all.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}
