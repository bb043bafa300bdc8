import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { FunctionError } from '../../local/resources/functions/handlers.ts';
import { createGateway } from '../../local/resources/http-api/gateway.ts';
import { createRouter } from '../../local/resources/http-api/routes.ts';

interface Event {
  rawPath: string;
  body?: string;
  isBase64Encoded: boolean;
  queryStringParameters?: Record<string, string>;
}

let url: string;
let gateway: ReturnType<typeof createGateway>;
let answers: Record<string, (event: Event) => unknown>;
let calls: { name: string; event: Event }[];

beforeEach(async () => {
  calls = [];
  answers = { api: () => ({ statusCode: 200 }) };
  gateway = createGateway(() => {}, 300);
  url = await listenOnLoopback(gateway.server, 0, '');
  gateway.open(
    ['ANY /always/{proxy+}', 'GET /open', 'POST /open'].map((routeKey) => ({ functionName: 'api', routeKey })),
    async (name, event) => {
      calls.push({ name, event: event as Event });
      return answers[name]?.(event as Event);
    },
  );
});
afterEach(() => closeServer(gateway.server));

const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers });

describe('a function behind a route', () => {
  test.each([
    ['throws', () => Promise.reject(new FunctionError('Error', 'secret detail')), 500, 'Internal Server Error'],
    ['answers without a status', () => ({ hello: 'world' }), 500, 'Internal Server Error'],
    ['answers with a status that is none', () => ({ statusCode: 'x' }), 500, 'Internal Server Error'],
    ['takes too long', () => new Promise((resolve) => setTimeout(resolve, 600)), 503, 'Service Unavailable'],
  ])('that %s gives a plain error', async (_what, answer, status, message) => {
    answers.api = answer;
    const response = await get('/open');
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  test('answers with status, headers and binary bodies', async () => {
    answers.api = () => ({
      statusCode: 201,
      headers: { 'content-type': 'image/png', 'x-n': 5 },
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    });
    const response = await get('/open');
    expect(response.status).toBe(201);
    expect(response.headers.get('x-n')).toBe('5');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([0, 255]));
  });

  test.each([
    ['application/json; charset=utf-8', false],
    ['application/merge-patch+json', true],
    ['text/plain', false],
    ['application/octet-stream', true],
    ['application/x-www-form-urlencoded', true],
  ])('gets a body of type %s in base64: %s', async (type, base64) => {
    await fetch(`${url}/open`, { method: 'POST', body: 'é', headers: { 'content-type': type } });
    const event = calls[0]?.event;
    expect(event?.isBase64Encoded).toBe(base64);
    expect(Buffer.from(event?.body ?? '', base64 ? 'base64' : 'utf8').toString()).toBe('é');
  });

  test('gets its path decoded once, and every parameter by its name', async () => {
    await get('/always/a%20b%2561?x=1&x=2&__proto__=%2561');
    const event = calls.at(-1)?.event;
    expect(event?.rawPath).toBe('/always/a b%61');
    expect(Object.entries(event?.queryStringParameters ?? {})).toEqual([
      ['x', '1,2'],
      ['__proto__', '%61'],
    ]);
    await get('/always/%ff');
    expect(calls.at(-1)?.event.rawPath).toBe('/always/%ff');
  });

  test('never gets a body over 10 MB', async () => {
    const response = await fetch(`${url}/open`, { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect(response.status).toBe(413);
    expect(calls).toEqual([]);
  });

  test.each([
    ['application/json', 'x', 5 * 1024 * 1024, 200],
    ['application/json', '"', 4 * 1024 * 1024, 413],
    ['application/merge-patch+json', 'x', 5 * 1024 * 1024, 413],
  ])('never gets an event over 6 MB: %s of %s, %i bytes', async (type, text, length, status) => {
    const headers = { 'content-type': type };
    const response = await fetch(`${url}/open`, { method: 'POST', body: text.repeat(length), headers });
    expect(response.status).toBe(status);
    expect(calls).toHaveLength(status === 413 ? 0 : 1);
  });
});

test('a path without a route is 404, and before the stack is there all is 503', async () => {
  expect([(await get('/nowhere')).status, (await fetch(`${url}/open`, { method: 'DELETE' })).status]).toEqual([
    404, 404,
  ]);
  const early = createGateway(() => {});
  const earlyUrl = await listenOnLoopback(early.server, 0, '');
  expect((await fetch(`${earlyUrl}/open`)).status).toBe(503);
  await closeServer(early.server);
});

describe('pages of other origins', () => {
  const CORS = {
    AllowMethods: ['*'],
    AllowHeaders: ['authorization', 'if-match'],
    ExposeHeaders: ['etag'],
    MaxAge: 60,
  };
  const open = (...AllowOrigins: string[]) =>
    gateway.open([{ functionName: 'api', routeKey: 'GET /open' }], async () => ({ statusCode: 200 }), {
      ...CORS,
      AllowOrigins,
    });
  const corsOf = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
  const ask = (origin: string) => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PATCH' },
  });

  test('are told what they may ask for, also where there is no route', async () => {
    open('https://other.example', 'https://portal.example');
    const response = await fetch(`${url}/nowhere`, ask('https://portal.example'));
    expect(response.status).toBe(204);
    expect(corsOf(response)).toEqual({
      'access-control-allow-origin': 'https://portal.example',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': 'authorization,if-match',
      'access-control-max-age': '60',
    });
  });

  test.each([
    [['https://portal.example'], 'https://portal.example', 'https://portal.example'],
    [['*'], 'https://portal.example', '*'],
    [['https://*'], 'https://portal.example', 'https://portal.example'],
    [['https://*'], 'http://portal.example', undefined],
    [['https://portal.example'], 'https://portal.example.evil', undefined],
  ])('%j lets %s read answers: %s', async (allowed, origin, expected) => {
    open(...allowed);
    const response = await get('/open', { origin });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin') ?? undefined).toBe(expected);
    expect(response.headers.get('access-control-expose-headers') ?? undefined).toBe(expected && 'etag');
    expect(corsOf(await fetch(`${url}/open`, ask(origin)))['access-control-allow-origin']).toBe(expected);
  });

  test('get nothing from an API that says nothing of them', async () => {
    expect(corsOf(await get('/open', { origin: 'https://portal.example' }))).toEqual({});
    expect((await fetch(`${url}/open`, ask('https://portal.example'))).status).toBe(404);
  });
});

test('a client that hangs up in the middle of its body does no harm', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await get('/open')).status).toBe(200);
});

