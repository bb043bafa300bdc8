import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ProfileDocument } from '../profile/profile.ts';
import type { ReceiverResponse, WebhookSender } from '../target/webhook.ts';
import { type Owner, subscriptionOwner, type Vault } from '../vault.ts';
import type { StatusReason, Subscription } from './subscription.ts';

/** What a handshake leaves a subscription as. */
export type Verified = Pick<Subscription, 'status' | 'statusReason' | 'verificationToken'>;

/**
 * The subscription with what its receiver answered. Only a resume ends a pause: consent returns to what a verification
 * has interrupted, however often the receiver was asked.
 */
export function concludeVerification(subscription: Subscription, verified: Verified): Subscription {
  const { status, statusReason } = subscription;
  const stopped = status === 'paused' || status === 'disabled' ? { status, statusReason } : null;
  const interrupted = status === 'unverified' ? subscription.interrupted : stopped;
  return verified.status === 'active'
    ? { ...subscription, ...verified, ...interrupted, interrupted: null, hasBeenVerified: true }
    : { ...subscription, ...verified, interrupted };
}

/** Whom a handshake is made with. */
export interface Handshake {
  owner: Owner;
  /** With user name and password, if it has them. */
  url: string;
  headers: Record<string, string>;
}

export interface ReceiverVerification {
  ask(profile: ProfileDocument, handshake: Handshake): Promise<Verified>;
  /** Whether a text is what the receiver was sent. */
  isToken(subscription: Subscription, given: string): Promise<boolean>;
}

export interface VerificationPorts {
  sender: WebhookSender;
  vault: Vault;
  attemptTimeoutMs: number;
  userAgent: string;
  now: () => number;
}

export function createReceiverVerification(ports: VerificationPorts): ReceiverVerification {
  return {
    ask: (profile, handshake) => ask(ports, profile, handshake),
    isToken: (subscription, given) => isToken(ports, subscription, given),
  };
}

const ACTIVE: Verified = { status: 'active', statusReason: null, verificationToken: null };

/**
 * Asks the receiver, as the profile says, whether it wants to be one. A receiver that does not agree leaves its
 * subscription unverified, and the reason says what was missing.
 */
async function ask(deps: VerificationPorts, { verification }: ProfileDocument, target: Handshake): Promise<Verified> {
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
 * X-Hook-Secret (resthooks.org/docs/security): a receiver that sends it back is active. It may also send it later, to
 * POST …/subscriptions/{id}/verify.
 */
async function offerSecret(deps: VerificationPorts, target: Handshake): Promise<Verified> {
  const token = randomBytes(24).toString('base64url');
  const result = await send(deps, target, 'POST', target.url, { 'x-hook-secret': token }, 'x-hook-secret');
  if (result === null) return unverified(deps, NOT_ASKED);
  if (result.succeeded && result.response?.headers['x-hook-secret'] === token) return ACTIVE;
  const message = result.succeeded
    ? 'The receiver answered without X-Hook-Secret. It can confirm with POST …/verify and the secret that it was sent.'
    : `The receiver did not send X-Hook-Secret back. ${result.complaint}`;
  return { ...unverified(deps, message), verificationToken: await deps.vault.seal(token, target.owner) };
}

/** Microsoft.AspNet.WebHooks: GET with echo in place of the query; the answer must be just that. The parameter `noecho` skips it. */
async function askForEcho(deps: VerificationPorts, target: Handshake): Promise<Verified> {
  if (/[?&]noecho(?:[=&#]|$)/i.test(target.url)) return ACTIVE;
  const echo = randomBytes(16).toString('hex');
  const url = `${target.url.split('?', 1)[0]}?echo=${echo}`;
  const result = await send(deps, target, 'GET', url, {});
  if (result === null) return unverified(deps, NOT_ASKED);
  if (result.succeeded && result.response?.body === echo) return ACTIVE;
  const message = result.succeeded
    ? 'The receiver answered GET with something else than the value of "echo".'
    : result.complaint;
  return unverified(deps, message);
}

/** CloudEvents HTTP Webhooks 1.0 §4: consent is the header, whatever the status. */
async function askForPermission(deps: VerificationPorts, target: Handshake): Promise<Verified> {
  const result = await send(
    deps,
    target,
    'OPTIONS',
    target.url,
    { 'webhook-request-origin': ORIGIN },
    'webhook-allowed-origin',
  );
  if (result === null) return unverified(deps, NOT_ASKED);
  const allowed = result.response?.headers['webhook-allowed-origin']?.trim();
  if (allowed === '*' || allowed === ORIGIN) return ACTIVE;
  const message =
    allowed === undefined
      ? `The receiver answered OPTIONS without WebHook-Allowed-Origin. ${result.complaint}`
      : `The receiver allows the origin ${allowed}, not ${ORIGIN}.`;
  return unverified(deps, message);
}

/** How Posthorn names itself to CloudEvents receivers. */
const ORIGIN = 'posthorn';

async function isToken(deps: VerificationPorts, subscription: Subscription, given: string): Promise<boolean> {
  if (subscription.verificationToken === null) return false;
  const token = Buffer.from(await deps.vault.open(subscription.verificationToken, subscriptionOwner(subscription)));
  const other = Buffer.from(given);
  return token.length === other.length && timingSafeEqual(token, other);
}

/** What came of a handshake that was sent. `complaint` is for a person; empty if there is none. */
interface Answer {
  succeeded: boolean;
  response: ReceiverResponse | null;
  complaint: string;
}

async function send(
  deps: VerificationPorts,
  { headers }: Handshake,
  method: 'POST' | 'GET' | 'OPTIONS',
  url: string,
  own: Record<string, string>,
  keep?: string,
): Promise<Answer | null> {
  const result = await deps.sender.send({
    method,
    url,
    headers: { ...headers, 'user-agent': deps.userAgent, ...own },
    body: '',
    timeoutMs: deps.attemptTimeoutMs,
    ...(keep === undefined ? {} : { alsoKeep: [keep] }),
  });
  if (result.outcome === 'not_sent') return null;
  const { outcome, response, error } = result;
  return { succeeded: outcome === 'success', response, complaint: error?.message ?? '' };
}

const NOT_ASKED = 'The receiver could not be asked: all connections to it are busy. Ask it again with POST …/verify.';

function unverified(deps: VerificationPorts, message: string): Verified {
  const statusReason: StatusReason = { code: 'unverified', message: message.trim(), at: deps.now() };
  return { status: 'unverified', statusReason, verificationToken: null };
}
