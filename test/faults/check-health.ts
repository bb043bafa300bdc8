import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import type { Health } from '../../functions/core/subscription/health.ts';
import { type CampaignRecord, overwrittenAttempts, type SubscriptionHistory, sinceEnd } from './campaign-record.ts';
import type { Report } from './findings.ts';

/** The health of a subscription is written right after the record of its attempt. */
const WRITTEN_WITHIN_MS = 30_000;
/** Failures go on record in another order than they came to an end. */
const ORDER_SLACK_MS = 20_000;

/** What the health of each subscription says is what its attempts on record say. */
export function checkHealth(record: CampaignRecord, report: Report): void {
  const deliveries = Map.groupBy(record.deliveries, ({ subscriptionId }) => subscriptionId);
  const overwritten = overwrittenAttempts(record);
  for (const subscription of record.subscriptions) {
    const { id, status } = subscription;
    const health = record.health.get(id);
    if (health === undefined || (status !== 'active' && status !== 'paused')) continue;
    const own = deliveries.get(id) ?? [];
    const attempts = own.flatMap((delivery) => delivery.attempts);
    const wrong =
      // A twin that overwrote an attempt took with it what the health is based on.
      (own.some((one) => overwritten.has(deliveryId(one))) ? null : inventedBy(health, attempts)) ??
      outlived(health, attempts, record.restedAt) ??
      unnoticed(record, subscription, health, own);
    if (wrong !== null) report('health_wrong', id, wrong);
  }
}

const endOf = ({ startedAt, durationMs }: Attempt): number => startedAt + Math.round(durationMs);
const isFailure = ({ outcome }: Attempt): boolean => outcome !== 'success' && outcome !== 'interrupted';

/** Its failures are on record. */
function inventedBy({ failing }: Health, attempts: readonly Attempt[]): string | null {
  if (failing === null) return null;
  const { since, failures, lastFailure } = failing;
  const isLast = attempts.some(
    (one) =>
      endOf(one) === lastFailure.at &&
      one.outcome === lastFailure.outcome &&
      (one.response?.status ?? null) === lastFailure.status,
  );
  if (!isLast) return 'its last failure is no attempt on record';
  if (!attempts.some((one) => isFailure(one) && endOf(one) === since))
    return 'no attempt failed when its failures began';
  const known = attempts.filter((one) => isFailure(one) && endOf(one) >= since - ORDER_SLACK_MS).length;
  return failures > known ? `it counts ${failures} failures in a row, and ${known} are on record` : null;
}

/** A success after all faults were over has ended what it says of failures. */
function outlived({ failing, breaker }: Health, attempts: readonly Attempt[], restedAt: number): string | null {
  if (!attempts.some(({ outcome, startedAt }) => outcome === 'success' && startedAt >= restedAt)) return null;
  if (failing !== null) return 'it is failing, and an attempt has succeeded since';
  return breaker.state === 'open' ? 'its breaker is open, and an attempt has succeeded since' : null;
}

/** It is not healthy after a failure that no success followed. */
function unnoticed(
  record: CampaignRecord,
  { id, moves, resumes }: SubscriptionHistory,
  { failing }: Health,
  deliveries: readonly Delivery[],
): string | null {
  // What another URL or a resume has ended is about nothing that is there.
  if (failing !== null || moves.length > 0 || resumes.length > 0) return null;
  const attempts = deliveries.flatMap((delivery) =>
    delivery.attempts.map((attempt) => ({ attempt, of: deliveryId(delivery) })),
  );
  const isFollowed = ({ startedAt }: Attempt): boolean =>
    attempts.some(({ attempt }) => attempt.outcome === 'success' && endOf(attempt) >= startedAt);
  const isUnwritten = (attempt: Attempt, of: string): boolean =>
    [...(record.unwrittenHealth.get(id) ?? []), ...(record.refusedWrites.get(of) ?? [])].some((at) => {
      const afterMs = sinceEnd(record, attempt, at);
      return afterMs >= -attempt.durationMs && afterMs < WRITTEN_WITHIN_MS;
    });
  const found = attempts.find(
    ({ attempt, of }) =>
      isFailure(attempt) && attempt.response?.status !== 410 && !isFollowed(attempt) && !isUnwritten(attempt, of),
  );
  return found === undefined ? null : `it is healthy after ${found.attempt.outcome} of ${found.of}`;
}
