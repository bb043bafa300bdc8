import * as z from 'zod';
import type { Event } from './event.ts';
import { ENVIRONMENTS } from './event.ts';
import { matchesPattern } from './event-type.ts';
import { matchFilter } from './filter.ts';

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
  status: SubscriptionStatus,
  statusReason: StatusReason.nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type Subscription = z.infer<typeof Subscription>;

/** What decides whether an event goes to a subscription, and no more: fan-out reads this of each. */
export const MATCHABLE_FIELDS = [
  'id',
  'environment',
  'eventTypes',
  'createdAt',
  'filter',
  'expiresAt',
  'status',
] as const;
export type MatchableSubscription = Pick<Subscription, (typeof MATCHABLE_FIELDS)[number]>;

/**
 * Which subscriptions an event goes to. Paused and disabled ones are among them: their deliveries are parked.
 * @param data the event's data, parsed; asked for only if there is a filter
 */
export function wantsEvent(
  subscription: Omit<MatchableSubscription, 'id'>,
  event: Pick<Event, 'environment' | 'type' | 'recordedAt' | 'acceptedAt'>,
  isRepetition: boolean,
  data: () => unknown,
): boolean {
  const { filter } = subscription;
  return (
    subscription.environment === event.environment &&
    subscription.status !== 'unverified' &&
    !hasExpired(subscription, event.acceptedAt) &&
    (!isRepetition || subscription.createdAt <= event.recordedAt) &&
    subscription.eventTypes.some((pattern) => matchesPattern(pattern, event.type)) &&
    (filter === null || matchFilter(filter, { type: event.type, environment: event.environment, data: data() }).matches)
  );
}

export function hasExpired({ expiresAt }: Pick<Subscription, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** The keys that sign now: the current ones, then those whose overlap has not ended. */
export function signingKeys(subscription: Pick<Subscription, 'keys' | 'signatureVersions'>, now: number): StoredKey[] {
  return subscription.keys.filter(
    (key) => subscription.signatureVersions.includes(key.version) && (key.endsAt === null || key.endsAt > now),
  );
}

/** Names that a subscription's headers may not have, with the reason. Lower case. */
const FORBIDDEN_HEADERS: Record<string, string> = {
  host: 'follows from the URL',
  'content-length': 'follows from the body',
  'content-type': 'is set by the profile',
  'transfer-encoding': 'belongs to the connection',
  connection: 'belongs to the connection',
  'keep-alive': 'belongs to the connection',
  upgrade: 'belongs to the connection',
  te: 'belongs to the connection',
  trailer: 'belongs to the connection',
  expect: 'belongs to the connection',
  'user-agent': 'names Posthorn',
  'accept-encoding': 'is set by Posthorn',
};
const FORBIDDEN_PREFIXES: Record<string, string> = {
  'webhook-': 'is reserved for the signature',
  'proxy-': 'belongs to proxies',
  'sec-': 'is reserved for browsers',
};

/** RFC 9110: a token, and visible characters with blanks between them. */
const HeaderName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'is not a header name');
const HeaderValue = z
  .string()
  .max(2_048, 'must be at most 2048 characters')
  .regex(
    /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/,
    'must be visible ASCII characters, with blanks only between them',
  );

/** Headers that a subscription adds to its deliveries. */
export const SubscriptionHeaders = z.record(z.string(), HeaderValue).superRefine((headers, context) => {
  const names = Object.keys(headers);
  if (names.length > 20) context.addIssue({ code: 'custom', message: 'must be at most 20 headers' });
  const seen = new Set<string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const reason =
      (Object.hasOwn(FORBIDDEN_HEADERS, lower) ? FORBIDDEN_HEADERS[lower] : undefined) ??
      Object.entries(FORBIDDEN_PREFIXES).find(([prefix]) => lower.startsWith(prefix))?.[1];
    if (!HeaderName.safeParse(name).success) {
      context.addIssue({ code: 'custom', path: [name], message: 'is not a header name: use letters, digits and -' });
    } else if (reason !== undefined) {
      context.addIssue({ code: 'custom', path: [name], message: `may not be set: it ${reason}` });
    } else if (seen.has(lower)) {
      context.addIssue({ code: 'custom', path: [name], message: 'is there twice; header names ignore case' });
    }
    seen.add(lower);
  }
});
