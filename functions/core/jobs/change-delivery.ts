import { changeStored } from '../change-stored.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import type { Refusal } from '../refusal.ts';

/** Changes a delivery that was read already; reads it again only if another write came between. */
export function changeDelivery(
  store: Pick<DeliveryStore, 'getDelivery' | 'saveDelivery'>,
  delivery: Delivery,
  change: (current: Delivery) => Delivery,
): Promise<Delivery | Refusal> {
  let known: Delivery | null = delivery;
  return changeStored({
    what: 'delivery',
    ifMatch: null,
    async read() {
      const current = known ?? (await store.getDelivery(delivery));
      known = null;
      return current;
    },
    change,
    save: (next, revision) => store.saveDelivery(next, revision),
  });
}
