import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import {
  type FromThread,
  type FunctionSpec,
  type Outcome,
  onLine,
  type ToProcess,
  type ToThread,
} from './handler-protocol.ts';

/** The functions' threads as the runner sees them: which of them takes a function's invocations, and what runs in each. */
export interface FunctionThreads {
  invoke(spec: FunctionSpec, event: unknown): Promise<Outcome>;
  ended(threadId: number, how: string): void;
  /** The process of all threads is gone. */
  allEnded(how: string): void;
  close(): void;
}

interface Thread {
  id: number;
  functionName: string;
  /** Null until it has connected; what is sent to it waits in `unsent` until then. */
  socket: Socket | null;
  unsent: string[];
  /** The bundle is there, or has had its time: from now on an invocation's own time runs. */
  loaded: PromiseWithResolvers<void>;
  /** How to end each that runs. */
  invocations: Map<number, (outcome: Outcome) => void>;
  /** A timed-out invocation still runs in it: it takes no more, and ends with its last one. */
  retired: boolean;
}

/** Lambda's limit for loading a function, which its own timeout does not count. */
const INIT_LIMIT_MS = 10_000;

/**
 * @param socketPath where threads are to connect
 * @param command tells the threads' process to start or to end one
 */
export async function createFunctionThreads(
  socketPath: string,
  command: (message: ToProcess) => void,
): Promise<FunctionThreads> {
  const threads = new Map<number, Thread>();
  /** The one of each function that takes invocations. */
  const current = new Map<string, Thread>();
  let lastId = 0;

  const server = createServer((socket) => {
    let thread: Thread | undefined;
    // That a thread is gone is told by its process.
    socket.on('error', () => {});
    onLine(socket, (line) => {
      const message: FromThread = JSON.parse(line);
      if (message.type === 'connected') {
        thread = threads.get(message.threadId);
        connected(thread, socket);
      } else if (message.type === 'loaded') thread?.loaded.resolve();
      else thread?.invocations.get(message.id)?.(message.outcome);
    });
  });
  // What a runner that was killed has left.
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));

  function connected(thread: Thread | undefined, socket: Socket): void {
    if (thread === undefined) return void socket.destroy();
    thread.socket = socket;
    for (const line of thread.unsent.splice(0)) socket.write(line);
  }

  function startThread(functionName: string): Thread {
    lastId += 1;
    const loaded = Promise.withResolvers<void>();
    setTimeout(loaded.resolve, INIT_LIMIT_MS).unref();
    const invocations: Thread['invocations'] = new Map();
    const thread = { id: lastId, functionName, socket: null, unsent: [], loaded, invocations, retired: false };
    threads.set(thread.id, thread);
    current.set(functionName, thread);
    command({ type: 'start-thread', threadId: thread.id, functionName });
    return thread;
  }

  function retire(thread: Thread): void {
    thread.retired = true;
    if (current.get(thread.functionName) === thread) current.delete(thread.functionName);
  }

  function fail(thread: Thread, errorMessage: string): void {
    retire(thread);
    threads.delete(thread.id);
    for (const finish of thread.invocations.values())
      finish({ ok: false, errorType: 'Runtime.ExitError', errorMessage });
  }

  return {
    invoke({ name, timeoutMs }, event) {
      const thread = current.get(name) ?? startThread(name);
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      lastId += 1;
      const id = lastId;
      let timer: NodeJS.Timeout | undefined;
      const finish = (outcome: Outcome) => {
        if (!thread.invocations.delete(id)) return;
        clearTimeout(timer);
        resolve(outcome);
        if (thread.retired && thread.invocations.size === 0) command({ type: 'end-thread', threadId: thread.id });
      };
      const timeOut = () => {
        retire(thread);
        const seconds = (timeoutMs / 1000).toFixed(2);
        finish({ ok: false, errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` });
      };
      thread.invocations.set(id, finish);
      void thread.loaded.promise.then(() => {
        if (thread.invocations.has(id)) timer = setTimeout(timeOut, timeoutMs);
      });
      const line = `${JSON.stringify({ id, event } satisfies ToThread)}\n`;
      if (thread.socket === null) thread.unsent.push(line);
      else thread.socket.write(line);
      return promise;
    },

    ended(threadId, how) {
      const thread = threads.get(threadId);
      if (thread === undefined) return;
      // What it answered before its end is read first.
      if (thread.socket === null || thread.socket.closed) fail(thread, how);
      else thread.socket.once('close', () => fail(thread, how));
    },

    allEnded(how) {
      for (const thread of threads.values()) fail(thread, how);
    },

    close: () => void server.close(),
  };
}
