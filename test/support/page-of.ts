import type { ListOptions, Matches, Page } from '../../functions/core/page.ts';

/** A page of what is listed by time. */
export function pageOf<T>(
  values: readonly T[],
  placeOf: (value: T) => { at: number; id: string },
  { limit, after, from, to, oldestFirst = false }: ListOptions,
  matches: Matches<T>,
): Page<T> {
  const keyOf = (value: T): string => {
    const { at, id } = placeOf(value);
    return `${new Date(at).toISOString()}#${id}`;
  };
  const isBefore = (a: string, b: string): boolean => a !== b && a < b === oldestFirst;
  const listed = values
    .filter((value) => from === null || placeOf(value).at >= from)
    .filter((value) => to === null || placeOf(value).at <= to)
    .filter((value) => matches === null || matches(value))
    .map((value) => ({ value, key: keyOf(value) }))
    .filter(({ key }) => after === null || isBefore(after, key))
    .toSorted((a, b) => (isBefore(a.key, b.key) ? -1 : 1));
  const page = listed.slice(0, limit);
  return {
    values: page.map(({ value }) => value),
    next: listed.length > limit ? (page.at(-1)?.key ?? null) : null,
  };
}
