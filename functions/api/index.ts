import { KMSClient } from '@aws-sdk/client-kms';
import { CLIENT_OPTIONS } from '../adapters/aws/client-options.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createIdempotency } from '../adapters/dynamodb/idempotency.ts';
import { createProfiles } from '../adapters/dynamodb/profile-source.ts';
import { createStores } from '../adapters/dynamodb/stores.ts';
import { createHttpSender } from '../adapters/http/http-sender.ts';
import { createVault } from '../adapters/kms/vault.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createSqs, createWorkQueue, sendAll } from '../adapters/sqs/work-queue.ts';
import { MAX_DELAY_SECONDS } from '../core/delivery/queue-message.ts';
import { LOST_AFTER_MS } from '../core/delivery/wake.ts';
import { createAddressPolicy } from '../core/target/address-policy.ts';
import { ENV } from '../names.ts';
import { USER_AGENT } from '../version.ts';
import { createApiHandler } from './handler.ts';
import { createRoutes } from './routes.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.deliveriesQueueUrl,
  ENV.retriesQueueUrl,
  ENV.kmsKeyArn,
  ENV.eventTypes,
  ENV.defaultProfile,
  ENV.maxSubscriptionsPerTenant,
  ENV.compatibility,
  ENV.journalRetentionDays,
  ENV.allowedPrivateRanges,
  ENV.allowedPorts,
  ENV.allowHttp,
  ENV.attemptTimeoutSeconds,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const stores = createStores({ tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now });
const sqs = createSqs();
const urlPolicy = {
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: env.ALLOWED_PRIVATE_RANGES }),
  allowedPorts: env.ALLOWED_PORTS,
  allowHttp: env.ALLOW_HTTP,
};

const vault = createVault(tables, new KMSClient(CLIENT_OPTIONS), env.KMS_KEY_ARN);

const routes = createRoutes({
  stores,
  vault,
  profiles: createProfiles(stores.profiles),
  defaultProfile: env.DEFAULT_PROFILE,
  compatibility: env.COMPATIBILITY,
  // Fair queues: one tenant's burst must not hold up the others.
  publish: (messages) =>
    sendAll(sqs, env.EVENTS_QUEUE_URL, messages, ({ tenantId, body }) => ({
      MessageBody: body,
      MessageGroupId: tenantId,
    })),
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  sender: createHttpSender(urlPolicy),
  urlPolicy,
  eventTypes: env.EVENT_TYPES,
  maxSubscriptionsPerTenant: env.MAX_SUBSCRIPTIONS_PER_TENANT,
  waits: { maxQueueWaitMs: MAX_DELAY_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
  attemptTimeoutMs: env.ATTEMPT_TIMEOUT_SECONDS * 1_000,
  userAgent: USER_AGENT,
  now,
  random: Math.random,
});

export const handler = createApiHandler({
  routes,
  idempotency: createIdempotency(tables, now),
  vault,
  logger: createTelemetry().logger,
});
