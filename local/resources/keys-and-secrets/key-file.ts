import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { hasCode } from '../../errors.ts';
import type { KeyPlan, SecretPlan } from './types.ts';

const schema = z.object({
  version: z.literal(1),
  /** KMS keys: 32 bytes in base64, by ARN. */
  keys: z.record(z.string(), z.string()),
  /** Secrets Manager's secrets, by ARN. */
  secrets: z.record(z.string(), z.string()),
});
export type KeyFile = z.output<typeof schema>;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Reads the machine's keys and secrets, and makes those that the stack has and the file has not. */
export function openKeyFile(path: string, plan: { keys: readonly KeyPlan[]; secrets: readonly SecretPlan[] }): KeyFile {
  const file = read(path);
  for (const { arn } of plan.keys) file.keys[arn] ??= randomBytes(32).toString('base64');
  for (const { arn, properties } of plan.secrets) {
    file.secrets[arn] ??= properties.SecretString ?? password(properties.GenerateSecretString?.PasswordLength ?? 32);
  }
  // Beside and renamed: a file cut short by a crash would make every stored secret unreadable.
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return file;
}

function read(path: string): KeyFile {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { version: 1, keys: {}, secrets: {} };
    throw error;
  }
}

function password(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
