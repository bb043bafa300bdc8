import type { Matches, Page } from '../page.ts';
import type { Health } from './health.ts';
import type { MatchableSubscription, MatchedEvent } from './match.ts';
import type { StatusReason, Subscription } from './subscription.ts';

/** A page of what fan-out reads. `cursor` is null after the last page. */
export interface FanOutPage {
  tenantExists: boolean;
  subscriptions: MatchableSubscription[];
  cursor: string | null;
}

/** The port by which fan-out finds the subscriptions of its events. */
export interface MatchableSubscriptions {
  /**
   * A tenant's subscriptions after `after`, oldest first: all that may want one of the events, and maybe others. One that was
   * written before this is called is among them, as it was written; only its health, and whether it is disabled, may be older: `deliver` looks
   * at both. `cursor` of a page: from where another call goes on.
   */
  readMatchable(
    tenantId: string,
    after: string | null,
    events: readonly Pick<MatchedEvent, 'environment' | 'type'>[],
  ): AsyncIterable<FanOutPage>;
}

/** `subscription`: as it stands now; null if it is gone. */
export interface SavedHealth {
  saved: boolean;
  subscription: Subscription | null;
}

/** The port to subscriptions. A subscription that was written is seen by every read: all are strongly consistent. */
export interface SubscriptionStore {
  getSubscription(tenantId: string, subscriptionId: string): Promise<Subscription | null>;
  /**
   * False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. The
   * stored health stays as it is.
   */
  saveSubscription(subscription: Subscription, revision: number): Promise<boolean>;
  /** False, and nothing deleted, if it was written since it was read. One that is gone counts as deleted. */
  deleteSubscription(subscription: Pick<Subscription, 'tenantId' | 'id' | 'revision'>): Promise<boolean>;
  /**
   * Disables an active subscription of that generation: a pause, an earlier reason, a moved or resumed one stays. False if
   * nothing was changed.
   */
  disableSubscription(
    tenantId: string,
    subscriptionId: string,
    reason: StatusReason,
    generation: number,
  ): Promise<boolean>;
  /**
   * Writes health over its own revision (0: there is none), if the subscription is of the generation that the health is
   * about. Stores revision + 1, and changes nothing else of the subscription.
   */
  saveHealth(tenantId: string, subscriptionId: string, health: Health): Promise<SavedHealth>;
  /** Deletes it whatever its revision is, if it is of that generation (null: any). False if it is there still. */
  removeSubscription(tenantId: string, subscriptionId: string, generation: number | null): Promise<boolean>;
  /** Newest first. */
  pageSubscriptions(
    tenantId: string,
    limit: number,
    after: string | null,
    matches: Matches<Subscription>,
  ): Promise<Page<Subscription>>;
  /** How many a tenant has, counted up to `upTo`. */
  countSubscriptions(tenantId: string, upTo: number): Promise<number>;
}
