import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_OPTIONS } from '../adapters/aws/client-options.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createTenants } from '../adapters/dynamodb/tenants.ts';
import { createTokenStore } from '../adapters/dynamodb/tokens.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createAdminKey } from '../adapters/secrets-manager/admin-key.ts';
import { createTokens } from '../core/access/tokens.ts';
import { ENV } from '../names.ts';
import { createAuthorizerHandler } from './handler.ts';

const env = readEnvironment([ENV.catalogTable, ENV.journalTable, ENV.adminSecretArn]);
const now = (): number => Date.now();
const tables = createTables({ catalogTable: env.CATALOG_TABLE, journalTable: env.JOURNAL_TABLE });

export const handler = createAuthorizerHandler({
  adminKey: createAdminKey(new SecretsManagerClient(CLIENT_OPTIONS), env.ADMIN_SECRET_ARN, now),
  tokens: createTokens({ store: createTokenStore(tables), tenants: createTenants(tables), now, random: Math.random }),
});
