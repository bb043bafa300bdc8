import * as z from 'zod';
import type { AdminKeys } from '../../core/access/authenticate.ts';
import { type AwsCall, isAwsError } from '../aws/calls.ts';
import { remember } from '../remember.ts';

/** A key that was replaced counts for this long at most. */
const REMEMBER_MS = 30_000;

const Key = z.string().min(20);
const Secret = z.object({ SecretString: Key });

/**
 * The company's admin key, a secret's version with the label AWSCURRENT; the next one has AWSPENDING, as in rotations by
 * Secrets Manager itself. Each is read when it is needed, at most every 30 seconds.
 */
export function createAdminKeys(call: AwsCall, secretArn: string, now: () => number): AdminKeys {
  const keys = remember<Promise<{ key: string | null }>>({ max: 2, ttlMs: REMEMBER_MS, now });

  async function read(VersionStage: string): Promise<{ key: string }> {
    const { SecretString } = Secret.parse(await call('GetSecretValue', { SecretId: secretArn, VersionStage }));
    return { key: SecretString };
  }

  return {
    async current() {
      const { key } = await keys('AWSCURRENT', () => read('AWSCURRENT'));
      return Key.parse(key);
    },

    async next() {
      const { key } = await keys('AWSPENDING', () =>
        read('AWSPENDING').catch((error: unknown) => {
          // The absence is remembered, too: else each wrong key would cost a call.
          if (isAwsError(error, 'ResourceNotFoundException')) return { key: null };
          throw error;
        }),
      );
      return key;
    },
  };
}
