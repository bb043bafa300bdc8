import type { Socket } from 'node:net';
import type { HttpTarget } from '../../../functions/core/target/target.ts';
import type { WebhookRequest } from '../../../functions/core/target/webhook.ts';
import { SECRET, testTarget } from '../../core/target/conformance.ts';
import { answer, rawReceiver } from './fixtures/receivers.ts';
import { newSender, webhook } from './fixtures/sender.ts';

const RECEIVERS: Record<string, (socket: Socket) => void> = {
  accepts: (socket) => socket.write(answer('200 OK')),
  'accepts slowly': (socket) => setTimeout(() => socket.write(answer('200 OK')), 150),
  rejects: (socket) => socket.write(answer('400 Bad Request', [`location: https://u:${SECRET}@a.example`])),
  'breaks off': (socket) => socket.destroy(),
  'says nothing': () => {},
};

testTarget<HttpTarget, WebhookRequest>({
  kind: 'http',
  port: () => newSender(),
  valid: [
    {
      written: `https://user:${SECRET}@hooks.example:8443/a?b=c`,
      shown: { kind: 'http', url: 'https://hooks.example:8443/a?b=c' },
      named: 'hooks.example:8443',
    },
    {
      written: `HTTP://${SECRET}@Hooks.example`,
      shown: { kind: 'http', url: 'HTTP://Hooks.example' },
      named: 'hooks.example',
    },
  ],
  invalid: [
    `https://user:${SECRET}@`,
    `ftp://user:${SECRET}@a.example/`,
    `https://user:${SECRET}@a..example/`,
    `https://user:${SECRET}@10.0.0.1/`,
    `https://user:${SECRET}%@a.example/`,
  ],
  async rig(receiver, maxConnections) {
    const started = await rawReceiver((socket) => RECEIVERS[receiver]?.(socket));
    // Nothing listens on port 1.
    const port = receiver === 'is not there' ? 1 : started.port;
    return {
      port: newSender({ maxConnections }),
      request: (limits) => webhook(`http://user:${SECRET}@127.0.0.1:${port}/`, limits),
      received: () => started.requests.length,
    };
  },
  forbidden: () => webhook(`http://user:${SECRET}@10.0.0.1/`),
});
