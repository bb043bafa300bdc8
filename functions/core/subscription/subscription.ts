import * as z from 'zod';
import { ENVIRONMENTS } from '../event/environment.ts';

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
  /** From then on it receives nothing; its client subscribes anew. Null: never. */
  expiresAt: z.number().nullable().default(null),
  /** What the receiver must send back while it is unverified, sealed. */
  verificationToken: z.string().nullable().default(null),
  /** Whether a receiver of it has agreed once, or did not have to. Events that come while another URL is verified are parked then. */
  hasBeenVerified: z.boolean(),
  status: SubscriptionStatus,
  statusReason: StatusReason.nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type Subscription = z.infer<typeof Subscription>;

export function hasExpired({ expiresAt }: Pick<Subscription, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** The keys that sign now: the current ones, then those whose overlap has not ended. */
export function signingKeys(subscription: Pick<Subscription, 'keys' | 'signatureVersions'>, now: number): StoredKey[] {
  return subscription.keys.filter(
    (key) => subscription.signatureVersions.includes(key.version) && (key.endsAt === null || key.endsAt > now),
  );
}
