import { useState } from 'react';
import type { Page } from '../api/client.ts';

interface Kept<T> {
  list: string;
  seen: Page<T>;
  items: readonly T[];
  nextCursor: string | null;
}

/**
 * A list that is asked for again and again, and does not jump: what is shown changes in its place, and what came or went is
 * counted until the reader asks for it.
 * @param list names what is listed: another list is shown as it comes
 * @param page as it came last; undefined while it is not there
 */
export function useLiveList<T extends { id: string }>(list: string, page: Page<T> | undefined) {
  const [kept, setKept] = useState<Kept<T> | null>(null);
  const show = (next: Page<T>): void => setKept({ list, seen: next, items: next.data, nextCursor: next.nextCursor });
  if (page !== undefined && kept?.seen !== page) {
    const latest = new Map(page.data.map((item) => [item.id, item]));
    if (kept === null || kept.list !== list || kept.items.length === 0) show(page);
    else setKept({ ...kept, seen: page, items: kept.items.map((item) => latest.get(item.id) ?? item) });
  }
  const [shown, listed] = [idsOf(kept?.items), idsOf(kept?.seen.data)];
  const come = listed.difference(shown).size;
  // What is new pushes as many off the page's end.
  const pushedOff = kept?.seen.nextCursor == null ? 0 : come;
  return {
    items: kept?.items ?? [],
    nextCursor: kept?.nextCursor ?? null,
    come,
    /** They are shown, and the list has them no longer. */
    gone: Math.max(0, shown.difference(listed).size - pushedOff),
    showLatest: () => kept !== null && show(kept.seen),
  };
}

const idsOf = (items: readonly { id: string }[] | undefined) => new Set(items?.map(({ id }) => id));
