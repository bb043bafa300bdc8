import { createCalls } from '../adapters/aws/calls.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createEventTypes } from '../adapters/dynamodb/event-types.ts';
import { createEvents } from '../adapters/dynamodb/events.ts';
import { createJobStore } from '../adapters/dynamodb/jobs.ts';
import { createKnownTypes } from '../adapters/dynamodb/known-types.ts';
import { createMatchableSubscriptions } from '../adapters/dynamodb/matchable-subscriptions.ts';
import { createRejectedEvents } from '../adapters/dynamodb/rejected-events.ts';
import { createSystemEventCounts } from '../adapters/dynamodb/system-event-counts.ts';
import { createTenants } from '../adapters/dynamodb/tenants.ts';
import { createSystemEventsBus } from '../adapters/eventbridge/system-events-bus.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { remember } from '../adapters/remember.ts';
import { createJobQueue } from '../adapters/sqs/job-queue.ts';
import { createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { compileDataCheck, type DataCheck } from '../core/event/validate-data.ts';
import { fanOutAsJob } from '../core/jobs/fan-out.ts';
import { createJobs } from '../core/jobs/jobs.ts';
import { ENV } from '../names.ts';
import { createIngestHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.deliveriesQueueUrl,
  ENV.systemEventsBus,
  ENV.retriesQueueUrl,
  ENV.jobsQueueUrl,
  ENV.eventTypes,
  ENV.journalRetentionDays,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journalOptions = { tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now };
const sqs = createCalls('sqs');
const checks = remember<DataCheck>({ max: 500, ttlMs: null });

const handle = createIngestHandler({
  store: {
    ...createEvents(journalOptions),
    ...createRejectedEvents(journalOptions),
    ...createMatchableSubscriptions(tables, now),
    ...createTenants(tables),
    findType: createKnownTypes(createEventTypes(tables), now, env.EVENT_TYPES === 'strict'),
  },
  putOnBus:
    env.SYSTEM_EVENTS_BUS === '' ? null : createSystemEventsBus(createCalls('eventBridge'), env.SYSTEM_EVENTS_BUS),
  systemEventCounts: createSystemEventCounts(tables, now),
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  goOn: fanOutAsJob(
    createJobs({
      store: createJobStore(journalOptions),
      queue: createJobQueue(sqs, env.JOBS_QUEUE_URL),
      now,
      random: Math.random,
    }),
  ),
  eventTypes: env.EVENT_TYPES,
  checkOf: (schema) => checks(schema, () => compileDataCheck(schema)),
  now,
  ...createTelemetry(),
});

export const handler = withRequestId(handle);
