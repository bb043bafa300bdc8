import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as the receiver saw it. */
interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
}

type Answer = (request: Seen, response: ServerResponse) => void;

/** Answers of receivers that are asked whether they want to be one, by path. */
const ANSWERS: Record<string, Answer> = {
  '/hook-secret': ({ headers }, response) => {
    const secret = headers['x-hook-secret'];
    if (typeof secret === 'string') response.setHeader('x-hook-secret', secret);
    response.end();
  },
  '/hook-secret-then-500': ({ headers }, response) => {
    const secret = headers['x-hook-secret'];
    if (typeof secret === 'string') response.setHeader('x-hook-secret', secret).end();
    else response.writeHead(500).end();
  },
  '/hook-secret-wrong': (_, response) => response.setHeader('x-hook-secret', 'something else').end(),
  '/hook-secret-refused': (_, response) => response.writeHead(403).end(),
  '/echo': ({ url }, response) => response.end(new URL(url, 'http://receiver').searchParams.get('echo') ?? ''),
  '/echo-wrong': (_, response) => response.end('hello'),
  // "Never infer consent from the status": it is an error, and still a permission.
  '/origin-any': (_, response) => response.writeHead(405, { 'webhook-allowed-origin': '*' }).end(),
  '/origin-other': (_, response) => response.setHeader('webhook-allowed-origin', 'elsewhere.example').end(),
};

/** A receiver that takes part in handshakes; at any other path it answers 200 and says nothing. */
export async function startHandshakeReceiver() {
  const seen = new Map<string, Seen[]>();
  const server = createServer((incoming, response) => {
    const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers };
    const path = request.url.split('?', 1)[0] ?? '';
    seen.set(path, [...(seen.get(path) ?? []), request]);
    incoming.resume();
    incoming.on('end', () => {
      const answer = ANSWERS[path];
      if (answer === undefined) response.end();
      else answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen: (path: string) => seen.get(path) ?? [],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
