import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Owner, Vault } from '../adapters/vault.ts';
import { formatSecret, generateSigningKey, parseSecret, publicKeyOf } from '../core/signing.ts';
import type { StoredKey, Subscription } from '../core/subscription.ts';
import { time } from './views.ts';

const SECRET_BYTES = 32;

/** A secret that the caller brings. */
export const SecretInput = z
  .string()
  .refine(
    (text) => parseSecret(text) !== null,
    'must be whsec_ followed by base64 of 24 to 64 bytes; leave it out to have one generated',
  )
  .meta({ description: 'whsec_ and base64 of 24 to 64 bytes; generated if absent.' });

interface SecretDeps {
  vault: Vault;
  now: () => number;
}

/** New keys, sealed: one for each version. */
export function makeKeys(
  { vault, now }: SecretDeps,
  owner: Owner,
  versions: readonly StoredKey['version'][],
  secret: string | undefined,
): Promise<StoredKey[]> {
  return Promise.all(
    versions.map(async (version) => ({
      version,
      sealed: await vault.seal(
        version === 'v1' ? (secret ?? formatSecret(randomBytes(SECRET_BYTES))) : generateSigningKey(),
        owner,
      ),
      createdAt: now(),
      endsAt: null,
    })),
  );
}

/** A subscription's keys as its owner sees them: the secret of v1, the public half of v1a. */
export async function revealSecret({ vault, now }: SecretDeps, subscription: Subscription) {
  const owner = { tenantId: subscription.tenantId, subscriptionId: subscription.id };
  const reveal = async ({ version, sealed }: StoredKey) => {
    const material = await vault.open(sealed, owner);
    return { secret: version === 'v1' ? material : null, publicKey: version === 'v1a' ? publicKeyOf(material) : null };
  };
  const current = await Promise.all(subscription.keys.filter(({ endsAt }) => endsAt === null).map(reveal));
  const previous = subscription.keys.filter(
    (key): key is StoredKey & { endsAt: number } => key.endsAt !== null && key.endsAt > now(),
  );
  return {
    secret: current.find(({ secret }) => secret !== null)?.secret ?? null,
    publicKey: current.find(({ publicKey }) => publicKey !== null)?.publicKey ?? null,
    previous: await Promise.all(previous.map(async (key) => ({ ...(await reveal(key)), endsAt: time(key.endsAt) }))),
  };
}
