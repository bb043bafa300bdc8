import type { Event } from '../event/event.ts';
import { type DeliveryRef, deliveryId } from '../ids.ts';
import type { TemplateValues } from '../profile/template.ts';
import type { Subscription } from '../subscription/subscription.ts';

/** What the references of a profile mean for one attempt. `at` in epoch milliseconds. */
export function templateValues(
  { id, type, environment, occurredAt, data, tenantId }: Event & { data: string },
  { id: subscriptionId, name, url, metadata }: Pick<Subscription, 'id' | 'name' | 'url' | 'metadata'>,
  { ref, attempt, at }: { ref: DeliveryRef; attempt: number; at: number },
): TemplateValues {
  return {
    event: { id, type, environment, occurredAt: new Date(occurredAt).toISOString(), data },
    subscription: { id: subscriptionId, name, url, metadata },
    tenant: { id: tenantId },
    delivery: { id: deliveryId(ref), attempt, timestamp: Math.floor(at / 1_000) },
  };
}
