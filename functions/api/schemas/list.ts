import * as z from 'zod';
import type { Page } from '../../core/page.ts';
import { Refusal } from '../../core/refusal.ts';
import { encodeCursor } from '../http/cursor.ts';
import type { RouteResult } from '../http/route.ts';

/** The schema of a list of such resources. */
export const listOf = (view: z.ZodType) =>
  z.object({
    data: z.array(view),
    nextCursor: z.string().nullable().meta({
      description:
        'Give it back as cursor to get the next page; null on the last one. Pages before it can be shorter than their limit, where what is listed is large.',
    }),
  });

/** The answer that is a page of a list. */
export function pageAnswer<T>(page: Page<T> | Refusal, view: (value: T) => unknown): RouteResult | Refusal {
  if (page instanceof Refusal) return page;
  const data = page.values.map((value) => view(value));
  return { status: 200, body: { data, nextCursor: encodeCursor(page.next) } };
}
