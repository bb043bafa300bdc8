import type { Server } from 'node:http';
import dynalite from 'dynalite';
import { closeServer, listenOnLoopback } from '../listen.ts';
import type { Emulator } from './sqs.ts';

/** Starts DynamoDB on 127.0.0.1, with its tables in LevelDB at `dir` (in memory without it). */
export async function startDynamoDb(options: { port: number; dir?: string }): Promise<Emulator> {
  const server: Server = dynalite({ createTableMs: 0, ...(options.dir && { path: options.dir }) });
  // Its own listener throws when a client goes away in the middle of a request, as handlers that are killed do.
  server.on('request', (request) => {
    request.removeAllListeners('error');
    request.on('error', () => request.destroy());
  });
  const url = await listenOnLoopback(server, options.port, '--dynamodb-port');
  return { url, close: () => closeServer(server) };
}
