import { createCalls } from '../adapters/aws/calls.ts';
import { createAuditStore } from '../adapters/dynamodb/audit.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createDueDeliveries } from '../adapters/dynamodb/due-deliveries.ts';
import { createIdempotency } from '../adapters/dynamodb/idempotency.ts';
import { createProfiles } from '../adapters/dynamodb/profile-source.ts';
import { createRateLimits } from '../adapters/dynamodb/rate-limits.ts';
import { createStores } from '../adapters/dynamodb/stores.ts';
import { createHttpSender } from '../adapters/http/http-sender.ts';
import { createVault } from '../adapters/kms/vault.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { withRequestId } from '../adapters/lambda/log-lines.ts';
import { asError, createTelemetry } from '../adapters/lambda/telemetry.ts';
import { createFindPerson } from '../adapters/oidc/find-person.ts';
import { remember } from '../adapters/remember.ts';
import { createAdminKeys } from '../adapters/secrets-manager/admin-keys.ts';
import { createJobQueue } from '../adapters/sqs/job-queue.ts';
import { createQueues } from '../adapters/sqs/queues.ts';
import { createPublish, createWorkQueue } from '../adapters/sqs/work-queue.ts';
import type { ApiKey } from '../core/access/api-key.ts';
import { createApiKeys } from '../core/access/api-keys.ts';
import { createAuthenticate } from '../core/access/authenticate.ts';
import type { Token } from '../core/access/token.ts';
import { createTokens } from '../core/access/tokens.ts';
import { MAX_DELAY_SECONDS } from '../core/delivery/queue-message.ts';
import { LOST_AFTER_MS } from '../core/delivery/wake.ts';
import { createAddressPolicy } from '../core/target/address-policy.ts';
import { ENV } from '../names.ts';
import { USER_AGENT } from '../version.ts';
import { createApiHandler } from './handler.ts';
import { createKeyLimit } from './http/key-limit.ts';
import { createSideWork } from './http/side-work.ts';
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
  ENV.jobsDeadLettersUrl,
  ENV.jobsQueueUrl,
  ENV.adminSecretArn,
  ENV.kmsKeyArn,
  ENV.eventTypes,
  ENV.defaultProfile,
  ENV.maxSubscriptionsPerTenant,
  ENV.compatibility,
  ENV.journalRetentionDays,
  ENV.statsRetentionDays,
  ENV.auditRetentionDays,
  ENV.allowedPrivateRanges,
  ENV.deniedRanges,
  ENV.allowedPorts,
  ENV.allowHttp,
  ENV.attemptTimeoutSeconds,
  ENV.commit,
  ENV.signIn,
]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });
const stores = createStores({
  tables,
  retentionDays: env.JOURNAL_RETENTION_DAYS,
  statsRetentionDays: env.STATS_RETENTION_DAYS,
  now,
});
const sqs = createCalls('sqs');
const urlPolicy = {
  addressPolicy: createAddressPolicy({
    allowedPrivateRanges: env.ALLOWED_PRIVATE_RANGES,
    deniedRanges: env.DENIED_RANGES,
  }),
  allowedPorts: env.ALLOWED_PORTS,
  allowHttp: env.ALLOW_HTTP,
};

/** A key or token that another process revoked, or whose tenant it deleted, counts for this long at most. */
const REMEMBERED = { max: 1_000, ttlMs: 30_000, now };
const foundTokens = remember<Promise<Token | null>>(REMEMBERED);
const foundApiKeys = remember<Promise<ApiKey | null>>(REMEMBERED);
const tokens = createTokens({
  store: stores.tokens,
  tenants: stores.tenants,
  forgetFound: foundTokens.forgetAll,
  now,
  random: Math.random,
});
const apiKeys = createApiKeys({
  store: stores.apiKeys,
  tenants: stores.tenants,
  forgetFound: foundApiKeys.forgetAll,
  now,
  random: Math.random,
});
const audit = createAuditStore({ tables, retentionDays: env.AUDIT_RETENTION_DAYS, now });
const telemetry = createTelemetry();
const sideWork = createSideWork((error) =>
  telemetry.logger.warn('the use of a key was not noted', { error: asError(error) }),
);

async function findApiKey(text: string): Promise<ApiKey | null> {
  const key = await apiKeys.find(text);
  if (key !== null) sideWork.begin(apiKeys.noteUse(key));
  return key;
}

const vault = createVault(tables, createCalls('kms'), env.KMS_KEY_ARN);

const idempotency = createIdempotency(tables, now);

const routes = createRoutes({
  forgetAnswers: idempotency.forgetAnswers,
  forgetCallers: () => {
    foundTokens.forgetAll();
    foundApiKeys.forgetAll();
  },
  stores,
  tokens,
  apiKeys,
  audit,
  vault,
  profiles: createProfiles(stores.profiles),
  defaultProfile: env.DEFAULT_PROFILE,
  compatibility: env.COMPATIBILITY,
  publish: createPublish(sqs, env.EVENTS_QUEUE_URL),
  queues: createQueues(sqs, {
    events: { queue: env.EVENTS_QUEUE_URL, deadLetters: env.EVENTS_DEAD_LETTERS_URL },
    deliveries: { queue: env.DELIVERIES_QUEUE_URL, deadLetters: env.DELIVERIES_DEAD_LETTERS_URL },
    retries: { queue: env.RETRIES_QUEUE_URL, deadLetters: env.RETRIES_DEAD_LETTERS_URL },
    jobs: { queue: env.JOBS_QUEUE_URL, deadLetters: env.JOBS_DEAD_LETTERS_URL },
  }),
  due: createDueDeliveries(tables, now),
  deliveries: createWorkQueue(sqs, env.DELIVERIES_QUEUE_URL),
  retries: createWorkQueue(sqs, env.RETRIES_QUEUE_URL),
  jobQueue: createJobQueue(sqs, env.JOBS_QUEUE_URL),
  sender: createHttpSender(urlPolicy),
  urlPolicy,
  eventTypes: env.EVENT_TYPES,
  maxSubscriptionsPerTenant: env.MAX_SUBSCRIPTIONS_PER_TENANT,
  journalRetentionDays: env.JOURNAL_RETENTION_DAYS,
  statsRetentionDays: env.STATS_RETENTION_DAYS,
  waits: { maxQueueWaitMs: MAX_DELAY_SECONDS * 1_000, lostAfterMs: LOST_AFTER_MS },
  commit: env.COMMIT,
  attemptTimeoutMs: env.ATTEMPT_TIMEOUT_SECONDS * 1_000,
  userAgent: USER_AGENT,
  now,
  random: Math.random,
});

const handle = createApiHandler({
  routes,
  authenticate: createAuthenticate({
    adminKeys: createAdminKeys(createCalls('secretsManager'), env.ADMIN_SECRET_ARN, now),
    findToken: (text) => foundTokens(text, () => tokens.find(text)),
    findApiKey: (text) => foundApiKeys(text, () => findApiKey(text)),
    findPerson: env.SIGN_IN === undefined ? null : createFindPerson(env.SIGN_IN, now),
    now,
  }),
  isWithinLimit: createKeyLimit({
    rates: createRateLimits(tables),
    remember: remember({ max: 1_000, ttlMs: null }),
    now,
  }),
  idempotency,
  vault,
  sideWork,
  audit,
  ...telemetry,
  now,
  random: Math.random,
});

export const handler = withRequestId(handle);
