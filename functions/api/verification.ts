import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ProfileDocument } from '../core/profile/profile.ts';
import type { StatusReason, Subscription } from '../core/subscription/subscription.ts';
import type { WebhookResult } from '../core/target/webhook.ts';
import type { ApiDeps } from './http/route.ts';

/** What a handshake leaves a subscription as. */
type Verified = Pick<Subscription, 'status' | 'statusReason' | 'verificationToken'>;

interface Target {
  owner: { tenantId: string; subscriptionId: string };
  /** With user name and password, if it has them. */
  url: string;
  headers: Record<string, string>;
}

const ACTIVE: Verified = { status: 'active', statusReason: null, verificationToken: null };

/**
 * Asks the receiver, as the profile says, whether it wants to be one. Whoever does not agree is left unverified: it gets
 * no events, and the reason says what was missing.
 */
export async function verifyReceiver(
  deps: ApiDeps,
  { verification }: ProfileDocument,
  target: Target,
): Promise<Verified> {
  switch (verification) {
    case 'none':
      return ACTIVE;
    case 'x-hook-secret':
      return offerSecret(deps, target);
    case 'ms-echo':
      return askForEcho(deps, target);
    case 'cloudevents':
      return askForPermission(deps, target);
    default:
      return verification satisfies never;
  }
}

/**
 * X-Hook-Secret (resthooks.org/docs/security): sent back at once it activates; otherwise the receiver may send it later,
 * to POST …/subscriptions/{id}/verify.
 */
async function offerSecret(deps: ApiDeps, target: Target): Promise<Verified> {
  const token = randomBytes(24).toString('base64url');
  const result = await ask(deps, target, 'POST', target.url, { 'x-hook-secret': token }, 'x-hook-secret');
  if (isSuccess(result) && result.response?.headers['x-hook-secret'] === token) return ACTIVE;
  const message = isSuccess(result)
    ? 'The receiver answered without X-Hook-Secret. It can confirm with POST …/verify and the secret that it was sent.'
    : `The receiver did not send X-Hook-Secret back. ${complaint(result)}`;
  return { ...unverified(deps, message), verificationToken: await deps.vault.seal(token, target.owner) };
}

/** Microsoft.AspNet.WebHooks: GET with echo in place of the query; the answer must be just that. The parameter `noecho` skips it. */
async function askForEcho(deps: ApiDeps, target: Target): Promise<Verified> {
  if (/[?&]noecho(?:[=&#]|$)/i.test(target.url)) return ACTIVE;
  const echo = randomBytes(16).toString('hex');
  const url = `${target.url.split('?', 1)[0]}?echo=${echo}`;
  const result = await ask(deps, target, 'GET', url, {});
  if (isSuccess(result) && result.response?.body === echo) return ACTIVE;
  const message = isSuccess(result)
    ? 'The receiver answered GET with something else than the value of "echo".'
    : complaint(result);
  return unverified(deps, message);
}

/** CloudEvents HTTP Webhooks 1.0 §4: consent is the header, whatever the status. */
async function askForPermission(deps: ApiDeps, target: Target): Promise<Verified> {
  const result = await ask(
    deps,
    target,
    'OPTIONS',
    target.url,
    { 'webhook-request-origin': ORIGIN },
    'webhook-allowed-origin',
  );
  const allowed = result.response?.headers['webhook-allowed-origin']?.trim();
  if (allowed === '*' || allowed === ORIGIN) return ACTIVE;
  const message =
    allowed === undefined
      ? `The receiver answered OPTIONS without WebHook-Allowed-Origin. ${complaint(result)}`
      : `The receiver allows the origin ${allowed}, not ${ORIGIN}.`;
  return unverified(deps, message);
}

/** How Posthorn names itself to CloudEvents receivers. */
const ORIGIN = 'posthorn';

/** Whether this is what the receiver was sent. */
export async function isVerificationToken(deps: ApiDeps, subscription: Subscription, given: string): Promise<boolean> {
  if (subscription.verificationToken === null) return false;
  const owner = { tenantId: subscription.tenantId, subscriptionId: subscription.id };
  const token = Buffer.from(await deps.vault.open(subscription.verificationToken, owner));
  const other = Buffer.from(given);
  return token.length === other.length && timingSafeEqual(token, other);
}

function ask(
  deps: ApiDeps,
  { headers }: Target,
  method: 'POST' | 'GET' | 'OPTIONS',
  url: string,
  own: Record<string, string>,
  keep?: string,
): Promise<WebhookResult> {
  return deps.sender.send({
    method,
    url,
    headers: { ...headers, 'user-agent': deps.userAgent, ...own },
    body: '',
    timeoutMs: deps.attemptTimeoutMs,
    ...(keep === undefined ? {} : { alsoKeep: [keep] }),
  });
}

function isSuccess({ outcome }: WebhookResult): boolean {
  return outcome === 'success';
}

function complaint({ error }: WebhookResult): string {
  return error?.message ?? '';
}

function unverified(deps: ApiDeps, message: string): Verified {
  const statusReason: StatusReason = { code: 'unverified', message: message.trim(), at: deps.now() };
  return { status: 'unverified', statusReason, verificationToken: null };
}
