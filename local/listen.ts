import type { Server } from 'node:http';
import { hasCode, StartError } from './errors.ts';

/** Longer than the SDK keeps an idle socket, so that no request meets a socket which the server is just closing. */
export const KEEP_ALIVE_MS = 65_000;

/**
 * Listens on 127.0.0.1 and gives the address. Port 0 picks a free one.
 * @param option the command line option that moves the port, named when it is taken
 */
export async function listenOnLoopback(server: Server, port: number, option: string): Promise<string> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      if (hasCode(error, 'EADDRINUSE')) reject(portTaken(port, option));
      // Below 1024, for all but root.
      else if (hasCode(error, 'EACCES')) reject(new StartError(`Port ${port} needs root's rights. ${another(option)}`));
      else reject(error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return addressOf(server);
}

export function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a TCP port');
  return `http://127.0.0.1:${address.port}`;
}

function portTaken(port: number, option: string): StartError {
  return new StartError(`Port ${port} is taken. ${another(option)}`);
}

function another(option: string): string {
  return `Choose another one with ${option} N (0 picks a free one).`;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
