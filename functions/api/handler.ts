import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { StoreBusyError } from '../adapters/dynamodb/batch.ts';
import type { Idempotency } from '../adapters/dynamodb/idempotency.ts';
import { SECURITY_HEADERS } from '../adapters/lambda/security-headers.ts';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { ProviderAwayError } from '../adapters/oidc/find-person.ts';
import { QueueRefusedError } from '../adapters/sqs/work-queue.ts';
import type { Authenticate } from '../core/access/authenticate.ts';
import { ANONYMOUS, type Principal } from '../core/access/principal.ts';
import { readTraceparent, traceIdOf } from '../core/event/traceparent.ts';
import { fieldErrors } from '../core/field-error.ts';
import { isDeeperThan } from '../core/json/json-text.ts';
import { PartialFailure } from '../core/partial-failure.ts';
import { Refusal } from '../core/refusal.ts';
import type { Vault } from '../core/vault.ts';
import { createAllowedMethods } from './http/allowed-methods.ts';
import { type AuditDeps, runAudited } from './http/audited.ts';
import { authorize, authorizeSecrets } from './http/authorize.ts';
import { createDocsRoutes } from './http/docs.ts';
import { type KeyedRun, once } from './http/idempotency.ts';
import { readIfMatch, readIfNoneMatch } from './http/if-match.ts';
import { toJson } from './http/json.ts';
import type { KeyLimit } from './http/key-limit.ts';
import { invalid, methodNotAllowed, PROBLEMS, Problem } from './http/problem.ts';
import { readBody } from './http/read-body.ts';
import type { Route, RouteInput, RouteResult } from './http/route.ts';
import type { SideWork } from './http/side-work.ts';
import type { ApiRoutes } from './routes.ts';

type Request = APIGatewayProxyEventV2;
type Answer = APIGatewayProxyStructuredResultV2;

export interface HandlerDeps extends AuditDeps {
  routes: ApiRoutes;
  authenticate: Authenticate;
  isWithinLimit: KeyLimit;
  idempotency: Idempotency;
  vault: Vault;
  sideWork: Pick<SideWork, 'settled'>;
}

/** The HTTP API behind API Gateway (payload format 2.0). Every failure is a problem document. */
export function createApiHandler(deps: HandlerDeps) {
  const routes = [...deps.routes.own, ...deps.routes.vendors].map((route) => ({
    method: route.method,
    path: route.path,
    handler: (event: Request): Promise<Answer> => handle(deps, route, event),
  }));
  const all = [...routes, ...createDocsRoutes(deps.routes.own)];
  const allowedMethods = createAllowedMethods(all);
  return middy<Request, Answer>()
    .after(async (request) => {
      await deps.sideWork.settled();
      request.response = secured(request.response ?? {});
    })
    .onError(async (request) => {
      await deps.sideWork.settled();
      request.response = secured(problemAnswer(deps, request.event, request.error));
    })
    .handler(
      httpRouter<Request, Answer>({
        routes: all,
        notFoundResponse: ({ method, path }) => {
          const allowed = allowedMethods(path);
          if (allowed.length > 0) throw methodNotAllowed(method, allowed);
          throw new Problem('not_found', `There is no ${method} ${path}. GET /v1/openapi.json lists what there is.`);
        },
      }),
    );
}

function secured(answer: Answer): Answer {
  return { ...answer, headers: { ...SECURITY_HEADERS, ...answer.headers } };
}

async function handle(deps: HandlerDeps, route: Route, event: Request): Promise<Answer> {
  // API Gateway has decoded the path; decoded twice, %25 would become the begin of another escape.
  const params = parse(route.params, event.pathParameters ?? {}, 'params');
  const principal = route.access === 'public' ? ANONYMOUS : await identify(deps, event.headers.authorization);
  authorize(route, principal, params);
  const query = parse(route.query, event.queryStringParameters ?? {}, 'query');
  authorizeSecrets(route, principal, query);
  const bodyText = route.body === null ? '' : readBody(event, route.bodyOptional);
  const json = route.body === null ? undefined : parseJson(bodyText);
  const body = route.body === null ? undefined : parse(route.body, json, 'body');
  const traceparent = readTraceparent(event.headers.traceparent);
  const ifMatch = route.conditional ? readIfMatch(event.headers['if-match']) : null;
  const mustExist = event.headers['if-match'] !== undefined;
  const mustBeNew = route.conditional && route.method === 'PUT' && readIfNoneMatch(event.headers['if-none-match']);
  const { requestId } = event.requestContext;
  const audited = { principal, params, query, body: json, requestId };
  const run = async (keyed: KeyedRun | null) => {
    const input = { params, query, body, bodyText, ifMatch, mustExist, mustBeNew, principal, traceparent, keyed };
    // The route's own schemas made these, so they are what its code expects.
    return answer(await runAudited(deps, route, audited, () => route.run(input as RouteInput<never, never, never>)));
  };
  const key = route.method === 'POST' ? event.headers['idempotency-key'] : undefined;
  if (key === undefined) return run(null);
  const { keepsAnswer } = route;
  const ofTenant = typeof params.tenantId === 'string' ? params.tenantId : principal.tenantId;
  const tenantId = route.outlivesTenant ? null : ofTenant;
  return once(deps, { principal, path: event.rawPath, tenantId, given: key, body: bodyText, keepsAnswer }, run);
}

