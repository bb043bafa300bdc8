import { createServer, type Socket } from 'node:net';

/** What goes wrong, by the path that is asked for. */
const FAULTS: Record<string, (socket: Socket, count: number) => void> = {
  '/reset': (socket) => socket.resetAndDestroy(),
  '/closed': (socket) => socket.destroy(),
  '/cut-off': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it'),
  '/not-http': (socket) => socket.end('SSH-2.0-OpenSSH_9.7\r\n\r\n'),
  '/two-lengths': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'),
  '/hang-once': (socket, count) => {
    if (count > 1) accept(socket);
  },
};

function accept(socket: Socket): void {
  socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

/** A receiver that fails below HTTP. `counts`: complete requests by path; an unknown path gets 200. */
export async function startFaultyReceiver() {
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The sender may be gone before the answer is.
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const [head = '', body] = text.split('\r\n\r\n', 2);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (body === undefined || body.length < length) return;
      const path = head.split(' ', 2)[1] ?? '';
      counts.set(path, (counts.get(path) ?? 0) + 1);
      text = '';
      const fault = FAULTS[path] ?? accept;
      fault(socket, counts.get(path) ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    counts,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
