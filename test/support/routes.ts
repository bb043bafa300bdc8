import { KMSClient } from '@aws-sdk/client-kms';
import { createCatalog } from '../../functions/adapters/dynamodb/catalog.ts';
import { createTables } from '../../functions/adapters/dynamodb/client.ts';
import { createJournal } from '../../functions/adapters/dynamodb/journal.ts';
import { createProfiles } from '../../functions/adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../../functions/adapters/dynamodb/profile-store.ts';
import { createTokens } from '../../functions/adapters/dynamodb/tokens.ts';
import { createVault } from '../../functions/adapters/kms/vault.ts';
import { createRoutes } from '../../functions/api/routes.ts';
import { createAddressPolicy } from '../../functions/core/target/address-policy.ts';
import { WAITS } from './deliver-setup.ts';

const tables = createTables({ catalogTable: 'catalog', journalTable: 'journal' });
const profileStore = createProfileStore(tables);
const now = (): number => Date.now();
const unreachable = async () => {
  throw new Error('These routes are described, not run.');
};

/** The routes of /v1 for tests of what they say of themselves. To run them, see `useApi`. */
export const ROUTES = createRoutes({
  catalog: createCatalog(tables),
  journal: createJournal({ tables, retentionDays: 30, now }),
  tokens: createTokens(tables, now),
  profiles: createProfiles(profileStore),
  profileStore,
  vault: createVault(tables, new KMSClient(), 'key'),
  publish: unreachable,
  deliveries: { send: unreachable },
  retries: { send: unreachable },
  sender: { send: unreachable },
  urlPolicy: { addressPolicy: createAddressPolicy({ allowedPrivateRanges: [] }), allowedPorts: [], allowHttp: false },
  defaultProfile: 'standard',
  compatibility: [],
  eventTypes: 'open',
  maxSubscriptionsPerTenant: 1_000,
  waits: WAITS,
  attemptTimeoutMs: 15_000,
  userAgent: 'Posthorn/test',
  now,
  random: Math.random,
}).own;
