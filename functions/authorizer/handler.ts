import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import type { Principal } from '../core/access/principal.ts';
import type { Tokens } from '../core/access/tokens.ts';

export interface AuthorizerDeps {
  adminKey: () => Promise<string>;
  tokens: Pick<Tokens, 'find'>;
}

/**
 * Finds out who asks, and lets everybody through to the API, which answers the anonymous with 401: what API Gateway
 * itself says when an authorizer refuses is neither a problem document nor 401.
 */
export function createAuthorizerHandler(deps: AuthorizerDeps) {
  return async ({
    headers,
  }: APIGatewayRequestAuthorizerEventV2): Promise<APIGatewaySimpleAuthorizerWithContextResult<Principal>> => ({
    isAuthorized: true,
    context: await identify(deps, headers?.authorization),
  });
}

async function identify(deps: AuthorizerDeps, authorization = ''): Promise<Principal> {
  for (const key of keysIn(authorization)) {
    const principal = await identifyKey(deps, key);
    if (principal.kind !== 'anonymous') return principal;
  }
  return { kind: 'anonymous' };
}

/**
 * The keys that a header may carry. With Basic the key is the password (as Staffology's clients send theirs) or the user
 * name (as KeyPay's do).
 */
function keysIn(authorization: string): string[] {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +([\x21-\x7e]{1,1024}) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return credentials === '' ? [] : [credentials];
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return (colon < 0 ? [text] : [text.slice(colon + 1), text.slice(0, colon)]).filter((key) => key !== '');
}

async function identifyKey({ adminKey, tokens }: AuthorizerDeps, key: string): Promise<Principal> {
  if (isSame(key, await adminKey())) return { kind: 'company' };
  const grant = await tokens.find(key);
  return grant === null
    ? { kind: 'anonymous' }
    : { kind: 'tenant', tenantId: grant.tenantId, readOnly: grant.readOnly };
}

/** Takes the same time wherever they differ. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
