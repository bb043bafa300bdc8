import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_OPTIONS } from '../adapters/aws/client-options.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDueDeliveries } from '../adapters/dynamodb/due-deliveries.ts';
import { createIdempotency } from '../adapters/dynamodb/idempotency.ts';
import { createProfiles } from '../adapters/dynamodb/profile-source.ts';
import { createStores } from '../adapters/dynamodb/stores.ts';
import { createHttpSender } from '../adapters/http/http-sender.ts';
import { createVault } from '../adapters/kms/vault.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { remember } from '../adapters/remember.ts';
import { createAdminKeys } from '../adapters/secrets-manager/admin-keys.ts';
import { createQueues } from '../adapters/sqs/queues.ts';
import { createPublish, createSqs, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import { createAuthenticate } from '../core/access/authenticate.ts';
import type { Token } from '../core/access/token.ts';
import { createTokens } from '../core/access/tokens.ts';
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
  ENV.eventsDeadLettersUrl,
  ENV.deliveriesDeadLettersUrl,
  ENV.retriesDeadLettersUrl,
  ENV.adminSecretArn,
  ENV.kmsKeyArn,
  ENV.eventTypes,
  ENV.defaultProfile,
  ENV.maxSubscriptionsPerTenant,
  ENV.compatibility,
  ENV.journalRetentionDays,
  ENV.statsRetentionDays,
  ENV.allowedPrivateRanges,
  ENV.allowedPorts,
  ENV.allowHttp,
  ENV.attemptTimeoutSeconds,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const stores = createStores({
  tables,
  retentionDays: env.JOURNAL_RETENTION_DAYS,
  statsRetentionDays: env.STATS_RETENTION_DAYS,
  now,
});
const sqs = createSqs();
const urlPolicy = {
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: env.ALLOWED_PRIVATE_RANGES }),
  allowedPorts: env.ALLOWED_PORTS,
  allowHttp: env.ALLOW_HTTP,
};

const tokens = createTokens({ store: stores.tokens, tenants: stores.tenants, now, random: Math.random });
/** A token that was revoked, or whose tenant was deleted, counts for this long at most. */
const found = remember<Promise<Token | null>>({ max: 1_000, ttlMs: 30_000, now });
const vault = createVault(tables, new KMSClient(CLIENT_OPTIONS), env.KMS_KEY_ARN);

const routes = createRoutes({
  stores,
  tokens,
  vault,
  profiles: createProfiles(stores.profiles),
  defaultProfile: env.DEFAULT_PROFILE,
  compatibility: env.COMPATIBILITY,
  publish: createPublish(sqs, env.EVENTS_QUEUE_URL),
  queues: createQueues(sqs, {
    events: { queue: env.EVENTS_QUEUE_URL, deadLetters: env.EVENTS_DEAD_LETTERS_URL },
    deliveries: { queue: env.DELIVERIES_QUEUE_URL, deadLetters: env.DELIVERIES_DEAD_LETTERS_URL },
    retries: { queue: env.RETRIES_QUEUE_URL, deadLetters: env.RETRIES_DEAD_LETTERS_URL },
  }),
  due: createDueDeliveries(tables, now),
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  sender: createHttpSender(urlPolicy),
  urlPolicy,
  eventTypes: env.EVENT_TYPES,
  maxSubscriptionsPerTenant: env.MAX_SUBSCRIPTIONS_PER_TENANT,
  journalRetentionDays: env.JOURNAL_RETENTION_DAYS,
  statsRetentionDays: env.STATS_RETENTION_DAYS,
  waits: { maxQueueWaitMs: MAX_DELAY_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
  attemptTimeoutMs: env.ATTEMPT_TIMEOUT_SECONDS * 1_000,
  userAgent: USER_AGENT,
  now,
  random: Math.random,
});

export const handler = createApiHandler({
  routes,
  authenticate: createAuthenticate({
    adminKeys: createAdminKeys(new SecretsManagerClient(CLIENT_OPTIONS), env.ADMIN_SECRET_ARN, now),
    findToken: (text) => found(text, () => tokens.find(text)),
    now,
  }),
  idempotency: createIdempotency(tables, now),
  vault,
  logger: createTelemetry().logger,
});
