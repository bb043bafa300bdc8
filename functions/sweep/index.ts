import { createTables } from '../adapters/dynamodb/client.ts';
import { createDueDeliveries } from '../adapters/dynamodb/due-deliveries.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createSqs, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { ENV } from '../names.ts';
import { createSweepHandler } from './handler.ts';

const env = readEnvironment([ENV.journalTable, ENV.retriesQueueUrl]);

const now = (): number => Date.now();

export const handler = createSweepHandler({
  store: createDueDeliveries(createTables({ journalTable: env.JOURNAL_TABLE }), now),
  retries: createWorkQueue(createSqs(), env.RETRIES_QUEUE_URL),
  now,
  ...createTelemetry(),
});
