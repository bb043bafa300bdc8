import type { Server } from 'node:http';
import dynalite from 'dynalite';
import db from 'dynalite/db/index.js';
import { closeServer, listenOnLoopback } from '../listen.ts';
import { createStore } from './dynamodb-store.ts';
import { refusePages } from './refuse-pages.ts';
import type { Emulator } from './sqs.ts';

db.create = createStore;

/** Starts DynamoDB on 127.0.0.1, with its tables in SQLite at `dir` (in memory without it). */
export async function startDynamoDb(options: { port: number; dir?: string }): Promise<Emulator> {
  const server: Server = dynalite({ ...(options.dir && { path: options.dir }) });
  // Its own listener throws when a client goes away in the middle of a request, as handlers that are killed do.
  server.on('request', (request) => {
    request.removeAllListeners('error');
    request.on('error', () => request.destroy());
  });
  refusePages(server);
  const url = await listenOnLoopback(server, options.port, '--dynamodb-port');
  return { url, close: () => closeServer(server) };
}
