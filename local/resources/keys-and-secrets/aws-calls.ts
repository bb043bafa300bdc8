import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { KeyFile } from './key-file.ts';

/** An error in the form of AWS's JSON protocol. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export type AwsCall = (input: unknown) => Record<string, unknown>;

const context = z.record(z.string(), z.string()).default({});
const generateDataKey = z.object({
  KeyId: z.string(),
  KeySpec: z.enum(['AES_128', 'AES_256']).optional(),
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  EncryptionContext: context,
});
const decrypt = z.object({ CiphertextBlob: z.string(), KeyId: z.string().optional(), EncryptionContext: context });
const putEvents = z.object({
  Entries: z
    .array(z.object({ EventBusName: z.string(), Detail: z.string() }))
    .min(1)
    .max(10),
});
const getSecretValue = z.object({ SecretId: z.string(), VersionStage: z.string().default('AWSCURRENT') });

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The calls of KMS, Secrets Manager and EventBridge that the functions make, by `x-amz-target`, over the machine's key file. A bus
 * takes everything: no one listens to it on one machine.
 */
export function createAwsCalls(file: KeyFile): Map<string, AwsCall> {
  function findKey(keyId: string): { arn: string; key: Buffer } {
    const found = Object.entries(file.keys).find(([arn]) => arn === keyId || arn.endsWith(`:key/${keyId}`));
    if (!found) throw new AwsError('NotFoundException', `Key '${keyId}' does not exist`);
    return { arn: found[0], key: Buffer.from(found[1], 'base64') };
  }

  return new Map<string, AwsCall>([
    [
      'TrentService.GenerateDataKey',
      (input) => {
        const { KeyId, KeySpec, NumberOfBytes, EncryptionContext } = parse(generateDataKey, input);
        const plaintext = randomBytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
        const { arn, key } = findKey(KeyId);
        const iv = randomBytes(IV_BYTES);
        const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additionalData(arn, EncryptionContext));
        const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
        // A ciphertext names its key, as KMS's does: Decrypt need not.
        const name = Buffer.from(arn);
        const blob = Buffer.concat([Buffer.from([name.length]), name, iv, cipher.getAuthTag(), encrypted]);
        return { KeyId: arn, Plaintext: plaintext.toString('base64'), CiphertextBlob: blob.toString('base64') };
      },
    ],
    [
      'TrentService.Decrypt',
      (input) => {
        const { CiphertextBlob, KeyId, EncryptionContext } = parse(decrypt, input);
        const blob = Buffer.from(CiphertextBlob, 'base64');
        const start = 1 + (blob[0] ?? 0);
        try {
          const { arn, key } = findKey(blob.toString('utf8', 1, start));
          if (KeyId !== undefined && findKey(KeyId).arn !== arn) {
            throw new AwsError('IncorrectKeyException', 'The ciphertext was encrypted under another key');
          }
          const iv = blob.subarray(start, start + IV_BYTES);
          const tag = blob.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES);
          const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
            .setAuthTag(tag)
            .setAAD(additionalData(arn, EncryptionContext));
          const plaintext = Buffer.concat([
            decipher.update(blob.subarray(start + IV_BYTES + TAG_BYTES)),
            decipher.final(),
          ]);
          return { KeyId: arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
        } catch (error) {
          if (error instanceof AwsError && error.type === 'IncorrectKeyException') throw error;
          // KMS gives no reason either: a wrong encryption context, a flipped bit and a foreign blob look the same.
          throw new AwsError('InvalidCiphertextException', 'The ciphertext or its encryption context is wrong');
        }
      },
    ],
    [
      'AWSEvents.PutEvents',
      (input) => ({
        FailedEntryCount: 0,
        Entries: parse(putEvents, input).Entries.map(() => ({ EventId: randomUUID() })),
      }),
    ],
    [
      'secretsmanager.GetSecretValue',
      (input) => {
        const { SecretId, VersionStage } = parse(getSecretValue, input);
        const value = file.secrets[SecretId];
        if (value === undefined || VersionStage !== 'AWSCURRENT') {
          throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
        }
        const Name = SecretId.split(':').at(-1);
        return { ARN: SecretId, Name, SecretString: value, VersionId: randomUUID(), VersionStages: ['AWSCURRENT'] };
      },
    ],
  ]);
}

function parse<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  return parsed.data;
}

function additionalData(arn: string, encryptionContext: Record<string, string>): Buffer {
  return Buffer.from(JSON.stringify([arn, Object.entries(encryptionContext).sort(([a], [b]) => (a < b ? -1 : 1))]));
}
