import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type ClockBuffer, installClock } from '../clock.ts';
import type { SqsAnswer } from './sqs.ts';

export interface EmulatorOptions {
  kind: 'sqs' | 'dynamodb';
  port: number;
  dir: string;
  clock: ClockBuffer;
}

/** To SQS's thread: an operation, which is answered as a request by HTTP would be. */
export interface ToEmulator {
  id: number;
  operation: string;
  input: unknown;
}
/** First the address, once. An error that ends the thread comes as such. */
export type FromEmulator = { url: string } | { id: number; answer: SqsAnswer };

const options: EmulatorOptions = workerData;
installClock(options.clock);
const say = (message: FromEmulator) => void parentPort?.postMessage(message);

async function startSqs(): Promise<string> {
  const emulator = await (await import('./sqs.ts')).startSqs(options);
  parentPort?.on('message', async ({ id, operation, input }: ToEmulator) =>
    say({ id, answer: await emulator.answer(operation, input) }),
  );
  return emulator.url;
}

async function startDynamoDb(): Promise<string> {
  const { url } = await (await import('./dynamodb.ts')).startDynamoDb(options);
  return url;
}

say({ url: await (options.kind === 'sqs' ? startSqs() : startDynamoDb()) });
// A thread that is terminated would keep nothing.
flushCompileCache();
