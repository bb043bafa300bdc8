import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The canary's signing secret follows from the admin key, so that it is kept nowhere: whoever has the key may read every secret
 * anyway.
 */
export function secretOf(adminKey: string): string {
  return `whsec_${createHmac('sha256', adminKey).update('posthorn canary').digest('base64')}`;
}

/** By which a subscription tells whether it has this secret. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}

/** As Standard Webhooks asks of receivers. */
const TOLERANCE_SECONDS = 300;

/**
 * Verifies a webhook as its specification tells receivers to, with no code of the sender's: a fault of the signing must not hide itself.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function isSigned(
  secrets: readonly string[],
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
  now: number,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (id === undefined || timestamp === undefined || signatures === undefined) return false;
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= TOLERANCE_SECONDS)) return false;
  const given = signatures.split(' ').map((one) => Buffer.from(one));
  return secrets.some((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const expected = Buffer.from(
      `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
    );
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
}
