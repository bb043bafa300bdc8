import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { V8_FLAGS } from '../../v8-flags.ts';
import { createFunctionThreads } from './function-threads.ts';
import type { FromProcess, FunctionSpec, ToProcess } from './handler-protocol.ts';

/** Runs a function and gives its answer. Rejects with a `FunctionError` if the function fails. */
export type Invoke = (functionName: string, event: unknown) => Promise<unknown>;

/** What Lambda calls a function error: the function threw, timed out or died. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

export interface Handlers {
  invoke: Invoke;
  /** Resolves once all functions read that time: their invocations take another way, and could be sooner. */
  setClockOffset(offsetMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface HandlersOptions {
  functions: FunctionSpec[];
  clockOffsetMs: number;
  /** File that gets all that the functions log. */
  logFile: string;
  /** Where their threads connect to this process. */
  socketPath: string;
  say: (line: string) => void;
  /** Called with the pid of each process started. */
  onStart?: (pid: number | undefined) => void;
  /** Aborted while no process is ready yet: starting ends, and none is started any more. */
  signal?: AbortSignal | undefined;
}

/** Of each function's thread. V8 lets a heap grow by the more garbage before it collects, the further off its limit is. */
const HEAP_MB = 768;
/** A process that dies at once is started again no faster than this. */
const RESTART_PAUSE_MS = 250;
/** The same complaint is repeated on the console no more often than this; the log has them all. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** Starts the process of the functions, and starts it again whenever it dies. */
export async function startHandlers(options: HandlersOptions): Promise<Handlers> {
  const threads = await createFunctionThreads(options.socketPath, send);
  const specs = new Map(options.functions.map((spec) => [spec.name, spec]));
  const said = new LRUCache<string, true>({ max: 1_000, ttl: COMPLAINT_INTERVAL_MS });
  let clockOffsetMs = options.clockOffsetMs;
  let stopping = false;
  let child: ChildProcess;
  /** Resolved while a process takes invocations. A process that dies while it starts leaves those who wait to the next. */
  let ready = Promise.withResolvers<void>();
  let isReady = false;
  /** Those who wait until the process has the test clock's time. */
  const settings: (() => void)[] = [];

  async function supervise(): Promise<void> {
    while (!stopping) {
      const how = await runProcess();
      threads.allEnded(`The process ended (${how})`);
      // The next one starts with that time.
      for (const isSet of settings.splice(0)) isSet();
      if (isReady) ready = Promise.withResolvers();
      isReady = false;
      if (stopping) break;
      options.say(`The handlers' process ended (${how}). Starting a new one.`);
      await sleep(RESTART_PAUSE_MS);
    }
    // Those who wait for a process find that there is none.
    ready.resolve();
  }

  /** Gives how the process ended. */
  async function runProcess(): Promise<string> {
    const log = openSync(options.logFile, 'a');
    child = fork(new URL('./handlers-process.ts', import.meta.url), {
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
      // As this process has them: the bench starts it without, because functions have V8's own rules in Lambda.
      execArgv: [...V8_FLAGS.filter((flag) => process.execArgv.includes(flag)), `--max-old-space-size=${HEAP_MB}`],
    });
    closeSync(log);
    options.onStart?.(child.pid);
    const ended = new Promise<string>((resolve) => {
      child.on('exit', (code, signal) => resolve(String(signal ?? code)));
      child.on('error', (error) => {
        options.say(`The handlers' process failed: ${error.message}`);
        // Node tells nothing more of a process that could not be made.
        if (child.pid === undefined) resolve('it could not be made');
      });
    });
    child.on('message', (message: FromProcess) => {
      if (message.type === 'ready') {
        isReady = true;
        ready.resolve();
      }
      if (message.type === 'clock-set') settings.shift()?.();
      if (message.type === 'thread-ended') threads.ended(message.threadId, message.how);
      if (message.type === 'logged-error') complain(`${message.functionName} logged an error: ${message.message}`);
    });
    const { functions, socketPath } = options;
    send({ type: 'start', functions, socketPath, clockOffsetMs });
    const how = await ended;
    // What a process sent before its death may be read after it.
    child.removeAllListeners('message');
    return how;
  }

  function send(message: ToProcess): void {
    // The callback takes the error of a process that has just died: its end fails what is pending.
    if (child.connected) child.send(message, () => {});
  }

  function complain(line: string): void {
    if (said.has(line)) return;
    said.set(line, true);
    options.say(`${line} (details in handlers.log)`);
  }

  const invoke: Invoke = async (functionName, event) => {
    const spec = specs.get(functionName);
    if (spec === undefined) throw new Error(`There is no function ${functionName} in the stack`);
    await ready.promise;
    if (!isReady || !child.connected) throw new FunctionError('Runtime.ExitError', 'The process ended');
    const outcome = await threads.invoke(spec, event);
    if (outcome.ok) return outcome.answer;
    complain(`${functionName} failed: ${outcome.errorType}: ${outcome.errorMessage}`);
    throw new FunctionError(outcome.errorType, outcome.errorMessage);
  };

  const supervising = supervise();
  async function stop(): Promise<void> {
    stopping = true;
    child.kill('SIGKILL');
    await supervising;
    threads.close();
  }
  // If each process dies as it starts, none is ever ready: only this ends the wait.
  const stopNow = () => void stop();
  options.signal?.addEventListener('abort', stopNow);
  if (options.signal?.aborted) stopNow();
  await ready.promise;
  options.signal?.removeEventListener('abort', stopNow);
  return {
    invoke,
    async setClockOffset(offsetMs) {
      clockOffsetMs = offsetMs;
      if (!child.connected) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      settings.push(resolve);
      send({ type: 'clock', offsetMs });
      await promise;
    },
    stop,
  };
}
