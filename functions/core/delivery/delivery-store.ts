import type { Event } from '../event/event.ts';
import type { DeliveryRef } from '../ids.ts';
import type { ListOptions, Matches, Page } from '../page.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { Delivery } from './delivery.ts';
import type { DeliverMessage } from './queue-message.ts';

/** Everything that a message needs; what is null was not found. */
export interface Loaded {
  delivery: Delivery | null;
  subscription: Subscription | null;
  event: Event | null;
}

/** `cursor` is null after the last page. */
export interface WaitingPage {
  deliveries: Delivery[];
  cursor: string | null;
}

/** The port to deliveries. One past its retention is absent, also while the store has not removed it yet. */
export interface DeliveryStore {
  /** One read for the whole batch, in the order of the messages. */
  loadForMessages(messages: readonly DeliverMessage[], consistent: boolean): Promise<Loaded[]>;
  /** Consistent. */
  getDelivery(ref: DeliveryRef): Promise<Delivery | null>;
  /** Consistent; in the order of the refs, null where there is none. */
  getDeliveries(refs: readonly DeliveryRef[]): Promise<(Delivery | null)[]>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  saveDelivery(delivery: Delivery, revision: number): Promise<boolean>;
  /**
   * One write for the whole batch, overwriting: for deliveries that succeeded at their first attempt. The stored revision
   * is one that no reader can have seen before. Rejects with a `PartialFailure` of those that were not written.
   */
  putSucceededDeliveries(deliveries: readonly Delivery[]): Promise<void>;
  /** Newest first. */
  listDeliveries(subscriptionId: string, options: ListOptions, matches: Matches<Delivery>): Promise<Page<Delivery>>;
  /** Deliveries of one status other than succeeded, newest first. */
  listDeliveriesByStatus(
    subscriptionId: string,
    status: string,
    options: ListOptions,
    matches: Matches<Delivery>,
  ): Promise<Page<Delivery>>;
  /** Deliveries of one status, oldest first, each as it stands now; the index that finds them lags by moments. */
  listWaitingDeliveries(
    subscriptionId: string,
    status: 'parked' | 'pending',
    cursor: string | null,
  ): Promise<WaitingPage>;
}
