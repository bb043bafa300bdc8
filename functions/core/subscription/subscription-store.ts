import type { Subscription } from './subscription.ts';

export interface SubscriptionPage {
  values: Subscription[];
  /** Where the next page begins; null after the last. */
  next: string | null;
}

/** The port to subscriptions. A subscription that was written is seen by every read: all are strongly consistent. */
export interface SubscriptionStore {
  getSubscription(tenantId: string, subscriptionId: string): Promise<Subscription | null>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  saveSubscription(subscription: Subscription, revision: number): Promise<boolean>;
  /** False if it is not there, or has been written since it was read. */
  deleteSubscription(subscription: Subscription): Promise<boolean>;
  /** Newest first. */
  pageSubscriptions(
    tenantId: string,
    limit: number,
    after: string | null,
    matches: ((subscription: Subscription) => boolean) | null,
  ): Promise<SubscriptionPage>;
  /** How many a tenant has, counted up to `upTo`. */
  countSubscriptions(tenantId: string, upTo: number): Promise<number>;
}
