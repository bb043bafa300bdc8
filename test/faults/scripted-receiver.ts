import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK_HEADER, NUMBER_HEADER, type ReceivedRequest } from './campaign-record.ts';
import type { Choices } from './random.ts';

/** How a path answers. */
export const BEHAVIOURS = [
  /** 200. */
  'good',
  /** One of several failures now and then. */
  'flaky',
  /** A failure each time, until it recovers. */
  'dead',
  /** Good but for one 410: nothing that comes later makes up for an effect that was lost. */
  'gone',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export interface ScriptedReceiver {
  /** The URL of a path. */
  url(path: string): string;
  behave(path: string, behaviour: Behaviour): void;
  /** From now on each path is good. */
  recover(): void;
  /** Resolves when a receiver answers 410, or after so many milliseconds. */
  nextGone(limitMs: number): Promise<void>;
  requests: ReceivedRequest[];
  /** For how long no request came, in milliseconds; 0 while one is under way. */
  idleMs(): number;
  close(): Promise<void>;
}

/** The header by which the campaign's profiles say which delivery it is. */
export const DELIVERY_HEADER = 'x-delivery';

/** Longer than an attempt of the campaign's profiles may take. */
const TOO_LONG_MS = 2_600;

/** Any number of receivers, told apart by path, each of which answers as the seed and its behaviour say. */
export async function startScriptedReceiver(choices: Choices): Promise<ScriptedReceiver> {
  const behaviours = new Map<string, { behaviour: Behaviour; left: number }>();
  const requests: ReceivedRequest[] = [];
  const gone = new EventEmitter();
  let number = 0;
  let underWay = 0;
  let lastAt = performance.now();

  const server = createServer(async (incoming, outgoing) => {
    underWay += 1;
    outgoing.on('close', () => {
      underWay -= 1;
      lastAt = performance.now();
    });
    const path = incoming.url ?? '/';
    let body = '';
    try {
      for await (const chunk of incoming) body += chunk;
    } catch {
      return; // the sender died before it had sent it all
    }
    number += 1;
    const request: ReceivedRequest = {
      mark: `request-${number}`,
      at: Date.now(),
      path,
      deliveryId: String(incoming.headers[DELIVERY_HEADER]),
      number: Number(incoming.headers[NUMBER_HEADER]),
      eventMark: markOf(body),
      status: null,
    };
    requests.push(request);
    const answer = choose(path);
    if (answer.delayMs > 0) await sleep(answer.delayMs);
    if (answer.status === null || outgoing.destroyed) {
      outgoing.destroy();
      return;
    }
    // Set before it can arrive: the journal may have it before `finish` is emitted here.
    request.status = answer.status;
    outgoing.writeHead(answer.status, {
      [MARK_HEADER]: request.mark,
      ...(answer.status === 503 ? { 'retry-after': String(choices.whole(1, 8)) } : {}),
    });
    outgoing.end('ok');
    if (answer.status === 410) gone.emit('answered');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function choose(path: string): { status: number | null; delayMs: number } {
    const script = behaviours.get(path) ?? { behaviour: 'good', left: 0 };
    const delayMs = choices.chance(0.1) ? choices.whole(5, 400) : 0;
    if (script.behaviour === 'gone') {
      script.left -= 1;
      return { status: script.left === 0 ? 410 : 200, delayMs };
    }
    const fails = script.behaviour === 'dead' || (script.behaviour === 'flaky' && choices.chance(0.4));
    if (!fails) return { status: 200, delayMs };
    switch (choices.pick(['error', 'error', 'busy', 'reset', 'slow'] as const)) {
      case 'error':
        return { status: 500, delayMs };
      case 'busy':
        return { status: 503, delayMs };
      case 'reset':
        return { status: null, delayMs };
      case 'slow':
        return { status: null, delayMs: TOO_LONG_MS };
    }
  }

  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    behave(path, behaviour) {
      behaviours.set(path, { behaviour, left: behaviour === 'gone' ? choices.whole(1, 12) : 0 });
    },
    recover() {
      for (const script of behaviours.values()) script.behaviour = 'good';
    },
    nextGone: (limitMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        gone.once('answered', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    requests,
    idleMs: () => (underWay > 0 ? 0 : performance.now() - lastAt),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Each event of the campaign carries its mark in its data. */
function markOf(body: string): string {
  return /"mark":"([^"]+)"/.exec(body)?.[1] ?? '';
}
