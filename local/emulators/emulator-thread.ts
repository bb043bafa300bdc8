import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type ClockBuffer, installClock } from '../clock.ts';

/** What the runner's thread tells an emulator's thread. It is told the address, or the error that ended the thread. */
export interface EmulatorOptions {
  kind: 'sqs' | 'dynamodb';
  port: number;
  dir: string;
  clock: ClockBuffer;
}

const options: EmulatorOptions = workerData;
installClock(options.clock);

const { url } =
  options.kind === 'sqs'
    ? await (await import('./sqs.ts')).startSqs(options)
    : await (await import('./dynamodb.ts')).startDynamoDb(options);
parentPort?.postMessage(url);
// A thread that is terminated would keep nothing.
flushCompileCache();
