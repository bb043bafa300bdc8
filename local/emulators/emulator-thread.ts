import { parentPort, workerData } from 'node:worker_threads';
import { type ClockBuffer, installClock } from '../clock.ts';
import { messageOf, StartError } from '../errors.ts';

/** What the runner's thread tells an emulator's thread, and is told by it. */
export interface EmulatorOptions {
  kind: 'sqs' | 'dynamodb';
  port: number;
  dir: string;
  clock: ClockBuffer;
}
export type EmulatorReport = { url: string } | { failure: string; mendable: boolean } | { closed: true };

const options: EmulatorOptions = workerData;
installClock(options.clock);
const report = (message: EmulatorReport) => parentPort?.postMessage(message);

try {
  const emulator =
    options.kind === 'sqs'
      ? await (await import('./sqs.ts')).startSqs(options)
      : await (await import('./dynamodb.ts')).startDynamoDb(options);
  parentPort?.once('message', async () => {
    await emulator.close();
    report({ closed: true });
    parentPort?.close();
  });
  report({ url: emulator.url });
} catch (error) {
  report({ failure: messageOf(error), mendable: error instanceof StartError });
}
