import * as z from 'zod';
import { encodeCursor } from '../http/cursor.ts';

/** The schema of a list of such resources. */
export const listOf = (view: z.ZodType) =>
  z.object({
    data: z.array(view),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it back as cursor to get the next page; null on the last one.' }),
  });

/** A page of a list. */
export function listBody(page: { next: string | null }, data: readonly unknown[]) {
  return { data, nextCursor: encodeCursor(page.next) };
}
