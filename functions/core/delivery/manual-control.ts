import { changeStored } from '../change-stored.ts';
import { DATA_EXPUNGED } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { parseDeliveryId } from '../ids.ts';
import { notFound, Refusal } from '../refusal.ts';
import { refuseInactive } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { cancelDelivery, type Delivery, requestAttempt } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { deliverMessage, type WorkQueue } from './queue-message.ts';
import type { WaitPolicy } from './wake.ts';

/** What a person may do with a delivery. */
export interface ManualControl {
  read(tenantId: string, deliveryId: string): Promise<Delivery | Refusal>;
  /** Queues an attempt now, whatever state the delivery is in. */
  retry(tenantId: string, deliveryId: string): Promise<Delivery | Refusal>;
  /** An attempt that is under way may still arrive. */
  cancel(tenantId: string, deliveryId: string): Promise<Delivery | Refusal>;
}

export interface ManualControlPorts {
  store: Pick<DeliveryStore, 'getDelivery' | 'saveDelivery'>;
  subscriptions: Pick<SubscriptionStore, 'getSubscription'>;
  events: Pick<EventStore, 'getEvent'>;
  retries: WorkQueue;
  waits: WaitPolicy;
  now: () => number;
}

export function createManualControl(ports: ManualControlPorts): ManualControl {
  const { store, subscriptions, events, retries, waits, now } = ports;

  async function find(tenantId: string, deliveryId: string): Promise<Delivery | null> {
    const ref = parseDeliveryId(deliveryId);
    const delivery = ref === null ? null : await store.getDelivery(ref);
    // The id of another tenant's delivery finds it, but must not tell that it is there.
    return delivery?.tenantId === tenantId ? delivery : null;
  }

  async function read(tenantId: string, deliveryId: string): Promise<Delivery | Refusal> {
    return (await find(tenantId, deliveryId)) ?? notFound('delivery');
  }

  function change(
    tenantId: string,
    deliveryId: string,
    edit: (delivery: Delivery) => Delivery | Refusal,
  ): Promise<Delivery | Refusal> {
    const thing = { what: 'delivery', ifMatch: null, read: () => find(tenantId, deliveryId) };
    return changeStored({ ...thing, change: edit, save: store.saveDelivery });
  }

  return {
    read,

    async retry(tenantId, deliveryId) {
      const delivery = await read(tenantId, deliveryId);
      if (delivery instanceof Refusal) return delivery;
      const subscription = await subscriptions.getSubscription(tenantId, delivery.subscriptionId);
      if (subscription === null)
        return new Refusal('conflict', 'Its subscription was deleted, so there is nowhere to deliver to.');
      const inactive = refuseInactive(subscription, now());
      if (inactive !== null) return inactive;
      const event = await events.getEvent(tenantId, delivery.eventId);
      if (event === null) return new Refusal('conflict', 'Its event is no longer in the journal.');
      if (event.data === null) return DATA_EXPUNGED;
      // The journal first, then the message: if the message is lost, the due index brings the attempt all the same.
      const asked = await change(tenantId, deliveryId, (one) => requestAttempt(one, 'manual', now(), waits));
      if (!(asked instanceof Refusal)) await retries.send([{ message: deliverMessage(asked), delaySeconds: 0 }]);
      return asked;
    },

    cancel: (tenantId, deliveryId) =>
      change(tenantId, deliveryId, (delivery) => {
        if (delivery.status === 'pending' || delivery.status === 'parked')
          return cancelDelivery(delivery, now(), 'cancelled', 'It was cancelled by request.');
        const message = `It has ${delivery.status} already; only what is pending or parked can be cancelled.`;
        return new Refusal('conflict', message);
      }),
  };
}
