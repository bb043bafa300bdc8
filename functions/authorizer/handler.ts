import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import type { Tokens } from '../adapters/dynamodb/tokens.ts';
import type { Principal } from '../core/principal.ts';

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

async function identify({ adminKey, tokens }: AuthorizerDeps, authorization = ''): Promise<Principal> {
  const key = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization)?.[1];
  if (key === undefined) return { kind: 'anonymous' };
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
