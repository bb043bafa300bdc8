/**
 * The process in which all functions run, each in a thread of its own with its own environment. It is apart from the
 * emulators so that its CPU time is the handlers' alone, and so that it can be killed to see what survives.
 *
 * Unlike in Lambda, one thread takes the concurrent invocations of its function together (as Lambda Managed Instances do):
 * a process for each would need gigabytes. Module state must therefore bear concurrent use.
 */
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { type ClockBuffer, createClockBuffer, setClockOffsetMs } from '../../clock.ts';
import type {
  FromProcess,
  FromThread,
  FunctionSpec,
  Outcome,
  ThreadData,
  ToProcess,
  ToThread,
} from './handler-protocol.ts';

interface Thread {
  worker: Worker;
  /** The bundle is there, or has had its time: from now on an invocation's own time runs. */
  loaded: Promise<void>;
  /** How to end each that runs. */
  invocations: Map<number, (outcome: Outcome) => void>;
  /** A timed-out invocation still runs in it: it takes no more, and ends with its last one. */
  retired: boolean;
}

/** Lambda's limit for loading a function, which its own timeout does not count. */
const INIT_LIMIT_MS = 10_000;

const { NODE_COMPILE_CACHE } = process.env;
/** Of all that a thread has in its environment, the one thing that the function's does not say. */
const COMPILE_CACHE = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

const specs = new Map<string, FunctionSpec>();
const threads = new Map<string, Thread>();
const clock: ClockBuffer = createClockBuffer(0);

const send = (message: FromProcess) => void process.send?.(message);

process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'start':
      setClockOffsetMs(clock, message.clockOffsetMs);
      for (const spec of message.functions) specs.set(spec.name, spec);
      send({ type: 'ready' });
      return;
    case 'invoke':
      invoke(message.id, message.functionName, message.event);
      return;
    case 'clock':
      setClockOffsetMs(clock, message.offsetMs);
  }
});
// The runner decides when to end: on Ctrl-C the terminal signals both, and invocations that run may finish.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

function invoke(id: number, functionName: string, event: string): void {
  const spec = specs.get(functionName);
  if (!spec) throw new Error(`There is no function ${functionName}`);
  const thread = threads.get(functionName) ?? startThread(spec);
  const { worker, invocations } = thread;
  let timer: NodeJS.Timeout | undefined;
  const finish = (outcome: Outcome) => {
    if (!invocations.delete(id)) return;
    clearTimeout(timer);
    send({ type: 'answer', id, outcome });
    if (thread.retired && invocations.size === 0) void worker.terminate();
  };
  const timeOut = () => {
    retire(thread, functionName);
    const seconds = (spec.timeoutMs / 1000).toFixed(2);
    finish({ ok: false, errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` });
  };
  invocations.set(id, finish);
  void thread.loaded.then(() => {
    if (invocations.has(id)) timer = setTimeout(timeOut, spec.timeoutMs);
  });
  worker.postMessage({ id, event } satisfies ToThread);
}

function retire(thread: Thread, functionName: string): void {
  thread.retired = true;
  if (threads.get(functionName) === thread) threads.delete(functionName);
}

function startThread(spec: FunctionSpec): Thread {
  const data: ThreadData = { spec, clock };
  const worker = new Worker(new URL('./handler-thread.ts', import.meta.url), {
    workerData: data,
    // How the bench knows its CPU from that of the thread which passes events.
    name: 'function',
    env: { ...COMPILE_CACHE, ...spec.env },
    stdout: true,
    stderr: true,
  });
  const loaded = Promise.withResolvers<void>();
  setTimeout(loaded.resolve, INIT_LIMIT_MS).unref();
  const thread: Thread = { worker, loaded: loaded.promise, invocations: new Map(), retired: false };
  threads.set(spec.name, thread);
  worker.on('message', (message: FromThread) => {
    if (message === 'loaded') loaded.resolve();
    else thread.invocations.get(message.id)?.(message.outcome);
  });
  const fail = (errorMessage: string) => {
    retire(thread, spec.name);
    for (const finish of thread.invocations.values())
      finish({ ok: false, errorType: 'Runtime.ExitError', errorMessage });
  };
  worker.on('error', (error) => {
    console.error(JSON.stringify({ function: spec.name, errorType: error.name, stack: error.stack?.split('\n') }));
    fail(error.message);
  });
  worker.on('exit', (code) => fail(`The function's thread exited with ${code}`));
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: worker[stream] }).on('line', (line) => {
      process[stream].write(`${line}\n`);
      // What a handler logs as an error is worth a line on the runner's console.
      if (!line.includes('"level":"ERROR"')) return;
      const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line.slice(0, 200);
      send({ type: 'logged-error', functionName: spec.name, message });
    });
  }
  return thread;
}
