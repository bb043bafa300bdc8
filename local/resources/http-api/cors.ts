import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

/** How the stack's HTTP API answers pages of other origins. */
export const Cors = z.strictObject({
  AllowOrigins: z.array(z.string()),
  AllowMethods: z.array(z.string()),
  AllowHeaders: z.array(z.string()),
  ExposeHeaders: z.array(z.string()),
  MaxAge: z.number(),
});
export type Cors = z.infer<typeof Cors>;

/** A browser asks for permission first. API Gateway answers itself, whatever the routes. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

/**
 * What API Gateway puts on the answer; nothing for a page of an origin that is not allowed.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
export function corsHeaders(cors: Cors, incoming: IncomingMessage): Record<string, string> {
  const { origin } = incoming.headers;
  const allowed = cors.AllowOrigins.find((one) => one === '*' || one === origin || one === `${schemeOf(origin)}://*`);
  if (origin === undefined || allowed === undefined) return {};
  const always = { 'access-control-allow-origin': allowed === '*' ? '*' : origin };
  if (!isPreflight(incoming)) return { ...always, 'access-control-expose-headers': cors.ExposeHeaders.join(',') };
  return {
    ...always,
    'access-control-allow-methods': cors.AllowMethods.join(','),
    'access-control-allow-headers': cors.AllowHeaders.join(','),
    'access-control-max-age': String(cors.MaxAge),
  };
}

const schemeOf = (origin = ''): string => origin.split('://')[0] ?? '';
