import { createHash } from 'node:crypto';
import { z } from 'zod';
import { arn } from '../../template/names.ts';
import type { ResourceType } from '../../template/resource-type.ts';

export const SECRET = {
  type: 'AWS::SecretsManager::Secret',
  schema: z.strictObject({
    GenerateSecretString: z.strictObject({
      PasswordLength: z.number(),
      ExcludePunctuation: z.literal(true, 'only passwords without punctuation are generated'),
    }),
  }),
  withoutMeaning: ['Description'],
  attributes(id) {
    const Arn = arn('secretsmanager', `secret:${id}`);
    return { ref: Arn, Arn };
  },
} satisfies ResourceType;

export const KEY = {
  type: 'AWS::KMS::Key',
  // Who may use it, and how often it is rotated, changes nothing in what its calls answer.
  schema: z.object({}),
  attributes(id) {
    const keyId = uuidFrom(id);
    return { ref: keyId, Arn: arn('kms', `key/${keyId}`), KeyId: keyId };
  },
} satisfies ResourceType;

function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
}