/** Who asks, within its limit. A request that is refused for other reasons counts, too. */
async function identify(
  { authenticate, isWithinLimit }: HandlerDeps,
  authorization: string | undefined,
): Promise<Principal> {
  const { principal, maxPerSecond } = await authenticate(authorization);
  if (maxPerSecond === null || (await isWithinLimit(principal.id, maxPerSecond))) return principal;
  // Of a key with less than one a second the next slot is that far away.
  const retryAfterSeconds = Math.ceil(1 / maxPerSecond);
  throw new Problem('rate_limited', `This key may send ${maxPerSecond} requests a second.`, [], retryAfterSeconds);
}

function parse<T>(schema: z.ZodType<T>, value: unknown, part: 'params' | 'query' | 'body'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error, value);
  if (part === 'params')
    throw new Problem(
      'not_found',
      `No such path: ${errors.map(({ path, message }) => `${path.slice(1)} ${message}`).join(', ')}.`,
    );
  throw invalid(
    part === 'query' ? errors.map(({ path, message }) => ({ path: path.replace(/^\//, '?'), message })) : errors,
  );
}

/** Deeper than anything that a route takes; what is deeper ends the stack of whatever walks it by recursion, as JSON.stringify does. */
const MAX_BODY_DEPTH = 128;

function parseJson(text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // It can quote one half of a surrogate pair.
    throw new Problem('malformed_request', `The body is not JSON: ${asError(error).message}`.toWellFormed());
  }
  if (isDeeperThan(json, MAX_BODY_DEPTH))
    throw invalid([{ path: '', message: `is nested deeper than ${MAX_BODY_DEPTH} levels` }]);
  return json;
}

function answer(result: RouteResult | Refusal): Answer {
  // Each code of a refusal is a problem's code, too.
  if (result instanceof Refusal)
    throw new Problem(result.code, result.message, result.errors, result.retryAfterSeconds);
  const { status, body, revision, location } = result;
  return {
    statusCode: status,
    headers: {
      'cache-control': 'no-store',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(revision === undefined ? {} : { etag: `"${revision}"` }),
      ...(location === undefined ? {} : { location }),
    },
    ...(body === undefined ? {} : { body: toJson(body) }),
  };
}

/** The one place where failures become HTTP. */
function problemAnswer({ logger }: Pick<Telemetry, 'logger'>, event: Request, error: unknown): Answer {
  const problem = error instanceof Problem ? error : asProblem(error);
  if (problem.code === 'internal_error' || problem.code === 'unavailable') {
    logger.error('a request failed', {
      apiRequestId: event.requestContext.requestId,
      path: event.rawPath,
      // Those that the path has: tenantId, subscriptionId, eventId.
      ...event.pathParameters,
      traceId: traceIdOf(event.headers.traceparent),
      error: asError(error),
    });
  }
  const { status, title } = PROBLEMS[problem.code];
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(problem.allowedMethods.length === 0 ? {} : { allow: problem.allowedMethods.join(', ') }),
      ...(problem.retryAfterSeconds === null ? {} : { 'retry-after': String(problem.retryAfterSeconds) }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: JSON.stringify({
      type: `urn:posthorn:problem:${problem.code}`,
      title,
      status,
      code: problem.code,
      detail: problem.message,
      errors: problem.errors,
    }),
  };
}

/** What DynamoDB, SQS and Secrets Manager say when they are asked for too much, or cannot be reached, also when tried again. */
const BUSY_ERRORS = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'InternalServerError',
  'InternalServiceError',
  'ServiceUnavailable',
  'TimeoutError',
  'ECONNREFUSED',
]);

function asProblem(error: unknown): Problem {
  if (error instanceof PartialFailure) return asProblem(error.cause);
  if (error instanceof ProviderAwayError) {
    const detail = 'The sign-in provider cannot be reached, so this token cannot be checked. Send the request again.';
    return new Problem('unavailable', detail, [], 5);
  }
  const { name, code } = z
    .object({ name: z.string().catch(''), code: z.string().catch('') })
    .catch({ name: '', code: '' })
    .parse(error);
  return error instanceof StoreBusyError ||
    error instanceof QueueRefusedError ||
    BUSY_ERRORS.has(name) ||
    BUSY_ERRORS.has(code)
    ? new Problem('unavailable', 'The store or the queue refuses for now. Send the request again.', [], 2)
    : new Problem(
        'internal_error',
        'Something went wrong on our side, and has been logged. Send the request again, or report its time.',
      );
}
