import type { JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import type { Principal } from '../../core/access/principal.ts';
import { personOf, type SignIn } from '../../core/access/sign-in.ts';

/** What anybody can make who knows the public key, or no key at all, is not among them. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const DISCOVERY_MS = 5_000;

/** Says nothing about the token that was to be looked at. */
export class ProviderAwayError extends Error {
  readonly code = 'provider_away';
  constructor(cause: unknown) {
    super('the sign-in provider did not give its keys', { cause });
  }
}

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * Finds out whom an ID token of the company's provider speaks of. The provider's keys are read when the first token comes and
 * kept; a token whose key is not among them makes them be read again, at most every 30 seconds. Null for a token that does not
 * count. Throws ProviderAwayError if the provider does not give its keys.
 */
export function createFindPerson(signIn: SignIn, now: () => number): (text: string) => Promise<Principal | null> {
  let keys: Promise<JWTVerifyGetKey> | null = null;

  async function readKeys(): Promise<JWTVerifyGetKey> {
    const { createRemoteJWKSet, errors } = await import('jose');
    const url = `${signIn.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(url, { signal: AbortSignal.timeout(DISCOVERY_MS), redirect: 'error' });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const found = Discovery.parse(await response.json());
    if (found.issuer !== signIn.issuer) throw new Error(`${url} names another issuer: ${found.issuer}`);
    const find = createRemoteJWKSet(new URL(found.jwks_uri));
    return (header, token) =>
      find(header, token).catch((error: unknown) => {
        if (error instanceof errors.JOSEError && !isOfProvider(error.code)) throw error;
        throw new ProviderAwayError(error);
      });
  }

  return async (text) => {
    // Loaded when the first person comes: no one else pays for it.
    const { decodeJwt, errors, jwtVerify } = await import('jose');
    try {
      // A token of another issuer asks nothing of anyone.
      if (decodeJwt(text).iss !== signIn.issuer) return null;
      keys ??= readKeys().catch((error: unknown) => {
        keys = null;
        throw new ProviderAwayError(error);
      });
      const { payload } = await jwtVerify(text, await keys, {
        issuer: signIn.issuer,
        audience: signIn.clientId,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now()),
      });
      // With several audiences it says for whom it was made (OpenID Connect Core, 3.1.3.7).
      if (payload.azp !== undefined && payload.azp !== signIn.clientId) return null;
      return personOf(payload, signIn);
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}

/** What says nothing about the token. */
function isOfProvider(code: string): boolean {
  return ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'].includes(code);
}
