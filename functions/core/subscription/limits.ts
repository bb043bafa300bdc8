import type { CompiledProfile } from '../profile/compile-profile.ts';
import { effectiveRate } from './health.ts';
import type { Subscription } from './subscription.ts';

/** What a receiver can take. Null: no limit. */
export interface Limits {
  maxPerSecond: number | null;
  /** At the same moment. */
  maxConcurrent: number | null;
}

/** The limits that hold now. */
export interface CurrentLimits extends Limits {
  /** While its receiver recovers, a second; it rises from moment to moment. */
  recoveringPerSecond: number | null;
}

/**
 * The limits of a subscription: its own, else its profile's, and what its health allows. A tenant's defaults are its
 * subscriptions' own: they are copied when a subscription is written. Every limit is decided here.
 * @param now epoch milliseconds
 */
export function limitsOf(
  subscription: Subscription,
  { document: { limits } }: Pick<CompiledProfile, 'document'>,
  now: number,
): CurrentLimits {
  return {
    maxPerSecond: subscription.maxPerSecond ?? limits.maxPerSecond,
    maxConcurrent: subscription.maxConcurrent ?? limits.maxConcurrent,
    recoveringPerSecond: effectiveRate(subscription.health, subscription, now),
  };
}

/** Whether the second may let more through. Null is a profile's limit, or none. */
export function raisesLimits(from: Limits, to: Limits): boolean {
  return (['maxPerSecond', 'maxConcurrent'] as const).some((name) => {
    const [before, after] = [from[name], to[name]];
    return before !== after && (before === null || after === null || after > before);
  });
}

/** The lower of two limits. */
export function lower(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
