import * as z from 'zod';
import type { AdminKeys } from '../../core/access/authenticate.ts';
import { type AwsCall, isAwsError } from '../aws/calls.ts';
import { remember } from '../remember.ts';

/** A key that was replaced counts for this long at most. */
const REMEMBER_MS = 30_000;

/** How long the key before counts after a new one was made: by then each service has been given the new one. */
const PREVIOUS_MS = 24 * 60 * 60_000;

/** `CreatedDate` in epoch seconds. */
const Secret = z.object({ SecretString: z.string().min(20), CreatedDate: z.number().default(0) });

interface Version {
  key: string;
  createdAt: number;
}

/**
 * The company's admin key: a secret's version with the label AWSCURRENT. As in rotations by Secrets Manager itself, the next
 * one has AWSPENDING, and the one before AWSPREVIOUS. Each is read when it is needed, at most every 30 seconds.
 */
export function createAdminKeys(call: AwsCall, secretArn: string, now: () => number): AdminKeys {
  const versions = remember<Promise<{ version: Version | null }>>({ max: 3, ttlMs: REMEMBER_MS, now });

  async function read(VersionStage: string): Promise<Version> {
    const input = { SecretId: secretArn, VersionStage };
    const { SecretString, CreatedDate } = Secret.parse(await call('GetSecretValue', input));
    return { key: SecretString, createdAt: CreatedDate * 1_000 };
  }

  /** Null if there is none. The absence is remembered, too: else each wrong key would cost a call. */
  async function find(stage: 'AWSPENDING' | 'AWSPREVIOUS'): Promise<Version | null> {
    const { version } = await versions(stage, async () => {
      try {
        return { version: await read(stage) };
      } catch (error) {
        if (isAwsError(error, 'ResourceNotFoundException')) return { version: null };
        throw error;
      }
    });
    return version;
  }

  async function current(): Promise<Version> {
    const { version } = await versions('AWSCURRENT', async () => ({ version: await read('AWSCURRENT') }));
    if (version === null) throw new Error('the admin key has no current version');
    return version;
  }

  return {
    current: async () => (await current()).key,

    async others() {
      // The label AWSPREVIOUS stays until the next rotation: what ends the key is its age.
      const hasPrevious = (await current()).createdAt > now() - PREVIOUS_MS;
      const found = await Promise.all([find('AWSPENDING'), hasPrevious ? find('AWSPREVIOUS') : null]);
      return found.flatMap((version) => version?.key ?? []);
    },
  };
}
