import type { ProfileDocument, SignatureScheme } from './profile.ts';
import { generateSigningKey, type SigningKey } from './signing.ts';

type Version = SigningKey['version'];

/** The version of the keys that a scheme signs with. */
export function signatureVersionOf({ algorithm }: Pick<SignatureScheme, 'algorithm'>): Version {
  return algorithm === 'ed25519' ? 'v1a' : 'v1';
}

/**
 * The versions of a subscription's keys without which a profile could not sign as it says: those that always sign. Where none
 * does, the only one there is; of several a subscription may choose.
 */
export function neededVersions({ signatures }: Pick<ProfileDocument, 'signatures'>): Version[] {
  const own = signatures.filter(({ key }) => key === 'subscription');
  const always = own.filter(({ when }) => when === 'always').map(signatureVersionOf);
  const known = new Set(own.map(signatureVersionOf));
  return [...(always.length > 0 || known.size > 1 ? new Set(always) : known)];
}

/** The versions of a subscription that names none. */
export function defaultVersions(document: Pick<ProfileDocument, 'signatures'>): Version[] {
  const needed = neededVersions(document);
  return needed.length > 0 ? needed : ['v1'];
}

/** Keys for a request that no subscription stands behind: the secret, if there is one, and a private key that is thrown away. */
export function throwawayKeys(document: Pick<ProfileDocument, 'signatures'>, secret: string | null): SigningKey[] {
  return defaultVersions(document).flatMap((version): SigningKey[] => {
    const material = version === 'v1' ? secret : generateSigningKey();
    return material === null ? [] : [{ version, material }];
  });
}
