import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { deliverMessage } from './deliver.ts';
import { cancel, type Delivery, release, type WaitPolicy } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { ReleaseMessage, WorkQueue } from './queue-message.ts';

export type ReleaseStore = Pick<DeliveryStore, 'listParkedDeliveries' | 'saveDelivery'> &
  Pick<SubscriptionStore, 'getSubscription'>;

export interface ReleaseDeps {
  store: ReleaseStore;
  retries: WorkQueue;
  waits: WaitPolicy;
  now: () => number;
  /** False once it is time to hand over to the next invocation. */
  hasTime: () => boolean;
}

/**
 * Sees to the parked deliveries of a subscription that is active again or deleted: wakes them, or cancels them. What does not fit
 * in one invocation goes on from a cursor, as a message of its own.
 */
export async function releaseParked(deps: ReleaseDeps, message: ReleaseMessage): Promise<void> {
  let cursor = message.cursor;
  do {
    const subscription = await deps.store.getSubscription(message.tenantId, message.subscriptionId);
    // Paused again: they stay as they are. Deleted: nobody else will ever look at them.
    if (subscription !== null && subscription.status !== 'active') return;
    const page = await deps.store.listParkedDeliveries(message.subscriptionId, cursor);
    const woken = await Promise.all(
      page.deliveries.map((delivery) => releaseOne(deps, message, subscription !== null, delivery)),
    );
    await deps.retries.send(
      woken.filter((one) => one !== null).map((one) => ({ message: deliverMessage(one), delaySeconds: 0 })),
    );
    cursor = page.cursor;
  } while (cursor !== null && deps.hasTime());
  if (cursor !== null) await deps.retries.send([{ message: { ...message, cursor }, delaySeconds: 0 }]);
}

/** Null if the delivery is not to be woken. */
async function releaseOne(
  deps: ReleaseDeps,
  message: ReleaseMessage,
  exists: boolean,
  delivery: Delivery,
): Promise<Delivery | null> {
  const isRecent = message.since === null || delivery.eventAt >= message.since;
  const wanted = exists && message.parked === 'deliver' && isRecent;
  const next = wanted
    ? release(delivery, deps.now(), deps.waits)
    : exists
      ? cancel(delivery, deps.now(), 'discarded', 'It was parked, and discarded when the subscription was resumed.')
      : cancel(delivery, deps.now(), 'subscription_deleted', 'The subscription was deleted.');
  // Refused: somebody else has seen to this one.
  return (await deps.store.saveDelivery(next, delivery.revision)) && wanted ? next : null;
}