describe('the most specific route wins', () => {
  const keys = [
    'ANY /v1/{proxy+}',
    'GET /v1/health',
    'ANY /v1/{name}',
    'GET /docs/{asset}',
    'ANY /docs/{asset}',
    'GET /docs',
  ];
  const route = createRouter(keys.map((routeKey) => ({ routeKey, functionName: 'f' })));
  test.each([
    ['GET', '/v1/health', 'GET /v1/health', {}],
    ['POST', '/v1/health', 'ANY /v1/{name}', { name: 'health' }],
    ['GET', '/v1/a b/c', 'ANY /v1/{proxy+}', { proxy: 'a b/c' }],
    ['GET', '/docs/x.js', 'GET /docs/{asset}', { asset: 'x.js' }],
    ['PUT', '/docs/x.js', 'ANY /docs/{asset}', { asset: 'x.js' }],
    ['GET', '/docs', 'GET /docs', {}],
    ['GET', '/v1/', 'ANY /v1/{proxy+}', { proxy: '' }],
    ['GET', '/v1', undefined, undefined],
    ['GET', '/docs/a/b', undefined, undefined],
  ])('%s %s goes to %s', (method, path, routeKey, pathParameters) => {
    const match = route(method, path);
    expect([match?.route.routeKey, match?.pathParameters]).toEqual([routeKey, pathParameters]);
  });
});
