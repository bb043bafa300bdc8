import { createPublicKey, verify } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { vi } from 'vitest';
import type { ReceivedRequest } from './client.ts';

/**
 * Verifies a request as a receiver does, with both public packages. They compare its timestamp with the present, which
 * the test clock may have moved: so they are told that it is the moment of arrival. Throws if either refuses.
 */
export function verifyWithPackages(request: ReceivedRequest, secret: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: request.receivedAt });
  try {
    new StandardWebhook(secret).verify(request.body, request.headers);
    new SvixWebhook(secret).verify(request.body, request.headers);
  } finally {
    vi.useRealTimers();
  }
}

export function isVerified(request: ReceivedRequest, secret: string): boolean {
  try {
    verifyWithPackages(request, secret);
    return true;
  } catch {
    return false;
  }
}

/** Standard Webhooks 1.0, asymmetric: ed25519 over `id.timestamp.body`, checked with node:crypto. */
export function verifyV1a({ headers, body }: ReceivedRequest, publicKey: string): boolean {
  const x = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  return signatures(headers, 'v1a').some((signature) => verify(null, content, key, Buffer.from(signature, 'base64')));
}

export function signatures(headers: Record<string, string>, version: string): string[] {
  return (headers['webhook-signature'] ?? '')
    .split(' ')
    .filter((one) => one.startsWith(`${version},`))
    .map((one) => one.slice(version.length + 1));
}
