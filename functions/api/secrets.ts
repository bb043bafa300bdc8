import { randomBytes, randomInt } from 'node:crypto';
import type { Owner, Vault } from '../adapters/kms/vault.ts';
import type { ProfileDocument } from '../core/profile/profile.ts';
import { formatSecret, generateSigningKey, parseSecret, publicKeyOf } from '../core/profile/signing.ts';
import type { StoredKey, Subscription } from '../core/subscription/subscription.ts';
import { Text } from './http/fields.ts';
import { invalid } from './http/problem.ts';
import { time } from './resources/views.ts';

const SECRET_BYTES = 32;
/** As long as the secret that KeyPay publishes as its example, of the same characters: 190 bits. */
const TEXT_SECRET_LENGTH = 32;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A secret that the caller brings. Which ones are taken is the profile's to say. */
export const SecretInput = Text.min(1)
  .max(256)
  // A copied secret often carries a line end, which would sign every delivery with another key than the receiver has.
  .refine((text) => text === text.trim(), 'must not begin or end with blanks or line ends')
  .meta({
    description: 'With the standard profile whsec_ and base64 of 24 to 64 bytes. Generated if absent and required.',
  });

interface SecretDeps {
  vault: Vault;
  now: () => number;
}

/** A secret of letters and digits. */
export function generateTextSecret(): string {
  return Array.from({ length: TEXT_SECRET_LENGTH }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join('');
}

/** The secret of a subscription by its profile's rules; null if it has none. */
export function chooseSecret({ name, subscription }: ProfileDocument, brought: string | undefined): string | null {
  const { secret: use, secretFormat } = subscription;
  const refuse = (message: string) => invalid([{ path: '/secret', message }]);
  if (brought === undefined) {
    if (use !== 'required') return null;
    return secretFormat === 'whsec' ? formatSecret(randomBytes(SECRET_BYTES)) : generateTextSecret();
  }
  if (use === 'none') throw refuse(`is not used by the profile ${name}: leave it out`);
  if (secretFormat === 'whsec' && parseSecret(brought) === null) {
    throw refuse('must be whsec_ followed by base64 of 24 to 64 bytes; leave it out to have one generated');
  }
  return brought;
}

/** New keys, sealed: one for each version that has one. */
export async function makeKeys(
  { vault, now }: SecretDeps,
  owner: Owner,
  versions: readonly StoredKey['version'][],
  secret: string | null,
): Promise<StoredKey[]> {
  const keys = versions.map((version) => ({ version, material: version === 'v1' ? secret : generateSigningKey() }));
  return Promise.all(
    keys.flatMap(({ version, material }) =>
      material === null
        ? []
        : [
            vault
              .seal(material, owner)
              .then((sealed): StoredKey => ({ version, sealed, createdAt: now(), endsAt: null })),
          ],
    ),
  );
}

/** A subscription's keys as its owner sees them: the secret of v1, the public half of v1a. */
export async function revealSecret({ vault, now }: SecretDeps, subscription: Subscription) {
  const owner = { tenantId: subscription.tenantId, subscriptionId: subscription.id };
  const reveal = async ({ version, sealed }: StoredKey) => {
    const material = await vault.open(sealed, owner);
    return {
      secret: version === 'v1' ? material : null,
      publicKey: version === 'v1a' ? publicKeyOf(material) : null,
    };
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
