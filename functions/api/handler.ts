import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { StoreBusyError } from '../adapters/dynamodb/batch.ts';
import type { Idempotency } from '../adapters/dynamodb/idempotency.ts';
import { asError, type Telemetry } from '../adapters/lambda/telemetry.ts';
import { QueueRefusedError } from '../adapters/sqs/work-queue.ts';
import { Principal } from '../core/access/principal.ts';
import { fieldErrors } from '../core/field-error.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { Vault } from '../core/vault.ts';
import { createDocsRoutes } from './http/docs.ts';
import { once } from './http/idempotency.ts';
import { toJson } from './http/json.ts';
import { invalid, PROBLEMS, Problem, type ProblemCode } from './http/problem.ts';
import type { Route, RouteInput, RouteResult } from './http/route.ts';
import type { ApiRoutes } from './routes.ts';

type Request = APIGatewayProxyEventV2;
type Answer = APIGatewayProxyStructuredResultV2;

/** Bodies over this are refused; Lambda itself takes 6 MB. */
const MAX_BODY_BYTES = 5 * 1_024 * 1_024;

export interface HandlerDeps extends Pick<Telemetry, 'logger'> {
  routes: ApiRoutes;
  idempotency: Idempotency;
  vault: Vault;
}

/** The HTTP API behind API Gateway (payload format 2.0). Every failure is a problem document. */
export function createApiHandler(deps: HandlerDeps) {
  const routes = [...deps.routes.own, ...deps.routes.vendors].map((route) => ({
    method: route.method,
    path: route.path,
    handler: (event: Request): Promise<Answer> => handle(deps, route, event),
  }));
  return middy<Request, Answer>()
    .onError((request) => {
      request.response = problemAnswer(deps, request.event, request.error);
    })
    .handler(
      httpRouter<Request, Answer>({
        routes: [...routes, ...createDocsRoutes(deps.routes.own)],
        notFoundResponse: ({ method, path }) => {
          throw new Problem('not_found', `There is no ${method} ${path}. GET /v1/openapi.json lists what there is.`);
        },
      }),
    );
}

async function handle(deps: HandlerDeps, route: Route, event: Request): Promise<Answer> {
  const principal = principalOf(event);
  const params = parse(route.params, decodePath(event.pathParameters ?? {}), 'params');
  authorize(route, principal, params);
  const query = parse(route.query, event.queryStringParameters ?? {}, 'query');
  const bodyText = route.body === null ? '' : readBody(event, route.bodyOptional);
  const body = route.body === null ? undefined : parse(route.body, parseJson(bodyText), 'body');
  // The route's own schemas made these, so they are what its code expects.
  const input = { params, query, body, bodyText, ifMatch: readIfMatch(route, event), principal } as RouteInput<
    never,
    never,
    never
  >;
  const key = route.method === 'POST' ? header(event, 'idempotency-key') : undefined;
  if (key === undefined) return answer(await route.run(input));
  return once(deps, principal, key, `${event.rawPath}\n${bodyText}`, async () => answer(await route.run(input)));
}

function principalOf(event: Request): Principal {
  const context: unknown = Reflect.get(event.requestContext, 'authorizer');
  const parsed = z.object({ lambda: Principal }).safeParse(context);
  return parsed.success ? parsed.data.lambda : { kind: 'anonymous' };
}

function authorize(route: Route, principal: Principal, params: Record<string, unknown>): void {
  if (route.access === 'public' || principal.kind === 'company') return;
  if (principal.kind === 'anonymous') {
    throw new Problem(
      'unauthenticated',
      'Send "Authorization: Bearer <key>" with the admin key or a token that is still valid.',
    );
  }
  if (route.access === 'company')
    throw new Problem('forbidden', 'This needs the admin key; a token sees its own tenant only.');
  // Another tenant's things do not exist for it, not even as forbidden ones.
  if (params.tenantId !== principal.tenantId) throw new Problem('not_found', 'There is no such tenant.');
  if (principal.readOnly && route.method !== 'GET') throw new Problem('forbidden', 'This token can only read.');
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

function decodePath(parameters: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value = '']) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        throw new Problem(
          'malformed_request',
          'The path contains a "%" that does not begin an escape like %20. Write it as %25.',
        );
      }
    }),
  );
}

function header(event: Request, name: string): string | undefined {
  return event.headers[name];
}

function readBody(event: Request, optional: boolean): string {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES)
    throw new Problem('payload_too_large', `The body is over ${MAX_BODY_BYTES} bytes. Send less at once.`);
  if (bytes.length === 0 && optional) return '{}';
  const type = header(event, 'content-type') ?? '';
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Problem(
      'unsupported_media_type',
      `Send the body as JSON, with "Content-Type: application/json"${type === '' ? '' : `, not as ${type}`}.`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('malformed_request', 'The body is not UTF-8.');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('malformed_request', `The body is not JSON: ${asError(error).message}`);
  }
}

function readIfMatch(route: Route, event: Request): number | null {
  const value = route.conditional ? header(event, 'if-match') : undefined;
  if (value === undefined || value.trim() === '*') return null;
  const revision = /^\s*(?:W\/)?"(\d{1,15})"\s*$/.exec(value)?.[1];
  // Not one of our ETags, so nothing can match it.
  return revision === undefined ? -1 : Number(revision);
}

function answer(result: RouteResult | Refusal): Answer {
  if (result instanceof Refusal) throw toProblem(result);
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

const PROBLEM_OF: Record<RefusalCode, ProblemCode> = {
  invalid_request: 'invalid_request',
  forbidden: 'forbidden',
  not_found: 'not_found',
  conflict: 'conflict',
  precondition_failed: 'precondition_failed',
  limit_reached: 'limit_reached',
  unavailable: 'unavailable',
};

/** The one place where what the domain refuses becomes a problem. */
function toProblem({ code, message, errors, retryAfterSeconds }: Refusal): Problem {
  return new Problem(PROBLEM_OF[code], message, errors, retryAfterSeconds);
}

/** The one place where failures become HTTP. */
function problemAnswer({ logger }: Pick<Telemetry, 'logger'>, event: Request, error: unknown): Answer {
  const problem = error instanceof Problem ? error : asProblem(error);
  if (problem.code === 'internal_error' || problem.code === 'unavailable') {
    logger.error('a request failed', {
      requestId: event.requestContext.requestId,
      path: event.rawPath,
      error: asError(error),
    });
  }
  const { status, title } = PROBLEMS[problem.code];
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
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

/** What DynamoDB and SQS say when they are asked for too much, or cannot be reached, even after the SDK's own retries. */
const BUSY_ERRORS = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'ECONNREFUSED',
]);

function asProblem(error: unknown): Problem {
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
