import { randomBytes, randomInt } from 'node:crypto';
import { invalidField, type Refusal } from '../refusal.ts';
import { Text } from '../text-fields.ts';
import type { ProfileDocument } from './profile.ts';
import { formatSecret, parseSecret, type SigningKey } from './signing.ts';

const SECRET_BYTES = 32;
/** As long as the secret that KeyPay publishes as its example, of the same characters: 190 bits. */
const TEXT_SECRET_LENGTH = 32;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A secret that the caller brings. The profile says which ones it takes. */
export const SecretInput = Text.min(1)
  .max(256)
  // A copied secret often carries a line end, which would sign every delivery with another key than the receiver has.
  .refine((text) => text === text.trim(), 'must not begin or end with blanks or line ends')
  .meta({
    pattern: '^\\S(?:[\\s\\S]*\\S)?$',
    description: 'With the standard profile whsec_ and base64 of 24 to 64 bytes. Generated if absent and required.',
  });

/** A secret of letters and digits. */
export function generateTextSecret(): string {
  return Array.from({ length: TEXT_SECRET_LENGTH }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join('');
}

/**
 * The secret of a subscription by its profile's rules; null if it has none.
 * @param versions of the keys that it signs with
 */
export function chooseSecret(
  { name, subscription }: ProfileDocument,
  brought: string | undefined,
  versions: readonly SigningKey['version'][],
): string | null | Refusal {
  const { secret: use, secretFormat } = subscription;
  if (brought !== undefined && use !== 'none' && !versions.includes('v1'))
    return invalidField('/secret', 'would sign nothing: v1 is not among the signature versions. Leave it out');
  if (brought === undefined) return use === 'required' ? generateSecret(secretFormat) : null;
  if (use === 'none') return invalidField('/secret', `is not used by the profile ${name}: leave it out`);
  if (secretFormat === 'whsec' && parseSecret(brought) === null) {
    const message = 'must be whsec_ followed by base64 of 24 to 64 bytes; leave it out to have one generated';
    return invalidField('/secret', message);
  }
  return brought;
}

export function generateSecret(format: ProfileDocument['subscription']['secretFormat']): string {
  return format === 'whsec' ? formatSecret(randomBytes(SECRET_BYTES)) : generateTextSecret();
}

/** What a profile signs with before there is a subscription: a secret that is thrown away, or null if it needs none. */
export function throwawaySecret({ subscription }: ProfileDocument): string | null {
  return subscription.secret === 'required' ? generateSecret(subscription.secretFormat) : null;
}
