import { decodeCursor, encodeCursor } from './cursor.ts';

/** A page of a list that is at hand whole, in the order of the names. The cursor is the last name, so it stays valid. */
export function pageByName<T extends { name: string }>(
  items: readonly T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): { data: T[]; nextCursor: string | null } {
  const after = decodeCursor(cursor);
  const rest = items
    .filter(({ name }) => after === null || name > after)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const data = rest.slice(0, limit);
  return { data, nextCursor: encodeCursor(rest.length > data.length ? (data.at(-1)?.name ?? null) : null) };
}
