import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCalls } from '../adapters/aws/calls.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDeliveries } from '../adapters/dynamodb/deliveries.ts';
import { createEvents } from '../adapters/dynamodb/events.ts';
import { createInFlight } from '../adapters/dynamodb/in-flight.ts';
import { createJobStore } from '../adapters/dynamodb/jobs.ts';
import { createProfiles } from '../adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../adapters/dynamodb/profiles.ts';
import { createRateLimits } from '../adapters/dynamodb/rate-limits.ts';
import { createStats } from '../adapters/dynamodb/stats.ts';
import { createSubscriptions } from '../adapters/dynamodb/subscriptions.ts';
import { createSystemEventCounts } from '../adapters/dynamodb/system-event-counts.ts';
import { createTenants } from '../adapters/dynamodb/tenants.ts';
import { createHttpSender } from '../adapters/http/http-sender.ts';
import { createVault } from '../adapters/kms/vault.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { hasCaughtUp } from '../adapters/lambda/event-loop.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createJobQueue } from '../adapters/sqs/job-queue.ts';
import { createPublish, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { LOST_AFTER_MS } from '../core/delivery/wake.ts';
import { createJobs } from '../core/jobs/jobs.ts';
import { settleAsJob } from '../core/jobs/settle-parked.ts';
import { createAddressPolicy } from '../core/target/address-policy.ts';
import { ENV } from '../names.ts';
import { USER_AGENT } from '../version.ts';
import { createDeliverHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.deliveriesQueueUrl,
  ENV.retriesQueueUrl,
  ENV.retriesQueueArn,
  ENV.jobsQueueUrl,
  ENV.kmsKeyArn,
  ENV.journalRetentionDays,
  ENV.statsRetentionDays,
  ENV.allowedPrivateRanges,
  ENV.deniedRanges,
  ENV.allowedPorts,
  ENV.allowHttp,
  ENV.attemptTimeoutSeconds,
  ENV.maxQueueWaitSeconds,
  ENV.disableAfterDays,
]);
/** Most receivers answer within this. */
const PATIENCE_MS = 1_000;
const statsRetentionDays = env.STATS_RETENTION_DAYS;
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journalOptions = { tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now };
const sqs = createCalls('sqs');

const retries = createWorkQueue(sqs, env.RETRIES_QUEUE_URL);
const jobs = createJobs({
  store: createJobStore(journalOptions),
  queue: createJobQueue(sqs, env.JOBS_QUEUE_URL),
  now,
  random: Math.random,
});

const handle = createDeliverHandler({
  store: {
    ...createDeliveries(journalOptions),
    ...createSubscriptions(tables, now),
    ...createTenants(tables),
  },
  retries,
  goOn: settleAsJob(jobs),
  systemEvents: {
    events: createEvents(journalOptions),
    publish: createPublish(sqs, env.EVENTS_QUEUE_URL),
    counts: createSystemEventCounts(tables, now),
    later: retries,
    now,
  },
  stats: statsRetentionDays === 0 ? null : createStats({ tables, retentionDays: statsRetentionDays, now }),
  sqs,
  deliveriesQueueUrl: env.DELIVERIES_QUEUE_URL,
  retriesQueueUrl: env.RETRIES_QUEUE_URL,
  retriesQueueArn: env.RETRIES_QUEUE_ARN,
  sender: createHttpSender({
    addressPolicy: createAddressPolicy({
      allowedPrivateRanges: env.ALLOWED_PRIVATE_RANGES,
      deniedRanges: env.DENIED_RANGES,
    }),
    allowedPorts: env.ALLOWED_PORTS,
    allowHttp: env.ALLOW_HTTP,
  }),
  opener: createVault(tables, createCalls('kms'), env.KMS_KEY_ARN),
  profiles: createProfiles(createProfileStore(tables)),
  waits: { maxQueueWaitMs: env.MAX_QUEUE_WAIT_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
  attemptTimeoutMs: env.ATTEMPT_TIMEOUT_SECONDS * 1_000,
  disableAfterMs: env.DISABLE_AFTER_DAYS * 24 * 60 * 60_000,
  userAgent: USER_AGENT,
  now,
  rates: createRateLimits(tables),
  inFlight: createInFlight(tables),
  sleep: (ms) => sleep(ms),
  patience: () => sleep(PATIENCE_MS, undefined, { ref: false }),
  hasCaughtUp: () => hasCaughtUp(),
  newAttemptId: () => randomBytes(6).toString('base64url'),
  random: Math.random,
  ...createTelemetry(),
});

export const handler = withRequestId(handle);
