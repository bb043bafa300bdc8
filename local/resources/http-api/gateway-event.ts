import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ACCOUNT_ID } from '../../template/names.ts';
import type { ApiPlan } from './api.ts';
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
  api: ApiPlan,
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
  const { cookie = [], ...others } = incoming.headersDistinct;
  const cookies = cookie.flatMap((line) => line.split(/;\s*/)).filter((text) => text !== '');
  const headers = Object.fromEntries(Object.entries(others).map(([name, values]) => [name, values?.join(',') ?? '']));
  const host = headers.host ?? '';
  const now = Date.now();
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: api.apiId,
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
      stage: api.stage,
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

/**
 * Writes what a function answered. Without a `statusCode` payload format 2.0 takes the whole answer for a JSON body.
 * @returns false if the answer has no form that API Gateway accepts
 */
export function writeAnswer(response: ServerResponse, answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    return true;
  }
  const { statusCode, headers, cookies, body, isBase64Encoded }: Record<string, unknown> = { ...answer };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return false;
  if (body !== undefined && body !== null && typeof body !== 'string') return false;
  response.statusCode = status;
  const named = Object.entries(typeof headers === 'object' && headers !== null ? headers : {});
  for (const [name, value] of named) if (value !== undefined && value !== null) response.setHeader(name, String(value));
  if (Array.isArray(cookies)) response.setHeader('set-cookie', cookies.map(String));
  const content = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
  if (content.length > 0 && !response.hasHeader('content-type')) {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
  }
  response.end(content);
  return true;
}
