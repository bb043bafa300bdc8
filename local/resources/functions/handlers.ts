import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { FromProcess, FunctionSpec, Outcome, ToProcess } from './handler-protocol.ts';

/** Runs a function and gives its answer. Rejects with a `FunctionError` if the function fails. */
export type Invoke = (functionName: string, event: unknown) => Promise<unknown>;

/** What Lambda calls a function error: the function threw, timed out or died, or there was no room for it. */
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
  /** Changes when the process dies and is started anew. */
  pid(): number | undefined;
  setClockOffset(offsetMs: number): void;
  stop(): Promise<void>;
}

export interface HandlersOptions {
  functions: FunctionSpec[];
  clockOffsetMs: number;
  /** File that gets all that the functions log. */
  logFile: string;
  say: (line: string) => void;
  /** Called with the pid of each process started. */
  onStart?: (pid: number | undefined) => void;
  /** Aborted while no process is ready yet: starting ends, and none is started any more. */
  signal?: AbortSignal | undefined;
}

/** A process that dies at once is started again no faster than this. */
const RESTART_PAUSE_MS = 250;
/** The same complaint is repeated on the console no more often than this; the log has them all. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** Starts the process of the functions, and starts it again whenever it dies. */
export async function startHandlers(options: HandlersOptions): Promise<Handlers> {
  const say = sayOnce(options.say);
  const specs = new Map(options.functions.map((spec) => [spec.name, spec]));
  const running = new Map<string, number>();
  const pending = new Map<number, (outcome: Outcome) => void>();
  let clockOffsetMs = options.clockOffsetMs;
  let nextId = 1;
  let stopping = false;
  let child: ChildProcess;
  /** Resolved while a process takes invocations. A process that dies while it starts leaves those who wait to the next. */
  let ready = Promise.withResolvers<void>();
  let isReady = false;

  function start(): void {
    const log = openSync(options.logFile, 'a');
    child = fork(new URL('./handlers-process.ts', import.meta.url), {
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
      execArgv: [],
    });
    closeSync(log);
    options.onStart?.(child.pid);
    const started = child;
    child.on('message', (message: FromProcess) => {
      // What a process sent before its death may be read after it.
      if (message.type === 'ready' && !hasEnded(started)) {
        isReady = true;
        ready.resolve();
      }
      if (message.type === 'answer') pending.get(message.id)?.(message.outcome);
      if (message.type === 'logged-error') say(`${message.functionName} logged an error: ${message.message}`);
    });
    child.on('error', (error) => {
      say(`The handlers' process failed: ${error.message}`);
      // Node tells nothing more of a process that could not be made.
      if (started.pid === undefined) afterEnd('it could not be made');
    });
    child.on('exit', (code, signal) => afterEnd(String(signal ?? code)));
    send({ type: 'start', functions: options.functions, clockOffsetMs });
  }

  function afterEnd(how: string): void {
    for (const finish of [...pending.values()]) {
      finish({ ok: false, errorType: 'Runtime.ExitError', errorMessage: `The process ended (${how})` });
    }
    if (isReady) ready = Promise.withResolvers();
    isReady = false;
    if (stopping) {
      // Those who wait for a process find that there is none.
      ready.resolve();
      return;
    }
    options.say(`The handlers' process ended (${how}). Starting a new one.`);
    setTimeout(() => {
      if (!stopping) start();
    }, RESTART_PAUSE_MS);
  }

  function send(message: ToProcess): void {
    // The callback takes the error of a process that has just died: its exit fails what is pending.
    if (child.connected) child.send(message, () => {});
  }

  const invoke: Invoke = async (functionName, event) => {
    const spec = specs.get(functionName);
    if (!spec) throw new Error(`There is no function ${functionName} in the stack`);
    const active = running.get(functionName) ?? 0;
    if (spec.reservedConcurrency !== undefined && active >= spec.reservedConcurrency) {
      throw new FunctionError(
        'TooManyRequestsException',
        `Rate exceeded: ${functionName} runs ${active} times already`,
      );
    }
    running.set(functionName, active + 1);
    try {
      await ready.promise;
      const outcome = await call(functionName, JSON.stringify(event));
      if (outcome.ok) return JSON.parse(outcome.answer);
      say(`${functionName} failed: ${outcome.errorType}: ${outcome.errorMessage}`);
      throw new FunctionError(outcome.errorType, outcome.errorMessage);
    } finally {
      running.set(functionName, (running.get(functionName) ?? 1) - 1);
    }
  };

  function call(functionName: string, event: string): Promise<Outcome> {
    const id = nextId++;
    return new Promise<Outcome>((resolve) => {
      pending.set(id, (outcome) => {
        pending.delete(id);
        resolve(outcome);
      });
      if (hasEnded(child) || !child.connected) {
        pending.get(id)?.({ ok: false, errorType: 'Runtime.ExitError', errorMessage: 'The process ended' });
        return;
      }
      send({ type: 'invoke', id, functionName, event });
    });
  }

  async function stop(): Promise<void> {
    stopping = true;
    if (hasEnded(child)) return ready.resolve();
    send({ type: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await once(child, 'exit');
    clearTimeout(timer);
  }

  start();
  // If each process dies as it starts, none is ever ready: only this ends the wait.
  const stopNow = () => void stop();
  options.signal?.addEventListener('abort', stopNow);
  if (options.signal?.aborted) stopNow();
  await ready.promise;
  options.signal?.removeEventListener('abort', stopNow);
  return {
    invoke,
    pid: () => child.pid,
    setClockOffset(offsetMs) {
      clockOffsetMs = offsetMs;
      send({ type: 'clock', offsetMs });
    },
    stop,
  };
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function sayOnce(say: (line: string) => void): (line: string) => void {
  const saidAt = new Map<string, number>();
  return (line) => {
    const now = performance.now();
    if (now - (saidAt.get(line) ?? Number.NEGATIVE_INFINITY) < COMPLAINT_INTERVAL_MS) return;
    if (saidAt.size > 1_000) saidAt.clear();
    saidAt.set(line, now);
    say(`${line} (details in handlers.log)`);
  };
}
