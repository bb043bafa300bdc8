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
import type { FromProcess, FunctionSpec, ThreadData, ToProcess } from './handler-protocol.ts';

const { NODE_COMPILE_CACHE } = process.env;
/** Of all that a thread has in its environment, the one thing that the function's does not say. */
const COMPILE_CACHE = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

const specs = new Map<string, FunctionSpec>();
const workers = new Map<number, Worker>();
const clock: ClockBuffer = createClockBuffer(0);
let socketPath = '';

const send = (message: FromProcess) => void process.send?.(message);

process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'start':
      setClockOffsetMs(clock, message.clockOffsetMs);
      for (const spec of message.functions) specs.set(spec.name, spec);
      socketPath = message.socketPath;
      send({ type: 'ready' });
      return;
    case 'start-thread':
      startThread(message.threadId, message.functionName);
      return;
    case 'end-thread':
      void workers.get(message.threadId)?.terminate();
      return;
    case 'clock':
      setClockOffsetMs(clock, message.offsetMs);
      send({ type: 'clock-set' });
  }
});
// The runner decides when to end: on Ctrl-C the terminal signals both, and invocations that run may finish.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

function startThread(threadId: number, functionName: string): void {
  const spec = specs.get(functionName);
  if (!spec) throw new Error(`There is no function ${functionName}`);
  const data: ThreadData = { threadId, spec, socketPath, clock };
  const worker = new Worker(new URL('./handler-thread.ts', import.meta.url), {
    workerData: data,
    // How the bench knows its CPU from that of the thread which starts it.
    name: 'function',
    env: { ...COMPILE_CACHE, ...spec.env },
    stdout: true,
    stderr: true,
  });
  workers.set(threadId, worker);
  let failed: Error | undefined;
  worker.on('error', (error) => {
    console.error(JSON.stringify({ function: functionName, errorType: error.name, stack: error.stack?.split('\n') }));
    failed = error;
  });
  worker.on('exit', (code) => {
    workers.delete(threadId);
    send({ type: 'thread-ended', threadId, how: failed?.message ?? `The function's thread exited with ${code}` });
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: worker[stream] }).on('line', (line) => {
      process[stream].write(`${line}\n`);
      // What a handler logs as an error is worth a line on the runner's console.
      if (!line.includes('"level":"ERROR"')) return;
      const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line.slice(0, 200);
      send({ type: 'logged-error', functionName, message });
    });
  }
}
