import * as z from 'zod';
import { Environment } from '../../core/event/environment.ts';
import { MaxConcurrent, MaxPerSecond } from '../../core/profile/limits.ts';
import { healthOf, LastFailure } from '../../core/subscription/health.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { hideValues } from '../../core/subscription/own-headers.ts';
import {
  previousKeysEnd,
  SignatureVersion,
  type Subscription,
  SubscriptionStatus,
} from '../../core/subscription/subscription.ts';
import { SubscriptionPatch } from '../../core/subscription/subscription-input.ts';
import { taggedAnswer } from '../http/route.ts';
import { Json, Reason, Timestamp } from './values.ts';

const HealthView = z
  .object({
    state: z.enum(['healthy', 'failing', 'breaker_open']).meta({
      description:
        'failing: its last attempt failed. breaker_open: so many failed in a row that deliveries wait; one attempt at a time asks whether the receiver is back.',
    }),
    since: Timestamp.nullable().meta({ description: 'The first failure after the last success.' }),
    failures: z.int().meta({ description: 'Failed attempts in a row.' }),
    lastFailure: LastFailure.extend({ at: Timestamp }).nullable(),
    nextProbeAt: Timestamp.nullable(),
  })
  .meta({ id: 'SubscriptionHealth' });

export const SubscriptionView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    name: z.string().nullable(),
    url: z
      .string()
      .meta({ description: 'Without user name and password; whether it has them is told by hasCredentials.' }),
    hasCredentials: z.boolean(),
    eventTypes: z.array(z.string()),
    environment: Environment,
    profile: z.string(),
    signatureVersions: z.array(SignatureVersion),
    headers: z.record(z.string(), z.string()).meta({
      description:
        'Its own headers. Their values are shown as [redacted] unless a full key asks for them with show=headers.',
    }),
    metadata: z.record(z.string(), z.string()),
    filter: Json.nullable(),
    maxPerSecond: MaxPerSecond.nullable(),
    maxConcurrent: MaxConcurrent.nullable(),
    expiresAt: Timestamp.nullable(),
    previousSecretEndsAt: Timestamp.nullable().meta({
      description: 'Until when a secret that was rotated away signs beside the present one. It may be over.',
    }),
    status: SubscriptionStatus,
    statusReason: Reason.extend({ at: Timestamp }).nullable(),
    health: HealthView,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Subscription' });

/** Those of a subscription's view that a request can change. */
export const AUDITED_OF_SUBSCRIPTION = [
  ...SubscriptionPatch.keyof().options,
  'hasCredentials',
  'status',
  'statusReason',
] as const satisfies (keyof z.infer<typeof SubscriptionView>)[];

/** @param headers its own headers with their values in the clear, for callers who may see them */
export function subscriptionView(subscription: Subscription, headers: Record<string, string> | null = null) {
  return SubscriptionView.parse({
    ...subscription,
    headers: headers ?? hideValues(subscription.headers),
    hasCredentials: subscription.credentials !== null,
    previousSecretEndsAt: previousKeysEnd(subscription),
    health: healthView(subscription),
  });
}

function healthView(subscription: Subscription) {
  const { failing, breaker } = healthOf(subscription);
  const isOpen = breaker.state === 'open';
  return {
    state: isOpen ? 'breaker_open' : failing === null ? 'healthy' : 'failing',
    since: failing?.since ?? null,
    failures: failing?.failures ?? 0,
    lastFailure: failing?.lastFailure ?? null,
    nextProbeAt: isOpen ? breaker.nextProbeAt : null,
  };
}

/** The answer that is one subscription. */
export const ONE_SUBSCRIPTION = { 200: { description: 'The subscription.', schema: SubscriptionView } };

/** What the audit trail is shown of a subscription that a request changes. */
export const showsOf = (
  subscriptions: Pick<Subscriptions, 'read'>,
  members: readonly string[] = AUDITED_OF_SUBSCRIPTION,
) => ({
  members,
  before: async (params: { tenantId: string; subscriptionId: string }) =>
    taggedAnswer(200, await subscriptions.read(params), subscriptionView),
});
