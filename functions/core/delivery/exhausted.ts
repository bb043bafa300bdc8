import { deliveryId, SYSTEM_TENANT } from '../ids.ts';
import { systemEventId } from '../system-event/system-event.ts';
import { endedAttempts } from './claim.ts';
import type { Delivery } from './delivery.ts';
import type { Effect } from './effect.ts';

/** Reasons to fail for good of which the company is told here. Of `receiver_gone` the disabled subscription tells; a test tells its caller. */
const TOLD = new Set(['attempts_exhausted', 'not_retried', 'interrupted_too_often']);

/**
 * What a delivery owes that has just failed for good: that the company is told.
 * @param url of its subscription, without credentials
 */
export function exhaustedEffects(before: Delivery, after: Delivery, url: string, at: number): Effect[] {
  const isTold = before.status !== 'failed' && after.status === 'failed' && TOLD.has(after.statusReason?.code ?? '');
  // Nothing about a subscription of this tenant makes a system event.
  if (!isTold || after.tenantId === SYSTEM_TENANT) return [];
  const { tenantId, subscriptionId, eventId, eventType } = after;
  const last = endedAttempts(after).at(-1);
  const data = {
    tenantId,
    subscriptionId,
    url,
    deliveryId: deliveryId(after),
    eventId,
    eventType,
    attempts: last?.number ?? 0,
    lastFailure:
      last === undefined
        ? null
        : {
            outcome: last.outcome,
            status: last.response?.status ?? null,
            message: last.error?.message ?? '',
            at: new Date(last.startedAt + Math.round(last.durationMs)).toISOString(),
          },
    count: 1,
  };
  const id = systemEventId(`${data.deliveryId} exhausted at ${at}`);
  return [{ kind: 'emit_system_event', id, at, event: { type: 'posthorn.delivery.exhausted', data } }];
}
