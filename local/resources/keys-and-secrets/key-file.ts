import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { readIfThere, replaceFile } from '../../files.ts';
import type { Resource } from '../../template/stack.ts';
import type { SECRET } from './types.ts';

const schema = z.object({
  version: z.literal(1),
  /** KMS keys: 32 bytes in base64, by ARN. */
  keys: z.record(z.string(), z.string()),
  /** Secrets Manager's secrets, by ARN. */
  secrets: z.record(z.string(), z.string()),
});
export type KeyFile = z.output<typeof schema>;
const EMPTY = JSON.stringify({ version: 1, keys: {}, secrets: {} } satisfies KeyFile);

/** Reads the machine's keys and secrets, and makes those that the stack has and the file has not. */
export function openKeyFile(
  path: string,
  plan: {
    keys: readonly { arn: string }[];
    secrets: readonly Pick<Resource<typeof SECRET.schema>, 'arn' | 'properties'>[];
  },
): KeyFile {
  const file = schema.parse(JSON.parse(readIfThere(path) ?? EMPTY));
  for (const { arn } of plan.keys) file.keys[arn] ??= randomBytes(32).toString('base64');
  for (const { arn, properties } of plan.secrets) {
    const { PasswordLength } = properties.GenerateSecretString;
    file.secrets[arn] ??= randomBytes(PasswordLength).toString('hex').slice(0, PasswordLength);
  }
  replaceFile(path, `${JSON.stringify(file, null, 2)}\n`);
  return file;
}
