import type { Event } from '../event/event.ts';
import type { Profile, ProfileKeys } from '../profile/compile-profile.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import { matchesStatus } from '../profile/retry-policy.ts';
import type { SigningKey } from '../profile/signing.ts';
import { openHeaders } from '../subscription/own-headers.ts';
import { type Subscription, signingKeys } from '../subscription/subscription.ts';
import type { NotSent, WebhookRequest, WebhookResult, WebhookSender } from '../target/webhook.ts';
import { type Opener, tenantKeyOwner } from '../vault.ts';
import type { Attempt } from './attempt.ts';
import type { Delivery, MadeAttempt } from './delivery.ts';
import { attemptTimeoutMs, renderRequest } from './render-request.ts';

export interface TenantKeys {
  /** The tenant's signing key, sealed; null if it has none. */
  getTenantKey(tenantId: string): Promise<string | null>;
}

export interface AttemptDeps {
  store: TenantKeys;
  sender: WebhookSender;
  opener: Opener;
  attemptTimeoutMs: number;
  userAgent: string;
  now: () => number;
}

/** Builds the request that the profile says, sends it, and judges the answer as the profile says. An attempt that was not sent is none. */
export async function makeAttempt(
  deps: AttemptDeps,
  profile: Profile,
  delivery: Delivery,
  subscription: Subscription,
  event: Event & { data: string },
  trigger: Attempt['trigger'],
): Promise<MadeAttempt | NotSent> {
  const renderedAt = deps.now();
  const number = (delivery.attempts.at(-1)?.number ?? 0) + 1;
  const credentials =
    subscription.credentials === null ? null : await open(deps, subscription, subscription.credentials);
  const { body, headers, shownHeaders } = renderRequest(profile, {
    event,
    subscription,
    ref: delivery,
    attempt: number,
    at: renderedAt,
    keys: await openKeys(deps, profile, subscription, renderedAt),
    userAgent: deps.userAgent,
    ownHeaders: await openHeaders(deps.opener, subscription),
    credentials,
  });
  const request: WebhookRequest = {
    url: subscription.url,
    headers,
    body,
    timeoutMs: attemptTimeoutMs(profile, deps.attemptTimeoutMs),
  };
  const sent = await deps.sender.send(request);
  if (sent.outcome === 'not_sent') return sent;
  const result = judge(sent, profile.document);
  // Later than it was rendered if it waited for a connection.
  const startedAt = Math.max(renderedAt, deps.now() - result.durationMs);
  return { trigger, startedAt, result, request: { url: subscription.url, headers: shownHeaders } };
}

/** What counts as success is the profile's to say. */
export function judge(result: WebhookResult, { responses }: ProfileDocument): WebhookResult {
  if (result.response === null || (result.outcome !== 'success' && result.outcome !== 'http_error')) return result;
  const { status } = result.response;
  const succeeded = matchesStatus(responses.success, status);
  if (succeeded === (result.outcome === 'success')) return result;
  if (succeeded) return { ...result, outcome: 'success', error: null };
  const message = `The receiver answered with status ${status}, which does not mean success here.`;
  return { ...result, outcome: 'http_error', error: { code: 'http_status', message } };
}

async function openKeys(
  deps: AttemptDeps,
  profile: Profile,
  subscription: Subscription,
  now: number,
): Promise<ProfileKeys> {
  const { tenantId } = subscription;
  const keys = await Promise.all(
    signingKeys(subscription, now).map(
      async ({ version, sealed }): Promise<SigningKey> => ({
        version,
        material: await open(deps, subscription, sealed),
      }),
    ),
  );
  if (!profile.usesTenantKey) return { subscription: keys, tenant: null };
  const sealed = await deps.store.getTenantKey(tenantId);
  // Made with the tenant's first subscription that needs it: to send unsigned instead would be worse than to fail.
  if (sealed === null) throw new Error(`the tenant ${tenantId} has no signing key`);
  return { subscription: keys, tenant: await deps.opener.open(sealed, tenantKeyOwner(tenantId)) };
}

function open(deps: AttemptDeps, { tenantId, id }: Subscription, sealed: string): Promise<string> {
  return deps.opener.open(sealed, { tenantId, subscriptionId: id });
}
