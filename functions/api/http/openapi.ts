import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { VERSION } from '../../version.ts';
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
        'Webhooks as a service: subscribe URLs, publish events, see every attempt. Send `Authorization: Bearer <key>` with the admin key, or with a token of one tenant.',
    },
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    security: [{ key: [] }],
    paths,
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const headers = {
    ...(route.method === 'POST'
      ? {
          'Idempotency-Key': z
            .string()
            .optional()
            .meta({ description: 'The same key with the same request gives the first answer again, for 24 hours.' }),
        }
      : {}),
    ...(route.conditional
      ? { 'If-Match': z.string().optional().meta({ description: 'An ETag: change it only if it is still that one.' }) }
      : {}),
  };
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === 'public' ? { security: [] } : {}),
    requestParams: {
      path: route.params,
      query: route.query,
      ...(Object.keys(headers).length > 0 ? { header: z.object(headers) } : {}),
    },
    ...(route.bodyDocumented === null
      ? {}
      : {
          requestBody: {
            required: !route.bodyOptional,
            content: { 'application/json': { schema: route.bodyDocumented } },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, { description, schema }]) => [
          status,
          { description, ...(schema === null ? {} : { content: { 'application/json': { schema } } }) },
        ]),
      ),
      default: {
        description: 'A problem document.',
        content: { 'application/problem+json': { schema: ProblemDocument } },
      },
    },
  };
}
