import type { HealthSignal } from '../subscription/health.ts';
import { type SystemEvent, systemEventId } from '../system-event/system-event.ts';
import type { Delivery } from './delivery.ts';
import type { Effect } from './effect.ts';
import type { MadeAttempt } from './settle.ts';

/** What a signal of a subscription's health demands. Several workers may find the same: each event has the same id then. */
export function effectOfSignal(
  signal: HealthSignal,
  { tenantId, subscriptionId }: Delivery,
  { request: { url }, generation }: MadeAttempt,
  at: number,
): Effect {
  const about = { tenantId, subscriptionId, url };
  const emit = (event: SystemEvent, occasion: string): Effect => {
    const id = systemEventId(`${subscriptionId} ${occasion} in generation ${generation}`);
    return { kind: 'emit_system_event', id, at, event };
  };
  switch (signal.kind) {
    case 'failing': {
      const { since, failures, lastFailure, warning, disablesAt } = signal;
      const data = {
        ...about,
        since: iso(since),
        failures,
        lastFailure: { ...lastFailure, at: iso(lastFailure.at) },
        disablesAt: iso(disablesAt),
      };
      return emit({ type: 'posthorn.subscription.failing', data }, `failing since ${since}, warning ${warning}`);
    }
    case 'recovered': {
      const { failedSince } = signal;
      const data = { ...about, failedSince: iso(failedSince) };
      return emit({ type: 'posthorn.subscription.recovered', data }, `recovered after ${failedSince}`);
    }
    case 'disabled': {
      const { since, failures, lastFailure } = signal;
      const message = `No delivery has succeeded since ${iso(since)}; ${failures} attempts in a row failed. The last one: ${lastFailure.message}`;
      const reason = { code: 'receiver_failing', message };
      const effect = { kind: 'deactivate_subscription', deactivation: 'disable', generation, reason, url, at } as const;
      return { ...effect, failingSince: since };
    }
    default:
      return signal satisfies never;
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
