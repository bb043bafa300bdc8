import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Authorizer } from './api-plan.ts';
import type { GatewayRequest } from './gateway-event.ts';
import { FunctionError, type Invoke } from './handlers.ts';

export type Decision =
  | { allowed: true; context: Record<string, unknown> }
  | { allowed: false; status: 401 | 403 | 500 };

/**
 * Asks Lambda authorizers with simple responses, and keeps their decisions as API Gateway does: by authorizer and identity,
 * so that one decision holds for all routes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function createAuthorize(invoke: Invoke) {
  const cache = new Map<string, { decision: Decision; until: number }>();

  return async (authorizer: Authorizer, request: GatewayRequest, event: APIGatewayProxyEventV2): Promise<Decision> => {
    const identity = authorizer.identitySources.map((source) => readSource(source, request));
    // The function is not even asked.
    if (identity.some((value) => value === undefined || value === '')) return { allowed: false, status: 401 };
    const key = JSON.stringify([authorizer.id, ...identity]);
    const cached = cache.get(key);
    if (cached && cached.until > Date.now()) return cached.decision;
    cache.delete(key);

    const decision = await ask(authorizer, identity, event);
    if (authorizer.cacheSeconds > 0 && (decision.allowed || decision.status === 403)) {
      cache.set(key, { decision, until: Date.now() + authorizer.cacheSeconds * 1000 });
    }
    return decision;
  };

  async function ask(authorizer: Authorizer, identity: unknown[], event: APIGatewayProxyEventV2): Promise<Decision> {
    const { body, isBase64Encoded, ...rest } = event;
    try {
      const answer = await invoke(authorizer.functionName, {
        ...rest,
        type: 'REQUEST',
        routeArn: `arn:aws:execute-api:us-east-1:${event.requestContext.accountId}:${event.requestContext.apiId}/${event.requestContext.stage}/${event.requestContext.http.method}${event.rawPath}`,
        identitySource: identity,
      });
      if (typeof answer !== 'object' || answer === null || !('isAuthorized' in answer))
        return { allowed: false, status: 500 };
      if (answer.isAuthorized !== true) return { allowed: false, status: 403 };
      const context = 'context' in answer && typeof answer.context === 'object' ? answer.context : {};
      return { allowed: true, context: { ...context } };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      // An authorizer that throws exactly this asks for a 401; any other failure is the company's own fault.
      return { allowed: false, status: error.message === 'Unauthorized' ? 401 : 500 };
    }
  }
}

function readSource(source: string, request: GatewayRequest): string | undefined {
  const [, kind, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  return kind === 'header' ? request.headers[name.toLowerCase()] : request.query[name];
}
