import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { z } from 'zod';
import { ACCOUNT_ID } from '../../template/names.ts';
import type { Match } from './routes.ts';

/**
 * An HTTP API hands its path over decoded, unlike a REST API (measured: https://github.com/hotsock/voker/pull/8). What
 * does not decode stays as it is.
 */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The decoded path of a request, and its query as it was sent. */
export function splitUrl(url = '/'): { rawPath: string; rawQueryString: string } {
  const [path = '', ...query] = url.split('?');
  return { rawPath: decodePath(path), rawQueryString: query.join('?') };
}

/** The event of payload format 2.0, without a body. */
export function toEvent(
  incoming: IncomingMessage,
  { route, pathParameters }: Match,
  requestId: string,
): APIGatewayProxyEventV2 {
  const { rawPath, rawQueryString } = splitUrl(incoming.url);
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = query.get(name);
    // Payload format 2.0 joins repeated parameters by a comma.
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  const headers = Object.fromEntries(
    Object.entries(incoming.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']),
  );
  const host = headers.host ?? '';
  const now = Date.now();
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath,
    rawQueryString,
    headers,
    ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0] ?? '',
      http: {
        method: incoming.method ?? 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: route.routeKey,
      stage: '$default',
      time: new Date(now).toUTCString(),
      timeEpoch: now,
    },
    isBase64Encoded: false,
  };
}

/**
 * API Gateway hands four kinds of text over as text, where bytes that are not UTF-8 become U+FFFD, and every other type in
 * base64, +json included (measured: https://github.com/ministackorg/ministack/pull/766).
 */
export function encodeBody(body: Buffer, contentType: string): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const text = /^(text\/|application\/(json|xml|javascript)\s*(;|$))/i.test(contentType);
  return text
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

/** The part of payload format 2.0 that the functions use. */
const answerSchema = z.strictObject({
  statusCode: z.int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * Writes what a function answered.
 * @returns false if the answer has no form that API Gateway accepts
 */
export function writeAnswer(response: ServerResponse, answer: unknown): boolean {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return false;
  const { statusCode, headers, body, isBase64Encoded } = parsed.data;
  response.writeHead(statusCode, headers);
  response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
  return true;
}
