import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../../errors.ts';
import { FunctionError, type Invoke } from '../functions/handlers.ts';
import type { Route } from './api.ts';
import { type Cors, corsHeaders, isPreflight } from './cors.ts';
import { encodeBody, splitUrl, toEvent, writeAnswer } from './gateway-event.ts';
import { createRouter } from './routes.ts';

/** Largest request body of an HTTP API. */
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
/** Largest event of a Lambda function: the body as a JSON string or in base64, and the rest of the request. */
const EVENT_LIMIT_BYTES = 6 * 1024 * 1024;
/** After this API Gateway gives up on a function. */
const INTEGRATION_LIMIT_MS = 30_000;

export interface Gateway {
  server: Server;
  /** Until then every request is answered 503. */
  open(routes: Route[], invoke: Invoke, cors?: Cors | null): void;
}

/** An API Gateway HTTP API. Its port can be taken before the stack is known, so that a taken one is seen at once. */
export function createGateway(say: (line: string) => void, limitMs = INTEGRATION_LIMIT_MS): Gateway {
  let serve: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
  const server = createServer((request, response) => {
    if (!serve) return refuse(response, 503);
    response.setTimeout(limitMs, () => refuse(response, 503));
    serve(request, response).catch((error: unknown) => {
      // That a function failed has been said where it ran.
      if (!(error instanceof FunctionError)) say(`${request.method} ${request.url} failed: ${messageOf(error)}`);
      refuse(response, 500);
    });
  });
  return {
    server,
    open(routes, invoke, cors = null) {
      serve = createServe(routes, invoke, cors);
    },
  };
}

function createServe(routes: Route[], invoke: Invoke, cors: Cors | null) {
  const match = createRouter(routes);

  return async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    response.setHeader('apigw-requestid', requestId);
    if (cors !== null) {
      response.setHeaders(new Map(Object.entries(corsHeaders(cors, incoming))));
      if (isPreflight(incoming)) return void response.writeHead(204).end();
    }
    // To its end also if it is too large, so that the client sees the answer.
    const body = await buffer(incoming);
    if (body.length > BODY_LIMIT_BYTES) return refuse(response, 413);
    const found = match(incoming.method ?? 'GET', splitUrl(incoming.url).rawPath);
    if (!found) return refuse(response, 404);

    const head = toEvent(incoming, found, requestId);
    const event = { ...head, ...encodeBody(body, head.headers['content-type'] ?? '') };
    // JSON makes six bytes of one at most; most bodies are far from that.
    if (body.length > EVENT_LIMIT_BYTES / 8 && Buffer.byteLength(JSON.stringify(event)) > EVENT_LIMIT_BYTES)
      return refuse(response, 413);
    const answer = await invoke(found.route.functionName, event);
    if (!response.headersSent && !writeAnswer(response, answer)) refuse(response, 500);
  };
}

/** Unless the request has been answered. */
function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message: STATUS_CODES[status] }));
}
