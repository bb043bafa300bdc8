import { Worker } from 'node:worker_threads';
import { StartError } from '../errors.ts';
import type { EmulatorOptions, FromEmulator, ToEmulator } from './emulator-thread.ts';
import type { Emulator, SqsAnswer } from './sqs.ts';

/** An emulator in a thread of its own. */
export interface EmulatorThread extends Emulator {
  /** Asks SQS's thread without HTTP, which takes most of a call's CPU. Each call is tried once. */
  call(operation: string, input: unknown): Promise<unknown>;
}

/**
 * Starts an emulator in a thread of its own, so that the two of them, the poller and the receiver share both cores.
 * @param onDeath called when the thread ends without having been asked to
 */
export async function startEmulator(
  options: EmulatorOptions,
  onDeath: (error: Error) => void,
): Promise<EmulatorThread> {
  const thread = new Worker(new URL('./emulator-thread.ts', import.meta.url), {
    workerData: options,
    name: options.kind,
  });
  const started = Promise.withResolvers<string>();
  const pending = new Map<number, (answer: SqsAnswer) => void>();
  let lastId = 0;
  thread.on('message', (message: FromEmulator) => {
    if ('url' in message) return started.resolve(message.url);
    pending.get(message.id)?.(message.answer);
    pending.delete(message.id);
  });
  thread.on('error', (error: Error) => {
    // An error keeps its name on its way out of the thread, not its class.
    if (error.name === 'StartError') return started.reject(new StartError(error.message));
    const named = new Error(`The ${options.kind} emulator died`, { cause: error });
    started.reject(named);
    onDeath(named);
  });
  return {
    url: await started.promise,
    async call(operation, input) {
      if (options.kind !== 'sqs') throw new Error(`The emulator of ${options.kind} is asked by HTTP alone`);
      lastId += 1;
      const { promise, resolve } = Promise.withResolvers<SqsAnswer>();
      pending.set(lastId, resolve);
      thread.postMessage({ id: lastId, operation, input } satisfies ToEmulator);
      const { status, body } = await promise;
      if (status !== 200) throw new Error(`${operation} was answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    // Both stores survive the death of their thread, as they survive that of the process.
    close: async () => void (await thread.terminate()),
  };
}
