import type { ListOptions, Page } from '../../functions/core/page.ts';
import { HOUR, subscriptionId } from '../support/domain.ts';

/** A store under its port's contract, and what a contract has to steer. */
export interface Subject<Store> {
  store: Store;
  /** Moves the clock that the store goes by; epoch milliseconds. */
  setNow: (now: number) => void;
  /**
   * Runs one write that takes effect while its answer is lost, so that it is sent again; `meanwhile` comes before that. Null for
   * a store between which and its caller nothing can be lost.
   */
  losing: (<T>(write: () => Promise<T>, meanwhile?: () => Promise<void>) => Promise<T>) | null;
}

/** How long the journal of every subject keeps things. */
export const RETENTION_DAYS = 30;
export const RETENTION_MS = RETENTION_DAYS * 24 * HOUR;

let number = 0;

/** A name that no other test has, because subjects can share tables. */
export function freshTenant(): string {
  number += 1;
  // No tenant's name is the beginning of another's.
  return `tenant-${number}t`;
}

export function freshSubscription(): string {
  number += 1;
  return subscriptionId(1_000_000 + number);
}

export const WHOLE: ListOptions = { limit: 25, after: null, from: null, to: null };

/** All values of a list; `between` happens after each page. */
export async function readPages<T>(
  read: (after: string | null) => Promise<Page<T>>,
  between = async () => {},
): Promise<T[]> {
  const values: T[] = [];
  let after: string | null = null;
  do {
    const page: Page<T> = await read(after);
    values.push(...page.values);
    after = page.next;
    await between();
  } while (after !== null);
  return values;
}
