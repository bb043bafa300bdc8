import { createCalls } from '../adapters/aws/calls.ts';
import { createApiKeyStore } from '../adapters/dynamodb/api-keys.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDeliveries } from '../adapters/dynamodb/deliveries.ts';
import { createEvents } from '../adapters/dynamodb/events.ts';
import { createJobStore } from '../adapters/dynamodb/jobs.ts';
import { createMatchableSubscriptions } from '../adapters/dynamodb/matchable-subscriptions.ts';
import { createRejectedEvents } from '../adapters/dynamodb/rejected-events.ts';
import { createSubscriptions } from '../adapters/dynamodb/subscriptions.ts';
import { createTenantData } from '../adapters/dynamodb/tenant-data.ts';
import { createTenants } from '../adapters/dynamodb/tenants.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createGiveWay } from '../adapters/lambda/event-loop.ts';
import { noteFanOut } from '../adapters/lambda/fan-out-report.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { rememberOf } from '../adapters/remember.ts';
import { createJobQueue } from '../adapters/sqs/job-queue.ts';
import { createPublish, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { MAX_DELAY_SECONDS, settleParkedMessage } from '../core/delivery/queue-message.ts';
import { LOST_AFTER_MS } from '../core/delivery/wake.ts';
import { createWork } from '../core/jobs/work.ts';
import { createMatcher } from '../core/subscription/match.ts';
import { ENV } from '../names.ts';
import { createJobsHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.retriesQueueUrl,
  ENV.jobsQueueUrl,
  ENV.journalRetentionDays,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journal = { tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now };
const sqs = createCalls('sqs');
const retries = createWorkQueue(sqs, env.RETRIES_QUEUE_URL);
const deliveries = createDeliveries(journal);
const subscriptions = createSubscriptions(tables, now);
const events = createEvents(journal);
const publish = createPublish(sqs, env.EVENTS_QUEUE_URL);
const telemetry = createTelemetry();

const handle = createJobsHandler({
  store: createJobStore(journal),
  queue: createJobQueue(sqs, env.JOBS_QUEUE_URL),
  work: createWork({
    deliveries,
    events,
    rejectedEvents: createRejectedEvents(journal),
    tenants: createTenants(tables),
    apiKeys: createApiKeyStore(tables),
    tenantData: createTenantData(tables, now),
    publish,
    subscriptions,
    matchable: createMatchableSubscriptions(tables, now),
    fanOut: {
      matcherOf: rememberOf(createMatcher),
      pause: createGiveWay(),
      report: (report) => noteFanOut(telemetry, report),
    },
    waiting: { ...deliveries, ...subscriptions },
    retries,
    parked: { settle: (subscription) => retries.send([settleParkedMessage(subscription)]) },
    waits: { maxQueueWaitMs: MAX_DELAY_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
    now,
  }),
  systemEvents: { events, publish },
  now,
  ...telemetry,
});

export const handler = withRequestId(handle);
