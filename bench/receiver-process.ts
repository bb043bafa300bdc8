/** A receiver that does nothing but answer and note when what arrived, but for two paths: one hangs, one fails. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { listenOnLoopback } from '../local/listen.ts';
import { answerParent } from './child.ts';
import { sharedClockMs } from './clock.ts';
import { FAILS, HANGS, REFERENCE } from './example-event.ts';

export interface ReceiverAnswer {
  url: string;
  /** Different deliveries, and how often one of them came again. */
  distinct: number;
  repeated: number;
  /** Requests that were answered 500. */
  failed: number;
  /** All that came over the wire, headers included. */
  bytes: number;
  /** When each first came, by path and reference; by the shared clock. Only if asked for. */
  arrivals: Map<string, number> | null;
}

const arrivals = new Map<string, number>();
const sockets = new Set<Socket>();
let repeated = 0;
let failed = 0;
let closedBytes = 0;

/** As a usual receiver answers: these headers and this body are kept with the attempt. */
const HEADERS = { 'content-type': 'application/json', server: 'nginx' };
const BODY = '{"ok":true}';

const server = createServer(async (request, response) => {
  // The sender may break off.
  const body = await readText(request).catch(() => null);
  if (body === null) return;
  if (request.url === HANGS) return;
  if (request.url === FAILS) {
    failed += 1;
    response.writeHead(500, HEADERS).end(BODY);
    return;
  }
  const now = sharedClockMs();
  const key = `${request.url} ${REFERENCE.exec(body)?.[1] ?? ''}`;
  if (request.url !== '/bare') {
    if (arrivals.has(key)) repeated += 1;
    else arrivals.set(key, now);
  }
  response.writeHead(200, HEADERS);
  response.end(BODY);
});
server.on('connection', (socket: Socket) => {
  sockets.add(socket);
  socket.on('close', () => {
    sockets.delete(socket);
    closedBytes += socket.bytesRead;
  });
});
const url = await listenOnLoopback(server, 0, '');

answerParent((question: 'count' | 'arrivals'): ReceiverAnswer => {
  const bytes = [...sockets].reduce((sum, socket) => sum + socket.bytesRead, closedBytes);
  return { url, distinct: arrivals.size, repeated, failed, bytes, arrivals: question === 'arrivals' ? arrivals : null };
});
