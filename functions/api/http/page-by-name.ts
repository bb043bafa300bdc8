import { fitPage, type Page } from '../../core/page.ts';
import { decodeCursor } from './cursor.ts';
import type { PageQuery } from './route.ts';

/** A page of a list that is at hand whole, in the order of the names. The cursor is the last name, so it stays valid. */
export function pageByName<T extends { name: string }>(items: readonly T[], { limit, cursor }: PageQuery): Page<T> {
  const after = decodeCursor(cursor);
  const rest = items
    .filter(({ name }) => after === null || name > after)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const values = rest.slice(0, limit);
  const next = rest.length > values.length ? (values.at(-1)?.name ?? null) : null;
  return fitPage({ values, next }, ({ name }) => name);
}
