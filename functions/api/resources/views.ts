import * as z from 'zod';
import { Attempt } from '../../core/delivery/attempt.ts';
import { type Delivery, DeliveryStatus } from '../../core/delivery/delivery.ts';
import { Environment } from '../../core/event/environment.ts';
import type { Event } from '../../core/event/event.ts';
import type { EventType } from '../../core/event/event-type.ts';
import { type RejectedEvent, RejectionReason } from '../../core/event/rejected-event.ts';
import { deliveryId } from '../../core/ids.ts';
import { ProfileDocument } from '../../core/profile/profile.ts';
import { SignatureVersion, type Subscription, SubscriptionStatus } from '../../core/subscription/subscription.ts';
import { AttemptError, AttemptOutcome, ReceiverResponse } from '../../core/target/webhook.ts';
import type { Tenant } from '../../core/tenant/tenant.ts';
import { encodeCursor } from '../http/cursor.ts';
import { JsonText } from '../http/json.ts';

/*
 * What callers see: each resource's schema, and how it is made from what is stored.
 */

const Timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC, milliseconds.' });
const Reason = z.object({ code: z.string(), message: z.string() });
const Json = z.unknown().meta({ description: 'Any JSON.' });

/** RFC 3339 in UTC with milliseconds. */
export const time = (at: number): string => new Date(at).toISOString();
const timeOrNull = (at: number | null): string | null => (at === null ? null : time(at));

export const TenantView = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    defaultProfile: z.string().nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Tenant' });

export function tenantView({ id, name, metadata, defaultProfile, createdAt, updatedAt }: Tenant) {
  return { id, name, metadata, defaultProfile, createdAt: time(createdAt), updatedAt: time(updatedAt) };
}

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
    headers: z.record(z.string(), z.string()),
    metadata: z.record(z.string(), z.string()),
    filter: Json.nullable(),
    expiresAt: Timestamp.nullable(),
    status: SubscriptionStatus,
    statusReason: Reason.extend({ at: Timestamp }).nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Subscription' });

export function subscriptionView(subscription: Subscription) {
  const {
    credentials,
    keys: _keys,
    verificationToken: _token,
    hasBeenVerified: _hasBeenVerified,
    revision: _revision,
    expiresAt,
    statusReason,
    createdAt,
    updatedAt,
    ...rest
  } = subscription;
  return {
    ...rest,
    hasCredentials: credentials !== null,
    expiresAt: timeOrNull(expiresAt),
    statusReason: statusReason === null ? null : { ...statusReason, at: time(statusReason.at) },
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  };
}

export const SecretView = z
  .object({
    secret: z.string().nullable().meta({ description: 'whsec_…, for v1 signatures (HMAC-SHA256).' }),
    publicKey: z
      .string()
      .nullable()
      .meta({ description: 'whpk_…, for v1a signatures (ed25519), if the subscription asks for them.' }),
    previous: z
      .array(z.object({ secret: z.string().nullable(), publicKey: z.string().nullable(), endsAt: Timestamp }))
      .meta({ description: 'Keys that still sign after a rotation, until they end.' }),
  })
  .meta({ id: 'Secret' });

export const EventView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    type: z.string(),
    environment: Environment,
    occurredAt: Timestamp,
    acceptedAt: Timestamp,
    data: Json,
  })
  .meta({ id: 'Event' });

export function eventView({ id, tenantId, type, environment, occurredAt, acceptedAt, data }: Event) {
  return {
    id,
    tenantId,
    type,
    environment,
    occurredAt: time(occurredAt),
    acceptedAt: time(acceptedAt),
    data: data === null ? null : new JsonText(data),
  };
}

export const AttemptView = Attempt.extend({ startedAt: Timestamp }).meta({ id: 'Attempt' });

export const DeliveryView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    eventId: z.string(),
    subscriptionId: z.string(),
    eventType: z.string(),
    profile: z.string(),
    profileVersion: z.int(),
    status: DeliveryStatus,
    statusReason: Reason.nullable(),
    createdAt: Timestamp,
    nextAttemptAt: Timestamp.nullable(),
    completedAt: Timestamp.nullable(),
    attempts: z.array(AttemptView),
  })
  .meta({ id: 'Delivery' });

export function deliveryView(delivery: Delivery) {
  const { tenantId, eventId, subscriptionId, eventType, status, statusReason, eventAt, nextAttemptAt, completedAt } =
    delivery;
  return {
    id: deliveryId(delivery),
    tenantId,
    eventId,
    subscriptionId,
    eventType,
    profile: delivery.profile,
    profileVersion: delivery.profileVersion,
    status,
    statusReason,
    createdAt: time(eventAt),
    nextAttemptAt: timeOrNull(nextAttemptAt),
    completedAt: timeOrNull(completedAt),
    attempts: delivery.attempts.map((attempt) => ({ ...attempt, startedAt: time(attempt.startedAt) })),
  };
}

export const EventTypeView = z
  .object({
    name: z.string(),
    description: z.string(),
    group: z.string().nullable(),
    schema: Json,
    validate: z.boolean(),
    example: Json,
    archived: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'EventType' });

export function eventTypeView({ schema, example, createdAt, updatedAt, revision: _revision, ...rest }: EventType) {
  return {
    ...rest,
    schema: schema === null ? null : new JsonText(schema),
    example: example === null ? null : new JsonText(example),
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  };
}

export const ProfileView = z
  .object({
    name: z.string(),
    version: z.int(),
    builtIn: z.boolean(),
    document: ProfileDocument,
    createdAt: Timestamp.nullable(),
    updatedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ProfileVersion' });

export function profileView({
  createdAt,
  updatedAt,
  ...rest
}: {
  name: string;
  version: number;
  builtIn: boolean;
  document: unknown;
  createdAt: number | null;
  updatedAt: number | null;
}) {
  return { ...rest, createdAt: timeOrNull(createdAt), updatedAt: timeOrNull(updatedAt) };
}

export const RejectedEventView = z
  .object({
    id: z.string(),
    tenantId: z.string().nullable(),
    rejectedAt: Timestamp,
    reason: RejectionReason,
    body: z.string().meta({ description: 'The message as it came.' }),
    bodyTruncated: z.boolean(),
  })
  .meta({ id: 'RejectedEvent' });

export function rejectedEventView({ rejectedAt, ...rest }: RejectedEvent) {
  return { ...rest, rejectedAt: time(rejectedAt) };
}

export const TestResultView = z
  .object({
    outcome: AttemptOutcome,
    durationMs: z.number(),
    response: ReceiverResponse.nullable(),
    error: AttemptError.nullable(),
  })
  .meta({ id: 'TestResult' });

/** The schema of a list of such resources. */
export const listOf = (view: z.ZodType) =>
  z.object({
    data: z.array(view),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it back as cursor to get the next page; null on the last one.' }),
  });

/** A page of a list. */
export function listBody(page: { next: string | null }, data: readonly unknown[]) {
  return { data, nextCursor: encodeCursor(page.next) };
}
