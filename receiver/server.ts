import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { addressOf, closeServer, listenOnLoopback } from '../local/listen.ts';
import { Behaviours, type PlannedResponse } from './behaviours.ts';
import { type ReceivedRequest, RequestLog } from './log.ts';
import { renderPage } from './page.ts';
import { createVerifier, type SecretsFor } from './verify.ts';

export interface Receiver {
  url: string;
  close(): Promise<void>;
}

/**
 * A page in a browser whose own name leads to 127.0.0.1 (DNS rebinding) could read what has arrived, but for the name in
 * Host. Webhooks are taken by any name.
 */
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** Requests on the page if no path is chosen. */
const NEWEST_ON_PAGE = 20;

/**
 * A receiver of webhooks for trying and testing. Every path takes any request, but for `/` and what begins with `/_`:
 * - `GET /`: a page that shows what has arrived
 * - `GET /_requests?path=/x`: the same as JSON, newest first; without a path, all paths and their totals; `DELETE` forgets
 * - `PUT /_behaviours/x {"responses": [{status, delayMs, retryAfter, hang, headers, body}, …], "then": {…}}`: how `/x` answers
 */
export async function startReceiver(options: { port: number; secretsFor: SecretsFor }): Promise<Receiver> {
  const log = new RequestLog();
  const behaviours = new Behaviours();
  const verify = createVerifier(options.secretsFor);

  const server = createServer((request, response) => {
    // Whoever hangs up in the middle has sent nothing.
    handle(request, response).catch(() => response.destroy());
  });
  const url = await listenOnLoopback(server, options.port, '--receiver-port');
  return { url, close: () => closeServer(server) };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = incoming.url ?? '/';
    const questionMark = target.indexOf('?');
    const path = questionMark < 0 ? target : target.slice(0, questionMark);
    const query = questionMark < 0 ? '' : target.slice(questionMark);
    const body = await readText(incoming);
    const isOwn =
      (path === '/' && incoming.method === 'GET') || path === '/_requests' || path.startsWith('/_behaviours/');
    if (isOwn && !LOCAL_HOST.test(incoming.headers.host ?? '')) {
      return sendJson(response, 403, { error: `Ask for it as ${addressOf(server)}.` });
    }
    if (path === '/' && incoming.method === 'GET') return showPage(query, response);
    if (path === '/_requests') return serveRequests(incoming.method, query, response);
    if (path.startsWith('/_behaviours/')) {
      return serveBehaviours(incoming.method, path.slice('/_behaviours'.length), body, response);
    }
    const request: ReceivedRequest = {
      method: incoming.method ?? '',
      path,
      query,
      headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
      body,
      receivedAt: Date.now(),
      status: null,
    };
    log.add(request);
    const planned = behaviours.next(path);
    if (planned.hang) return;
    if (planned.delayMs) setTimeout(() => answer(request, response, planned), planned.delayMs);
    else answer(request, response, planned);
  }

  function answer(request: ReceivedRequest, response: ServerResponse, planned: PlannedResponse): void {
    if (response.destroyed) return;
    request.status = planned.status ?? 200;
    response.writeHead(request.status, {
      ...(planned.retryAfter !== undefined && { 'retry-after': String(planned.retryAfter) }),
      ...planned.headers,
    });
    response.end(planned.body);
  }

  async function showPage(query: string, response: ServerResponse): Promise<void> {
    const selected = new URLSearchParams(query).get('path') ?? undefined;
    const paths = log.paths();
    const shown = selected === undefined ? paths.slice(0, NEWEST_ON_PAGE).map(({ path }) => path) : [selected];
    const requests = shown
      .flatMap((path) => log.of(path).requests)
      .sort((a, b) => b.receivedAt - a.receivedAt)
      .slice(0, selected === undefined ? NEWEST_ON_PAGE : undefined);
    const entries = await inOrder(requests, async (request) => ({ request, verdict: await verify(request) }));
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    });
    response.end(renderPage(paths.slice(0, NEWEST_ON_PAGE), selected, entries));
  }

  async function serveRequests(method: string | undefined, query: string, response: ServerResponse): Promise<void> {
    const path = new URLSearchParams(query).get('path') ?? undefined;
    if (method === 'DELETE') {
      log.clear(path);
      response.writeHead(204).end();
    } else if (method !== 'GET') {
      sendJson(response, 405, { error: 'GET or DELETE' });
    } else if (path === undefined) {
      sendJson(response, 200, { paths: log.paths() });
    } else {
      const { total, requests } = log.of(path);
      const data = await inOrder(requests, async (request) => ({
        ...request,
        receivedAt: new Date(request.receivedAt).toISOString(),
        ...(await verify(request)),
      }));
      sendJson(response, 200, { path, total, data });
    }
  }

  function serveBehaviours(method: string | undefined, path: string, body: string, response: ServerResponse): void {
    const fault = method === 'PUT' ? behaviours.set(path, parseJson(body)) : undefined;
    if (method === 'DELETE') behaviours.reset(path);
    if (fault !== undefined) sendJson(response, 400, { error: fault });
    else if (['GET', 'PUT', 'DELETE'].includes(method ?? '')) sendJson(response, 200, behaviours.get(path));
    else sendJson(response, 405, { error: 'GET, PUT or DELETE' });
  }
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** One after the other: the first may refresh the secrets by which the others are judged. */
async function inOrder<From, To>(items: From[], map: (item: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  for (const item of items) results.push(await map(item));
  return results;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
