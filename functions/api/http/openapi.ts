import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Permission } from '../../core/access/permission.ts';
import { VERSION } from '../../version.ts';
import { KEY_PATTERN } from './idempotency.ts';
import { IfMatch, IfNoneMatch } from './if-match.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import type { Route } from './route.ts';

const ProblemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `errors` names every wrong field by JSON pointer.' });

/** The API's description, from the schemas that validate it. */
export function openApiDocument(routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Posthorn',
      version: VERSION,
      description:
        'Webhooks as a service: subscribe URLs, publish events, see every attempt. Send `Authorization: Bearer <key>`.',
    },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key of the company or of a tenant, or a portal token. What an operation needs is said as `company:` (a key of the company), `tenant:` (also one of the tenant in the path) or `any:` (every key and token), with `read`, `publish`, `change` or `secrets`: the role admin allows all of them, the roles read and publish one.',
        },
      },
    },
    paths,
  });
}

const problem = (code: ProblemCode) => ({
  description: `${PROBLEMS[code].title}: a problem document.`,
  content: { 'application/problem+json': { schema: ProblemDocument } },
});

/** The problems that an operation can answer with, besides those of the path (405) and of API Gateway itself. */
function problemsOf({ access, method, params, query, body, conditional, mayConflict }: Route): ProblemCode[] {
  const has = (shape: z.ZodObject) => Object.keys(shape.shape).length > 0;
  const codes: Record<ProblemCode, boolean> = {
    malformed_request: body !== null || conditional || method === 'POST' || 'cursor' in query.shape,
    unauthenticated: access !== 'public',
    forbidden: access !== 'public',
    not_found: has(params),
    method_not_allowed: false,
    conflict: mayConflict,
    limit_reached: false,
    answer_not_kept: false,
    precondition_failed: conditional,
    payload_too_large: body !== null,
    unsupported_media_type: body !== null,
    invalid_request: body !== null || has(query) || method === 'POST',
    rate_limited: access !== 'public',
    internal_error: true,
    unavailable: access !== 'public',
  };
  return (Object.keys(codes) as ProblemCode[]).filter((code) => codes[code]);
}

/** Of a request without a query, which can ask for more. */
function permissionOf({ needs, reveals }: Route): Permission {
  return reveals({}) === 'secrets' ? 'secrets' : needs;
}

function headersOf(route: Route): z.ZodRawShape {
  const key = z.string().optional().meta({
    pattern: KEY_PATTERN,
    description: 'The same key with the same request gives the first answer again, for 24 hours.',
  });
  const ifMatch = IfMatch.optional().meta({ description: 'An ETag: change it only if it is still that one.' });
  const ifNoneMatch = IfNoneMatch.optional().meta({ description: '*: do not replace what is there.' });
  return {
    ...(route.method === 'POST' ? { 'Idempotency-Key': key } : {}),
    ...(route.conditional ? { 'If-Match': ifMatch } : {}),
    ...(route.conditional && route.method === 'PUT' ? { 'If-None-Match': ifNoneMatch } : {}),
  };
}

function operation(route: Route): ZodOpenApiOperationObject {
  const responses = Object.entries(route.responses).map(([status, { description, schema }]) => [
    status,
    { description, ...(schema === null ? {} : { content: { 'application/json': { schema } } }) },
  ]);
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: route.access === 'public' ? [] : [{ key: [`${route.access}:${permissionOf(route)}`] }],
    requestParams: { path: route.params, query: route.query, header: z.object(headersOf(route)) },
    ...(route.bodyDocumented === null
      ? {}
      : {
          requestBody: {
            required: !route.bodyOptional,
            content: { 'application/json': { schema: route.bodyDocumented } },
          },
        }),
    responses: {
      ...Object.fromEntries(responses),
      ...Object.fromEntries(problemsOf(route).map((code) => [PROBLEMS[code].status, problem(code)])),
    },
  };
}
