import type { Server } from 'node:http';

/**
 * Refuses what a page in a browser sends, which alone names an origin. dynalite lets pages of every origin read and write (CORS),
 * and a page whose own name leads to 127.0.0.1 needs no such leave. Call it once the server has its listeners.
 */
export function refusePages(server: Server): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.headers.origin !== undefined) response.writeHead(403).end();
    else for (const listener of listeners) listener.call(server, request, response);
  });
}
