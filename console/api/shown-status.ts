import { isPast } from './is-past.ts';
import type { Subscription } from './types.ts';

/** What the reader is told: a webhook that has expired receives nothing, whatever else is true of it. */
type ShownStatus = Subscription['status'] | 'expired';

export function shownStatus({ status, expiresAt }: Pick<Subscription, 'status' | 'expiresAt'>): ShownStatus {
  return expiresAt !== null && isPast(expiresAt) ? 'expired' : status;
}

/** What a list is asked for, so that it holds those of which that is shown. */
export function queryOfShown(status: string | null): { status: string | null; expired: boolean | null } {
  if (status === null) return { status: null, expired: null };
  return status === 'expired' ? { status: null, expired: true } : { status, expired: false };
}
