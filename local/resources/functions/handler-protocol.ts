import type { Socket } from 'node:net';
import type { ClockBuffer } from '../../clock.ts';

/** A function of the stack, as its process needs to know it. */
export interface FunctionSpec {
  name: string;
  arn: string;
  /** File URL of the bundle. */
  entry: string;
  /** The name that the bundle exports. */
  exportName: string;
  timeoutMs: number;
  memoryMb: number;
  env: Record<string, string>;
}

/** Runner to process, which only starts and ends threads: they take their invocations from the runner itself, at `socketPath`. */
export type ToProcess =
  | { type: 'start'; functions: FunctionSpec[]; socketPath: string; clockOffsetMs: number }
  | { type: 'start-thread'; threadId: number; functionName: string }
  | { type: 'end-thread'; threadId: number }
  | { type: 'clock'; offsetMs: number };
export type FromProcess =
  | { type: 'ready' }
  | { type: 'clock-set' }
  | { type: 'thread-ended'; threadId: number; how: string }
  | { type: 'logged-error'; functionName: string; message: string };

/** Process to the thread of one function. */
export interface ThreadData {
  threadId: number;
  spec: FunctionSpec;
  socketPath: string;
  clock: ClockBuffer;
}

/** Runner to thread, by the thread's connection: a line of JSON each, as what comes back. */
export interface ToThread {
  id: number;
  event: unknown;
}
/** `connected` comes first. `loaded`, once: the bundle has been loaded, or could not be. */
export type FromThread =
  | { type: 'connected'; threadId: number }
  | { type: 'loaded' }
  | { type: 'answer'; id: number; outcome: Outcome };
export type Outcome = { ok: true; answer: unknown } | { ok: false; errorType: string; errorMessage: string };

/** Takes each line that comes. Not by `readline`, which ends a line also at U+2028, and JSON may have that in its texts. */
export function onLine(socket: Socket, take: (line: string) => void): void {
  let begun: string[] = [];
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const [first = '', ...others] = chunk.split('\n');
    begun.push(first);
    for (const next of others) {
      take(begun.join(''));
      begun = [next];
    }
  });
}
