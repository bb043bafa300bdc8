import type { EventStore } from '../event/event-store.ts';
import type { CompiledProfile } from '../profile/compile-profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { notFound, Refusal } from '../refusal.ts';
import { type StoredKey, type Subscription, versionsFor } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { type Opener, subscriptionOwner, tenantKeyOwner } from '../vault.ts';
import type { Attempt } from './attempt.ts';
import { endedAttempts } from './claim.ts';
import type { Delivery } from './delivery.ts';
import { renderRequest } from './render-request.ts';

/** The request of an attempt, as its receiver got it. */
export interface SentRequest {
  url: string;
  /** Those on record: without credentials, and with the names alone of the subscription's own. */
  headers: Record<string, string>;
  body: string;
  /** Whether a signature on record was made of this body: then it is the very one that was sent. */
  proven: boolean;
}

export interface SentRequestPorts {
  events: Pick<EventStore, 'getEvent'>;
  subscriptions: Pick<SubscriptionStore, 'getSubscription'>;
  tenants: Pick<TenantStore, 'getTenantKey'>;
  profiles: ProfileSource;
  opener: Opener;
}

/** How long before it left a request may have been made: it waits for a connection, and its time is part of it. */
const LONGEST_WAIT_SECONDS = 30;

/**
 * Bodies are not kept: one is made again of the event, by the profile's version that the delivery has, with the attempt's
 * number and time. What else is in it can have changed (the webhook's name and metadata), so the signature that was
 * sent is made again, too.
 */
export async function readSentRequest(
  ports: SentRequestPorts,
  delivery: Delivery,
  number: number,
): Promise<SentRequest | Refusal> {
  const attempt = endedAttempts(delivery).find((one) => one.number === number);
  if (attempt === undefined) return notFound('attempt');
  const { tenantId, subscriptionId, eventId } = delivery;
  const [event, subscription, profile] = await Promise.all([
    ports.events.getEvent(tenantId, eventId),
    ports.subscriptions.getSubscription(tenantId, subscriptionId),
    ports.profiles.get(delivery.profile, delivery.profileVersion),
  ]);
  if (event === null)
    return new Refusal('conflict', 'Its event is not on record any more, so its body cannot be shown.');
  if (event.data === null)
    return new Refusal('conflict', 'The data of its event was expunged, so its body cannot be shown.');
  if (profile === null) return new Refusal('conflict', 'Its profile was deleted, so its body cannot be shown.');
  const { name, metadata } = subscription ?? { name: null, metadata: {} };
  const keys = await openKeys(ports, profile, tenantId, subscription, attempt.startedAt);
  const renderAt = (at: number) =>
    renderRequest(profile, {
      event: { ...event, data: event.data ?? '' },
      subscription: { id: subscriptionId, name, metadata, url: attempt.request.url },
      ref: delivery,
      attempt: number,
      at,
      keys,
      userAgent: '',
    });
  const { url, headers } = attempt.request;
  const first = renderAt(attempt.startedAt);
  for (let seconds = 0; seconds <= LONGEST_WAIT_SECONDS; seconds += 1) {
    const rendered = seconds === 0 ? first : renderAt(attempt.startedAt - seconds * 1_000);
    if (isSignedAs(profile, rendered.headers, attempt)) return { url, headers, body: rendered.body, proven: true };
    // Its time is not in it: an earlier one makes no difference.
    if (seconds > 0 && JSON.stringify(rendered) === JSON.stringify(first)) break;
  }
  return { url, headers, body: first.body, proven: false };
}

/** Whether every signature of the profile is the one on record; false if there is none. */
function isSignedAs({ document }: CompiledProfile, made: Record<string, string>, { request }: Attempt): boolean {
  const signed = document.signatures
    .map(({ header }) => header)
    .filter((header) => request.headers[header] !== undefined);
  return signed.length > 0 && signed.every((header) => request.headers[header] === made[header]);
}

/** The keys that signed then, as far as they are still kept. */
async function openKeys(
  { opener, tenants }: SentRequestPorts,
  profile: CompiledProfile,
  tenantId: string,
  subscription: Subscription | null,
  at: number,
) {
  const versions = subscription === null ? [] : versionsFor(subscription, profile.document.name);
  const signedThen = ({ version, createdAt, endsAt }: StoredKey): boolean =>
    versions.includes(version) && createdAt <= at && (endsAt === null || endsAt > at);
  const open = async ({ version, sealed }: StoredKey) => ({
    version,
    material: await opener.open(sealed, subscriptionOwner({ tenantId, id: subscription?.id ?? '' })),
  });
  const sealed = profile.usesTenantKey ? await tenants.getTenantKey(tenantId) : null;
  return {
    subscription: await Promise.all((subscription?.keys ?? []).filter(signedThen).map(open)),
    tenant: sealed === null ? null : await opener.open(sealed, tenantKeyOwner(tenantId)),
  };
}
