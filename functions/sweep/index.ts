import { setTimeout as sleep } from 'node:timers/promises';
import { createCalls } from '../adapters/aws/calls.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDueDeliveries } from '../adapters/dynamodb/due-deliveries.ts';
import { createDueJobs } from '../adapters/dynamodb/jobs.ts';
import { createStats } from '../adapters/dynamodb/stats.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createJobQueue } from '../adapters/sqs/job-queue.ts';
import { createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { ENV } from '../names.ts';
import { createSweepHandler } from './handler.ts';

const env = readEnvironment([ENV.journalTable, ENV.retriesQueueUrl, ENV.jobsQueueUrl, ENV.statsRetentionDays]);

/** A third of the time that there is to wake things. */
const STATS_LATEST_MS = 15_000;
const now = (): number => Date.now();
const statsRetentionDays = env.STATS_RETENTION_DAYS;
const tables = createTables({ journalTable: env.JOURNAL_TABLE });
const sqs = createCalls('sqs');

const handle = createSweepHandler({
  deliveries: createDueDeliveries(tables, now),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  jobs: createDueJobs(tables, now),
  jobQueue: createJobQueue(sqs, env.JOBS_QUEUE_URL),
  stats: statsRetentionDays === 0 ? null : createStats({ tables, retentionDays: statsRetentionDays, now }),
  patience: () => sleep(STATS_LATEST_MS, undefined, { ref: false }),
  now,
  ...createTelemetry(),
});

export const handler = withRequestId(handle);
