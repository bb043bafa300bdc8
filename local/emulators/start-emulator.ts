import { Worker } from 'node:worker_threads';
import { StartError } from '../errors.ts';
import type { EmulatorOptions } from './emulator-thread.ts';
import type { Emulator } from './sqs.ts';

/**
 * Starts an emulator in a thread of its own, so that the two of them, the poller and the receiver share both cores.
 * @param onDeath called when the thread ends without having been asked to
 */
export async function startEmulator(options: EmulatorOptions, onDeath: (error: Error) => void): Promise<Emulator> {
  const thread = new Worker(new URL('./emulator-thread.ts', import.meta.url), {
    workerData: options,
    name: options.kind,
  });
  const url = await new Promise<string>((resolve, reject) => {
    thread.once('message', resolve);
    thread.on('error', (error: Error) => {
      // An error keeps its name on its way out of the thread, not its class.
      if (error.name === 'StartError') return reject(new StartError(error.message));
      const named = new Error(`The ${options.kind} emulator died`, { cause: error });
      reject(named);
      onDeath(named);
    });
  });
  // Both stores survive the death of their thread, as they survive that of the process.
  return { url, close: async () => void (await thread.terminate()) };
}
