import { createCalls } from '../../functions/adapters/aws/calls.ts';
import { createAuditStore } from '../../functions/adapters/dynamodb/audit.ts';
import { createTables } from '../../functions/adapters/dynamodb/client.ts';
import { createDueDeliveries } from '../../functions/adapters/dynamodb/due-deliveries.ts';
import { createProfiles } from '../../functions/adapters/dynamodb/profile-source.ts';
import { createStores } from '../../functions/adapters/dynamodb/stores.ts';
import { createVault } from '../../functions/adapters/kms/vault.ts';
import { createRoutes } from '../../functions/api/routes.ts';
import { createApiKeys } from '../../functions/core/access/api-keys.ts';
import { createTokens } from '../../functions/core/access/tokens.ts';
import { createAddressPolicy } from '../../functions/core/target/address-policy.ts';
import { WAITS } from './deliver-setup.ts';

const tables = createTables({ catalogTable: 'catalog', journalTable: 'journal' });
const now = (): number => Date.now();
const stores = createStores({ tables, retentionDays: 30, statsRetentionDays: 90, now });
const unreachable = async () => {
  throw new Error('These routes are described, not run.');
};

/** The routes of /v1 for tests of what they say of themselves. To run them, see `useApi`. */
export const ROUTES = createRoutes({
  stores,
  tokens: createTokens({ ...stores, store: stores.tokens, forgetFound: () => {}, now, random: Math.random }),
  apiKeys: createApiKeys({ ...stores, store: stores.apiKeys, forgetFound: () => {}, now, random: Math.random }),
  audit: createAuditStore({ tables, retentionDays: 400, now }),
  profiles: createProfiles(stores.profiles),
  vault: createVault(tables, createCalls('kms'), 'key'),
  publish: unreachable,
  forgetAnswers: unreachable,
  forgetCallers: () => {},
  queues: {
    measureQueue: unreachable,
    measureDeadLetters: unreachable,
    peekDeadLetters: unreachable,
    redriveDeadLetters: unreachable,
  },
  due: createDueDeliveries(tables, now),
  deliveries: { send: unreachable },
  retries: { send: unreachable },
  jobQueue: { send: unreachable },
  sender: { send: unreachable },
  urlPolicy: { addressPolicy: createAddressPolicy({ allowedPrivateRanges: [] }), allowedPorts: [], allowHttp: false },
  defaultProfile: 'standard',
  compatibility: [],
  eventTypes: 'open',
  maxSubscriptionsPerTenant: 1_000,
  journalRetentionDays: 30,
  statsRetentionDays: 90,
  waits: WAITS,
  commit: 'unknown',
  attemptTimeoutMs: 15_000,
  userAgent: 'Posthorn/test',
  now,
  random: Math.random,
}).own;
