import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_OPTIONS } from '../adapters/aws/client-options.ts';
import { createTables } from '../adapters/dynamodb/client.ts';
import { createTokens } from '../adapters/dynamodb/tokens.ts';
import { readEnvironment } from '../adapters/lambda/environment.ts';
import { createAdminKey } from '../adapters/secrets-manager/admin-key.ts';
import { ENV } from '../names.ts';
import { createAuthorizerHandler } from './handler.ts';

const env = readEnvironment([ENV.journalTable, ENV.adminSecretArn]);
const now = (): number => Date.now();

export const handler = createAuthorizerHandler({
  adminKey: createAdminKey(new SecretsManagerClient(CLIENT_OPTIONS), env.ADMIN_SECRET_ARN, now),
  tokens: createTokens(createTables({ journalTable: env.JOURNAL_TABLE }), now),
});
