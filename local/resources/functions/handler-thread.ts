/** One function of the stack: loads its bundle as Lambda's runtime does and runs what it is given. */
import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { connect } from 'node:net';
import { workerData } from 'node:worker_threads';
import { installClock } from '../../clock.ts';
import { type FromThread, type Outcome, onLine, type ThreadData, type ToThread } from './handler-protocol.ts';

const { threadId, spec, socketPath, clock }: ThreadData = workerData;
installClock(clock);
const socket = connect(socketPath);
const lineOf = (message: FromThread): string => `${JSON.stringify(message)}\n`;
const send = (message: FromThread) => void socket.write(lineOf(message));
send({ type: 'connected', threadId });

type Handler = (event: unknown, context: object) => unknown;
const loading: Promise<Handler> = import(spec.entry).then((bundle: Record<string, unknown>) => {
  const handler = bundle[spec.exportName];
  if (typeof handler !== 'function') throw new Error(`${spec.entry} does not export a function "${spec.exportName}"`);
  return (event, context) => handler(event, context);
});
const loaded = () => {
  send({ type: 'loaded' });
  // A process that is killed would keep nothing.
  flushCompileCache();
};
// That it could not be loaded is told by the invocations.
loading.then(loaded, loaded);

onLine(socket, async (line) => {
  const { id, event }: ToThread = JSON.parse(line);
  socket.write(await invoke(id, event));
});

/** The line that answers. What is no JSON is the function's failure, too. */
async function invoke(id: number, event: unknown): Promise<string> {
  const answered = (outcome: Outcome) => lineOf({ type: 'answer', id, outcome });
  try {
    const handler = await loading;
    const answer = await handler(event, context());
    return answered({ ok: true, answer: answer ?? null });
  } catch (error) {
    const errorType = error instanceof Error ? error.name : 'Error';
    const errorMessage = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack?.split('\n') : undefined;
    console.error(JSON.stringify({ function: spec.name, errorType, errorMessage, stack }));
    return answered({ ok: false, errorType, errorMessage });
  }
}

function context(): object {
  // Not by Date: the test clock may jump while the function runs, and that takes no time from it.
  const startedAt = performance.now();
  return {
    functionName: spec.name,
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => Math.max(0, Math.round(spec.timeoutMs - (performance.now() - startedAt))),
  };
}
