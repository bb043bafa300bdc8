import { healthOf, rampTime } from '../subscription/health.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { isHeld } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { deliverMessage, type SettleParkedMessage, type WorkQueue, wholeSeconds } from './queue-message.ts';

export interface SettleParkedPorts {
  store: Pick<DeliveryStore, 'listWaitingDeliveries'> & Pick<SubscriptionStore, 'getSubscription'>;
  retries: WorkQueue;
  now: () => number;
  /** False once it is time to hand over to the next invocation. */
  hasTime: () => boolean;
}

/**
 * Wakes what waits for a subscription: the parked deliveries of one that is active again, those that its breaker held, and
 * all that wait for one that was deleted. What becomes of each is decided when its message arrives, as always. This is the
 * fast path: a delivery that it does not find wakes when it is due. What does not fit in one invocation goes on from a
 * cursor, as a message.
 */
export async function settleParked(ports: SettleParkedPorts, message: SettleParkedMessage): Promise<void> {
  const { store, retries } = ports;
  const { tenantId, subscriptionId } = message;
  let next: SettleParkedMessage | null = message;
  do {
    const subscription = await store.getSubscription(tenantId, subscriptionId);
    // Paused again: they stay as they are.
    if (subscription !== null && subscription.status !== 'active') return;
    const health = subscription === null ? null : healthOf(subscription);
    if (health?.breaker.state === 'open' && next.status === 'pending') return;
    const page = await store.listWaitingDeliveries(subscriptionId, next.status, next.cursor);
    if (health !== null && next.status === 'pending') {
      // The others that are pending wait for their time.
      const held = page.deliveries.filter(isHeld);
      const start: number = next.woken;
      await retries.send(
        held.map((delivery, index) => {
          const at = rampTime(health, start + index) ?? 0;
          return { message: deliverMessage(delivery), delaySeconds: wholeSeconds(at - ports.now()) };
        }),
      );
      next = { ...next, woken: start + held.length };
    } else {
      await retries.send(page.deliveries.map((delivery) => ({ message: deliverMessage(delivery), delaySeconds: 0 })));
    }
    if (page.cursor !== null) next = { ...next, cursor: page.cursor };
    else next = next.status === 'parked' ? { ...next, status: 'pending', cursor: null } : null;
  } while (next !== null && ports.hasTime());
  if (next !== null) await retries.send([{ message: next, delaySeconds: 0 }]);
}
