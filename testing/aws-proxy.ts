import type { ServerResponse } from 'node:http';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { buffer as readBuffer } from 'node:stream/consumers';

export interface ProxiedCall {
  /** `BatchGetItem`, `ReceiveMessage`. */
  operation: string;
  body: Buffer;
  /** Whether the caller gave up. */
  isAbandoned(): boolean;
  /** Calls back once the answer is sent, or the caller gave up. */
  onEnd(ended: () => void): void;
}

export interface ProxiedAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Asks the emulator, with this body for the call's own. Null if the caller hung up or the emulator broke off. */
export type Pass = (body: Buffer) => Promise<ProxiedAnswer | null>;

/**
 * Stands before an emulator of SQS or DynamoDB.
 * @param treat decides what a call is answered; null breaks its connection
 */
export function createAwsProxy(
  emulatorUrl: string,
  treat: (call: ProxiedCall, pass: Pass) => Promise<ProxiedAnswer | null>,
): Server {
  const { hostname, port } = new URL(emulatorUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });

  function pass(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<ProxiedAnswer | null> {
    return new Promise((resolve) => {
      const headers = { ...incoming.headers, 'content-length': body.length };
      const upstream = httpRequest({ hostname, port, method: incoming.method, path: incoming.url, headers, agent });
      upstream.on('error', () => resolve(null));
      // A receiver that hangs up while it waits must not go on waiting behind the proxy.
      outgoing.on('close', () => outgoing.writableFinished || upstream.destroy());
      upstream.on('response', (response) => {
        readBuffer(response).then(
          (answer) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: answer }),
          () => resolve(null),
        );
      });
      upstream.end(body);
    });
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<ProxiedAnswer | null> {
    const target = String(incoming.headers['x-amz-target'] ?? '');
    const call: ProxiedCall = {
      operation: target.slice(target.indexOf('.') + 1),
      body: await readBuffer(incoming),
      isAbandoned: () => outgoing.destroyed,
      onEnd: (ended) => outgoing.on('close', ended),
    };
    return treat(call, (body) => pass(incoming, body, outgoing));
  }

  const server = createServer(async (incoming, outgoing) => {
    const given = await answer(incoming, outgoing).catch((error: unknown) => {
      // The caller went away; anything else is a fault of the proxy.
      if (!incoming.destroyed || incoming.complete) console.error(error);
      return null;
    });
    if (given === null) {
      outgoing.destroy();
      return;
    }
    const { 'transfer-encoding': _, ...headers } = given.headers;
    outgoing.writeHead(given.status, { ...headers, 'content-length': given.body.length });
    outgoing.end(given.body);
  });
  server.on('close', () => agent.destroy());
  return server;
}
