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
const generateDataKey = z.object({ KeyId: z.string(), KeySpec: z.literal('AES_256'), EncryptionContext: context });
const decrypt = z.object({ CiphertextBlob: z.base64(), KeyId: z.string(), EncryptionContext: context });
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
  function keyOf(arn: string): Buffer {
    const key = file.keys[arn];
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${arn}' does not exist`);
    return Buffer.from(key, 'base64');
  }

  function generate(input: unknown): Record<string, unknown> {
    const { KeyId, EncryptionContext } = generateDataKey.parse(input);
    const plaintext = randomBytes(32);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', keyOf(KeyId), iv).setAAD(additionalData(KeyId, EncryptionContext));
    const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const blob = Buffer.concat([nameOf(KeyId), iv, cipher.getAuthTag(), encrypted]);
    return { KeyId, Plaintext: plaintext.toString('base64'), CiphertextBlob: blob.toString('base64') };
  }

  function decipher(input: unknown): Record<string, unknown> {
    const { CiphertextBlob, KeyId, EncryptionContext } = decrypt.parse(input);
    const blob = Buffer.from(CiphertextBlob, 'base64');
    const name = nameOf(KeyId);
    const sealed = blob.subarray(name.length);
    try {
      if (!blob.subarray(0, name.length).equals(name)) throw new Error('It was encrypted under another key');
      const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
      const iv = sealed.subarray(0, IV_BYTES);
      const opened = createDecipheriv('aes-256-gcm', keyOf(KeyId), iv, { authTagLength: TAG_BYTES })
        .setAuthTag(tag)
        .setAAD(additionalData(KeyId, EncryptionContext));
      const plaintext = Buffer.concat([opened.update(sealed.subarray(IV_BYTES + TAG_BYTES)), opened.final()]);
      return { KeyId, Plaintext: plaintext.toString('base64') };
    } catch {
      // KMS gives no reason either: a wrong encryption context, a flipped bit and a foreign blob look the same.
      throw new AwsError('InvalidCiphertextException', 'The ciphertext, its key or its encryption context is wrong');
    }
  }

  function readSecret(input: unknown): Record<string, unknown> {
    const { SecretId, VersionStage } = getSecretValue.parse(input);
    const value = file.secrets[SecretId];
    if (value === undefined || VersionStage !== 'AWSCURRENT') {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return { ARN: SecretId, SecretString: value };
  }

  function putOnBus(input: unknown): Record<string, unknown> {
    const { Entries } = putEvents.parse(input);
    return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) };
  }

  return new Map([
    ['TrentService.GenerateDataKey', generate],
    ['TrentService.Decrypt', decipher],
    ['secretsmanager.GetSecretValue', readSecret],
    ['AWSEvents.PutEvents', putOnBus],
  ]);
}

/** A ciphertext begins with the length of its key's ARN, and the ARN. */
function nameOf(arn: string): Buffer {
  return Buffer.from([arn.length, ...Buffer.from(arn)]);
}

function additionalData(arn: string, encryptionContext: Record<string, string>): Buffer {
  return Buffer.from(JSON.stringify([arn, Object.entries(encryptionContext).sort(([a], [b]) => (a < b ? -1 : 1))]));
}
