import * as z from 'zod';
import { ENVIRONMENTS } from '../event/environment.ts';
import { Refusal } from '../refusal.ts';
import { Health } from './health.ts';

export const SUBSCRIPTION_STATUSES = ['active', 'paused', 'disabled', 'unverified'] as const;
export const SubscriptionStatus = z.enum(SUBSCRIPTION_STATUSES);
export type SubscriptionStatus = z.infer<typeof SubscriptionStatus>;

export const StatusReason = z.object({ code: z.string(), message: z.string(), at: z.number() });
export type StatusReason = z.infer<typeof StatusReason>;

/** `v1` is HMAC-SHA256, `v1a` is ed25519 (Standard Webhooks 1.0). */
export const SIGNATURE_VERSIONS = ['v1', 'v1a'] as const;
export const SignatureVersion = z.enum(SIGNATURE_VERSIONS);

/** Key material, encrypted; `endsAt` is set once a rotation has replaced it (epoch milliseconds). */
export const StoredKey = z.object({
  version: SignatureVersion,
  sealed: z.string(),
  createdAt: z.number(),
  endsAt: z.number().nullable(),
});
export type StoredKey = z.infer<typeof StoredKey>;

/** A tenant's wish to receive events at a URL, as it is stored. Times are epoch milliseconds. */
export const Subscription = z.object({
  id: z.string(),
  tenantId: z.string(),
  name: z.string().nullable(),
  /** Without userinfo. */
  url: z.string(),
  /** Encrypted `user:password` of the URL, if it had one. */
  credentials: z.string().nullable(),
  eventTypes: z.array(z.string()),
  environment: z.enum(ENVIRONMENTS),
  profile: z.string(),
  signatureVersions: z.array(SignatureVersion),
  keys: z.array(StoredKey),
  headers: z.record(z.string(), z.string()),
  metadata: z.record(z.string(), z.string()),
  /** As its author wrote it (docs/filters.md); null: every event of the types. */
  filter: z.record(z.string(), z.unknown()).nullable().default(null),
  /** The most requests a second, over all workers. Null: as its profile says. */
  maxPerSecond: z.number().nullable().default(null),
  /** The most requests at the same moment, over all workers. Null: as its profile says. */
  maxConcurrent: z.number().nullable().default(null),
  /** When one of the two was last raised: what waits by a lower one since before is not to wait any longer. Epoch milliseconds. */
  limitRaisedAt: z.number().nullable().default(null),
  /** From then on it receives nothing; its client subscribes again. Null: never. */
  expiresAt: z.number().nullable().default(null),
  /** What the receiver must send back while it is unverified, sealed. */
  verificationToken: z.string().nullable().default(null),
  /** Whether a receiver of it has agreed once, or did not have to. Events that come while another URL is verified are parked then. */
  hasBeenVerified: z.boolean(),
  status: SubscriptionStatus,
  statusReason: StatusReason.nullable(),
  /** What a verification has interrupted: consent returns to it. Null: it was active, or is not unverified. */
  interrupted: z
    .object({ status: SubscriptionStatus.extract(['paused', 'disabled']), statusReason: StatusReason.nullable() })
    .nullable()
    .default(null),
  /**
   * Raised when it gets another URL, is resumed or is verified. What an attempt says of a subscription (410, say) binds
   * only the generation that the attempt used.
   */
  generation: z.int().default(0),
  /** What resumes discarded, in their order; epoch milliseconds. */
  discards: z.array(z.object({ parkedBefore: z.number(), eventsBefore: z.number().nullable() })).default([]),
  /** Written by `deliver` alone, and read by way of `healthOf`. Null: it has never failed. */
  health: Health.nullable().default(null),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Raised by each write but those of `health`, for conditional writes and ETags. */
  revision: z.int(),
});
export type Subscription = z.infer<typeof Subscription>;

export function hasExpired({ expiresAt }: Pick<Subscription, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Null if it receives deliveries now. */
export function refuseInactive(subscription: Pick<Subscription, 'status' | 'expiresAt'>, now: number): Refusal | null {
  const { status } = subscription;
  if (status !== 'active') {
    const remedy = status === 'unverified' ? 'Verify' : 'Resume';
    return new Refusal('conflict', `The subscription is ${status}. ${remedy} it first.`);
  }
  if (!hasExpired(subscription, now)) return null;
  return new Refusal('conflict', 'The subscription has expired. Give it another expiresAt, or subscribe again.');
}

/**
 * The versions of its keys that sign by a profile. A delivery keeps its profile: by one that the subscription had before, any
 * of its keys may be needed, also those that its later profile has no use for.
 */
export function versionsFor(
  { profile, signatureVersions }: Pick<Subscription, 'profile' | 'signatureVersions'>,
  name: string,
): StoredKey['version'][] {
  return profile === name ? signatureVersions : [...SIGNATURE_VERSIONS];
}

/** The keys that sign now: the current ones, then those whose overlap has not ended. */
export function signingKeys(subscription: Pick<Subscription, 'keys' | 'signatureVersions'>, now: number): StoredKey[] {
  return subscription.keys.filter(
    (key) => subscription.signatureVersions.includes(key.version) && (key.endsAt === null || key.endsAt > now),
  );
}

/** Until when the last of its replaced keys signs, or signed; null: none was replaced lately. Epoch milliseconds. */
export function previousKeysEnd(subscription: Pick<Subscription, 'keys' | 'signatureVersions'>): number | null {
  const ends = subscription.keys.flatMap(({ version, endsAt }) =>
    endsAt !== null && subscription.signatureVersions.includes(version) ? [endsAt] : [],
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

/**
 * Whether a resume discarded a parked delivery. The subscription carries this, so that nothing has to find the delivery
 * first. `eventAt` is when Posthorn accepted its event.
 */
export function isDiscarded(
  { discards }: Pick<Subscription, 'discards'>,
  { parkedAt, eventAt }: { parkedAt: number | null; eventAt: number },
): boolean {
  if (parkedAt === null) return false;
  return discards.some(
    ({ parkedBefore, eventsBefore }) =>
      parkedAt <= parkedBefore && eventAt < (eventsBefore ?? Number.POSITIVE_INFINITY),
  );
}

/** Whether a delivery waits for a turn that it got, or for a place that it did not get, while the limit was lower. */
export function waitsByOldLimit(
  { limitRaisedAt }: Pick<Subscription, 'limitRaisedAt'>,
  { limitedSince }: { limitedSince: number | null },
): boolean {
  return limitRaisedAt !== null && limitedSince !== null && limitedSince <= limitRaisedAt;
}

/** Only a resume from an earlier time than the one before adds to the list, so that in practice it has one. */
const MAX_DISCARDS = 20;

/**
 * The subscription without what it has parked until now, or with only what belongs to events from `eventsBefore` on. What
 * an earlier resume discarded stays so, even if its deliveries have not been looked at yet.
 */
export function discardParked(subscription: Subscription, now: number, eventsBefore: number | null): Subscription {
  const wider = subscription.discards.filter(
    (earlier) => eventsBefore !== null && (earlier.eventsBefore ?? Number.POSITIVE_INFINITY) > eventsBefore,
  );
  const discards = [...wider, { parkedBefore: now, eventsBefore }].slice(-MAX_DISCARDS);
  return { ...subscription, discards };
}

/** The next generation if a change gives the subscription another receiver, or makes it active again. */
export function nextGeneration(before: Subscription, after: Subscription): number {
  const moved = before.url !== after.url || before.credentials !== after.credentials;
  const woken = before.status !== 'active' && after.status === 'active';
  return moved || woken ? before.generation + 1 : before.generation;
}
