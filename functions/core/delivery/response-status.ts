import * as z from 'zod';
import { matchesStatus } from '../profile/retry-policy.ts';
import { endedAttempts } from './claim.ts';
import type { Delivery } from './delivery.ts';

/** What the last attempt was answered. */
export const ResponseStatus = z
  .string()
  .regex(/^(?:[1-5][0-9][0-9]|[1-5]xx|none)$/, 'must be a status such as 404, a class of them such as 5xx, or none')
  .meta({
    description:
      'What the last attempt was answered: a status, a class of them as in 5xx, or none. A status outside 100 to 599 is of class 5xx.',
  });

/** Without an attempt there was no answer that could be asked for. */
export function wasAnswered(delivery: Delivery, asked: string): boolean {
  const last = endedAttempts(delivery).at(-1);
  if (last === undefined) return false;
  return last.response === null ? asked === 'none' : matchesStatus([asked], last.response.status);
}
