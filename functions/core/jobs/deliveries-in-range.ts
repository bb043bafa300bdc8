import type { Delivery, DeliveryStatus } from '../delivery/delivery.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import { matchesPattern } from '../event/event-type.ts';
import { type Job, pageLimit } from './job.ts';
import type { Range } from './job-task.ts';

/** Deliveries that one page of a job is about. */
export const PAGE = 100;

export interface RangePage {
  deliveries: Delivery[];
  /** Where the next page begins; null after the last. */
  cursor: string | null;
}

type Lists = Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus'>;

/** Whether an event type is one of those that are asked for. */
export function isAskedType({ eventTypes }: Range, type: string): boolean {
  return eventTypes.length === 0 || eventTypes.some((pattern) => matchesPattern(pattern, type));
}

/** The next deliveries of any status, oldest event first. */
export async function nextOfAny(
  store: Lists,
  subscriptionId: string,
  range: Range,
  job: Job,
  matches: (delivery: Delivery) => boolean,
): Promise<RangePage> {
  const options = { limit: pageLimit(job, PAGE), after: job.cursor, from: range.from, to: range.to, oldestFirst: true };
  const page = await store.listDeliveries(
    subscriptionId,
    options,
    (one) => matches(one) && isAskedType(range, one.eventType),
  );
  return { deliveries: page.values, cursor: page.next };
}

/**
 * The next deliveries of these statuses, one status after the other, oldest event first. What a job does moves a delivery
 * to another status, so a page that is repeated finds what is left.
 */
export async function nextOfStatuses(
  store: Lists,
  subscriptionId: string,
  range: Range,
  job: Job,
  statuses: readonly DeliveryStatus[],
  matches: (delivery: Delivery) => boolean = () => true,
): Promise<RangePage> {
  const [at, after] = placeOf(job.cursor);
  const status = statuses[at];
  if (status === undefined) return { deliveries: [], cursor: null };
  const options = { limit: pageLimit(job, PAGE), after, from: range.from, to: range.to, oldestFirst: true };
  const page = await store.listDeliveriesByStatus(
    subscriptionId,
    status,
    options,
    // The index lags by moments.
    (one) => one.status === status && matches(one) && isAskedType(range, one.eventType),
  );
  if (page.next !== null) return { deliveries: page.values, cursor: `${at} ${page.next}` };
  return { deliveries: page.values, cursor: at + 1 < statuses.length ? `${at + 1}` : null };
}

/** Which of the statuses comes next, and after which of its deliveries. */
function placeOf(cursor: string | null): [number, string | null] {
  if (cursor === null) return [0, null];
  const [at = '0', after] = cursor.split(' ', 2);
  return [Number(at), after ?? null];
}
