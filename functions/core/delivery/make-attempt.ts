import type { CompiledProfile, ProfileKeys } from '../profile/compile-profile.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import { matchesStatus } from '../profile/retry-policy.ts';
import type { SigningKey } from '../profile/signing.ts';
import { openHeaders } from '../subscription/own-headers.ts';
import { type Subscription, signingKeys, versionsFor } from '../subscription/subscription.ts';
import type { WebhookResult, WebhookSender } from '../target/webhook.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { type Opener, tenantKeyOwner } from '../vault.ts';
import type { Admitted } from './admit.ts';
import { attemptNumber, type BegunAttempt } from './claim.ts';
import { attemptTimeoutMs, renderRequest } from './render-request.ts';
import type { MadeAttempt } from './settle.ts';

export interface AttemptDeps {
  store: Pick<TenantStore, 'getTenantKey'>;
  sender: WebhookSender;
  opener: Opener;
  attemptTimeoutMs: number;
  userAgent: string;
  now: () => number;
}

/**
 * Builds the request that the profile says, sends it, and judges the answer as the profile says. Null if it was not sent:
 * all our connections to the receiver stayed busy.
 * @param maxWaitMs how long it may wait for one of them
 */
export async function makeAttempt(
  deps: AttemptDeps,
  { delivery, subscription, event, profile }: Omit<Admitted, 'health' | 'isProbe'>,
  begun: BegunAttempt,
  maxWaitMs: number,
): Promise<MadeAttempt | null> {
  const at = begun.startedAt;
  const credentials =
    subscription.credentials === null ? null : await open(deps, subscription, subscription.credentials);
  const { body, headers, shownHeaders } = renderRequest(profile, {
    event,
    subscription,
    ref: delivery,
    attempt: attemptNumber(delivery, begun.id),
    at,
    keys: await openKeys(deps, profile, subscription, at),
    userAgent: deps.userAgent,
    ownHeaders: await openHeaders(deps.opener, subscription),
    credentials,
  });
  const timeoutMs = attemptTimeoutMs(profile, deps.attemptTimeoutMs);
  const sent = await deps.sender.send({ url: subscription.url, headers, body, timeoutMs, maxWaitMs });
  if (sent.outcome === 'not_sent') return null;
  const result = judge(sent, profile.document);
  // Its time starts when the request can leave.
  const startedAt = Math.max(at, deps.now() - Math.round(result.durationMs));
  const request = { url: subscription.url, headers: shownHeaders };
  const { traceparent } = event;
  return { ...begun, startedAt, request, result, traceparent, generation: subscription.generation };
}

/** What counts as success is the profile's to say. */
export function judge(result: WebhookResult, { responses }: ProfileDocument): WebhookResult {
  if (result.response === null || (result.outcome !== 'success' && result.outcome !== 'http_error')) return result;
  const { status } = result.response;
  const succeeded = matchesStatus(responses.success, status);
  const isJudgedSo = succeeded === (result.outcome === 'success');
  if (succeeded) return isJudgedSo ? result : { ...result, outcome: 'success', error: null };
  // The sender knows no profile, and explains such a status by the usual one: 2xx.
  const isExplained = result.error?.code !== 'http_status' || responses.success.join() === '2xx';
  if (isJudgedSo && isExplained) return result;
  const message = `The receiver answered with status ${status}. Only ${responses.success.join(', ')} means success.`;
  return { ...result, outcome: 'http_error', error: { code: 'http_status', message } };
}

async function openKeys(
  deps: AttemptDeps,
  profile: CompiledProfile,
  subscription: Subscription,
  now: number,
): Promise<ProfileKeys> {
  const { tenantId } = subscription;
  const signatureVersions = versionsFor(subscription, profile.document.name);
  const keys = await Promise.all(
    signingKeys({ keys: subscription.keys, signatureVersions }, now).map(
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
