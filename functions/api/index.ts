import { KMSClient } from '@aws-sdk/client-kms';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDeliveries } from '../adapters/dynamodb/deliveries.ts';
import { createEventTypes } from '../adapters/dynamodb/event-types.ts';
import { createEvents } from '../adapters/dynamodb/events.ts';
import { createIdempotency } from '../adapters/dynamodb/idempotency.ts';
import { createProfiles } from '../adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../adapters/dynamodb/profiles.ts';
import { createRejectedEvents } from '../adapters/dynamodb/rejected-events.ts';
import { createSubscriptions } from '../adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../adapters/dynamodb/tenants.ts';
import { createTokens } from '../adapters/dynamodb/tokens.ts';
import { createHttpSender } from '../adapters/http/http-sender.ts';
import { createVault } from '../adapters/kms/vault.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createSqs, createWorkQueue, sendAll } from '../adapters/sqs/work-queue.ts';
import { LOST_AFTER_MS } from '../core/delivery/delivery.ts';
import { MAX_DELAY_SECONDS } from '../core/delivery/queue-message.ts';
import { createAddressPolicy } from '../core/target/address-policy.ts';
import { ENV } from '../names.ts';
import { USER_AGENT } from '../version.ts';
import { createApiHandler } from './handler.ts';

const env = readEnvironment([
  ENV.catalogTable,
  ENV.journalTable,
  ENV.eventsQueueUrl,
  ENV.deliveriesQueueUrl,
  ENV.retriesQueueUrl,
  ENV.kmsKeyArn,
  ENV.eventTypes,
  ENV.defaultProfile,
  ENV.compatibility,
  ENV.journalRetentionDays,
  ENV.allowedPrivateRanges,
  ENV.allowedPorts,
  ENV.allowHttp,
  ENV.attemptTimeoutSeconds,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const journalOptions = { tables, retentionDays: env.JOURNAL_RETENTION_DAYS, now };
const profileStore = createProfileStore(tables);
const sqs = createSqs();
const urlPolicy = {
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: env.ALLOWED_PRIVATE_RANGES }),
  allowedPorts: env.ALLOWED_PORTS,
  allowHttp: env.ALLOW_HTTP,
};

export const handler = createApiHandler({
  catalog: { ...createTenants(tables), ...createSubscriptions(tables), ...createEventTypes(tables) },
  journal: {
    ...createEvents(journalOptions),
    ...createDeliveries(journalOptions),
    ...createRejectedEvents(journalOptions),
  },
  idempotency: createIdempotency(tables, now),
  tokens: createTokens(tables, now),
  vault: createVault(tables, new KMSClient(), env.KMS_KEY_ARN),
  profiles: createProfiles(profileStore),
  profileStore,
  defaultProfile: env.DEFAULT_PROFILE,
  compatibility: env.COMPATIBILITY,
  // Fair queues: one tenant's burst must not hold up the others.
  publish: (messages) =>
    sendAll(
      sqs,
      env.EVENTS_QUEUE_URL,
      messages.map(({ tenantId, body }) => ({ MessageBody: body, MessageGroupId: tenantId })),
    ),
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  sender: createHttpSender(urlPolicy),
  urlPolicy,
  eventTypes: env.EVENT_TYPES,
  waits: { maxQueueWaitMs: MAX_DELAY_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
  attemptTimeoutMs: env.ATTEMPT_TIMEOUT_SECONDS * 1_000,
  userAgent: USER_AGENT,
  now,
  random: Math.random,
  logger: createTelemetry().logger,
});
