import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../errors.ts';
import { FunctionError, type Invoke } from '../functions/handlers.ts';
import type { ApiPlan, Route } from './api.ts';
import { encodeBody, splitUrl, toEvent, writeAnswer } from './gateway-event.ts';
import { createRouter } from './routes.ts';

/** Largest request body of an HTTP API. */
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;

const MESSAGES: Record<number, string> = {
  404: 'Not Found',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export interface Gateway {
  server: Server;
  /** Until then every request is answered 503. */
  open(api: ApiPlan, invoke: Invoke): void;
}

/** An API Gateway HTTP API. Its port can be taken before the stack is known, so that a taken one is seen at once. */
export function createGateway(say: (line: string) => void): Gateway {
  let serve: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
  const server = createServer((request, response) => {
    if (!serve) return refuse(response, 503);
    serve(request, response).catch((error: unknown) => {
      say(`${request.method} ${request.url} failed: ${messageOf(error)}`);
      if (!response.headersSent) refuse(response, 500);
    });
  });
  return {
    server,
    open(api, invoke) {
      serve = createServe(api, invoke);
    },
  };
}

function createServe(api: ApiPlan, invoke: Invoke) {
  const match = createRouter(api.routes);

  return async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    response.setHeader('apigw-requestid', requestId);
    const body = await readBody(incoming);
    if (!body) return refuse(response, 413);
    const found = match(incoming.method ?? 'GET', splitUrl(incoming.url).rawPath);
    if (!found) return refuse(response, 404);

    const event = toEvent(api, incoming, found, requestId);
    await answer(found.route, { ...event, ...encodeBody(body, event.headers['content-type'] ?? '') }, response);
  };

  async function answer(route: Route, event: object, response: ServerResponse): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), route.timeoutMs);
    });
    try {
      const result = await Promise.race([invoke(route.functionName, event), late]);
      if (result === 'late') return refuse(response, 503);
      if (!writeAnswer(response, result)) refuse(response, 500);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      refuse(response, error.errorType === 'TooManyRequestsException' ? 503 : 500);
    } finally {
      clearTimeout(timer);
    }
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message: MESSAGES[status] ?? 'Error' }));
}

/** The whole body, or undefined if it is too large; that one is read to its end, so that the client sees the answer. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length <= BODY_LIMIT_BYTES) chunks.push(chunk);
  }
  return length <= BODY_LIMIT_BYTES ? Buffer.concat(chunks) : undefined;
}
