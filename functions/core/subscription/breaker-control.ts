import { notFound, Refusal } from '../refusal.ts';
import type { Owner } from '../vault.ts';
import { closeBreaker, healthOf } from './health.ts';
import type { ParkedDeliveries } from './parked-deliveries.ts';
import type { Subscription } from './subscription.ts';
import type { SubscriptionStore } from './subscription-store.ts';

export interface BreakerControlPorts {
  store: Pick<SubscriptionStore, 'getSubscription' | 'saveHealth'>;
  parked: ParkedDeliveries;
  now: () => number;
}

/** Closes a breaker by hand. */
export interface BreakerControl {
  /** What waits is delivered by and by. The subscription as it is if its breaker is not open. */
  close(owner: Owner): Promise<Subscription | Refusal>;
}

/** How often a worker's own write of the health may come between. */
const MAX_CONFLICTS = 5;

export function createBreakerControl({ store, parked, now }: BreakerControlPorts): BreakerControl {
  return {
    async close({ tenantId, subscriptionId }) {
      let current = await store.getSubscription(tenantId, subscriptionId);
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
        if (current === null) return notFound('subscription');
        const health = healthOf(current);
        const closed = closeBreaker(health, now());
        if (closed === health) return current;
        const { saved, subscription } = await store.saveHealth(tenantId, subscriptionId, closed);
        if (saved && subscription !== null) {
          await parked.settle(subscription);
          return subscription;
        }
        current = subscription;
      }
      return new Refusal('conflict', 'Its attempts keep changing it. Send the request again.', [], 1);
    },
  };
}
