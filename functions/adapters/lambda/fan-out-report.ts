import type { Event } from '../../core/event/event.ts';
import { traceIdOf } from '../../core/event/traceparent.ts';
import type { FanOutReport } from '../../core/ingest/fan-out.ts';
import { METRICS } from '../../names.ts';
import type { Telemetry } from './telemetry.ts';

/** How the log names an event. */
export function namesOf({ tenantId, id, traceparent }: Pick<Event, 'tenantId' | 'id' | 'traceparent'>) {
  return { tenantId, eventId: id, traceId: traceIdOf(traceparent) };
}

export function noteFanOut({ logger, counter }: Telemetry, { subscription, event }: FanOutReport): void {
  logger.warn('a filter would take too many steps, so its delivery is cancelled', {
    subscriptionId: subscription.id,
    ...namesOf(event),
  });
  counter.count(METRICS.filtersOverBudget);
}
