import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ConsoleSettings } from '../adapters/lambda/environment.ts';
import { SECURITY_HEADERS } from '../adapters/lambda/security-headers.ts';
import { etagOf, type ServedFile } from './files.ts';

type Answer = APIGatewayProxyStructuredResultV2;

export interface ConsoleDeps {
  files: ReadonlyMap<string, ServedFile>;
  settings: ConsoleSettings;
}

const PAGE = 'index.html';
/** Vite puts a hash of the content into the names of these files. */
const HASHED = /^assets\//;
const FOREVER = 'public, max-age=31536000, immutable';

/** Hands out the console's files: one page for all paths of the app, its assets by name, and what the company has set. */
export function createConsoleHandler({ files, settings }: ConsoleDeps) {
  const headers = { ...SECURITY_HEADERS, 'content-security-policy': securityPolicy(settings) };
  const settingsFile: ServedFile = asFile('application/json', JSON.stringify(settings));

  return async (event: APIGatewayProxyEventV2): Promise<Answer> => {
    const name = event.rawPath.replace(/^\/console\/?/, '');
    const found = name === 'settings.json' ? settingsFile : files.get(isRoute(name) ? PAGE : name);
    if (found === undefined) return refusal(404, 'The console has no such file.', headers);
    const { method } = event.requestContext.http;
    const answer = {
      ...headers,
      'cache-control': HASHED.test(name) ? FOREVER : 'no-cache',
      etag: found.etag,
      vary: 'accept-encoding',
    };
    if (matches(event.headers['if-none-match'], found.etag)) return { statusCode: 304, headers: answer };
    const [coding, content] = choose(found, event.headers['accept-encoding']);
    return {
      statusCode: 200,
      headers: {
        ...answer,
        'content-type': found.type,
        ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
      },
      ...(method === 'HEAD' ? {} : { body: content.toString('base64'), isBase64Encoded: true }),
    };
  };
}

/** Paths of the app have no file name extension at their end. Ids may hold a dot, so it is the last segment that counts. */
function isRoute(name: string): boolean {
  return name === PAGE || !/\.[a-z0-9]+$/i.test(name);
}

function asFile(type: string, text: string): ServedFile {
  return { type, etag: etagOf(text), variants: { identity: Buffer.from(text) } };
}

function refusal(statusCode: number, message: string, headers: Record<string, string>): Answer {
  return {
    statusCode,
    headers: { ...headers, 'cache-control': 'no-cache', 'content-type': 'text/plain; charset=utf-8' },
    body: message,
  };
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const opaque = (text: string) => text.trim().replace(/^W\//, '');
  return ifNoneMatch?.split(',').some((one) => one.trim() === '*' || opaque(one) === opaque(etag)) ?? false;
}

function choose({ variants }: ServedFile, acceptEncoding = ''): ['br' | 'gzip' | 'identity', Buffer] {
  for (const coding of ['br', 'gzip'] as const) {
    const content = variants[coding];
    if (content !== undefined && accepts(acceptEncoding, coding)) return [coding, content];
  }
  return ['identity', variants.identity ?? Buffer.alloc(0)];
}

/** Whether a coding is named, and not by the quality 0, which forbids it. */
function accepts(acceptEncoding: string, coding: string): boolean {
  return acceptEncoding.split(',').some((part) => {
    const [name = '', ...params] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === coding && !params.some((param) => /^q=0(\.0*)?$/.test(param));
  });
}

/** Scripts and styles from here alone, none inline; requests go to the API beside it, and to the provider by which people sign in. */
function securityPolicy({ logoUrl, frameAncestors, signIn }: ConsoleSettings): string {
  const logo = logoUrl === null ? '' : ` ${new URL(logoUrl).origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    `img-src 'self' data:${logo}`,
    ["connect-src 'self'", ...(signIn?.origins ?? [])].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
  ].join('; ');
}
