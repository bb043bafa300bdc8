import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/** A rotated admin key counts after this long at the latest. */
const REMEMBER_MS = 5 * 60_000;

/** The company's admin key, read now and then. */
export function createAdminKey(
  client: SecretsManagerClient,
  secretArn: string,
  now: () => number,
): () => Promise<string> {
  let known: { key: string; readAt: number } | undefined;
  return async () => {
    if (known === undefined || now() - known.readAt > REMEMBER_MS) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
      known = { key: z.string().min(20).parse(SecretString), readAt: now() };
    }
    return known.key;
  };
}
