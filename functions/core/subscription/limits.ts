import type { CompiledProfile } from '../profile/compile-profile.ts';
import type { Subscription } from './subscription.ts';

/** What a receiver can take. Null: no limit. */
export interface Limits {
  maxPerSecond: number | null;
}

/**
 * The limits of a subscription now: its own, else its profile's. A tenant's defaults are its subscriptions' own: they are
 * copied when a subscription is written.
 */
export function limitsOf(subscription: Subscription, { document }: Pick<CompiledProfile, 'document'>): Limits {
  return { maxPerSecond: subscription.maxPerSecond ?? document.limits.maxPerSecond };
}
