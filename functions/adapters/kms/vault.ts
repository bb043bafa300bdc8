import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Owner, Vault } from '../../core/vault.ts';
import type { AwsCall } from '../aws/calls.ts';
import type { Tables } from '../dynamodb/client.ts';
import { ABSENT, createConditionalWrites } from '../dynamodb/conditional-write.ts';
import { dataKeyKey } from '../dynamodb/keys.ts';
import { remember } from '../remember.ts';

/** Bound to every use of the KMS key; the functions' grants demand it. */
const KMS_CONTEXT = { app: 'posthorn' };
/** The data key that seals. Sealed texts name theirs, so that another can follow. */
const DATA_KEY_ID = '1';
/** A data key never changes; there are as many as were made in turn. */
const MAX_DATA_KEYS = 100;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const StoredDataKey = z.object({ wrapped: z.instanceof(Uint8Array) });

const Bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const Made = z.object({ CiphertextBlob: Bytes });
const Opened = z.object({ Plaintext: Bytes });

/**
 * Seals secrets with AES-256-GCM under a data key, which lies in the Catalog, itself encrypted by KMS: so a million
 * subscriptions cost one KMS call a function instance.
 */
export function createVault(tables: Tables, kms: AwsCall, keyArn: string): Vault {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);
  const keys = remember<Promise<KeyObject>>({ max: MAX_DATA_KEYS, ttlMs: null });
  const dataKey = (id: string, create: boolean): Promise<KeyObject> => keys(id, () => loadDataKey(id, create));

  async function loadDataKey(id: string, create: boolean): Promise<KeyObject> {
    const item = await documents.getItem({ TableName: catalogTable, Key: dataKeyKey(id), ConsistentRead: true });
    if (item !== undefined) return unwrap(StoredDataKey.parse(item).wrapped);
    if (!create) throw new Error(`the Catalog has no data key ${id}`);
    const made = await kms('GenerateDataKey', { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: KMS_CONTEXT });
    const wrapped = Made.parse(made).CiphertextBlob;
    // Another instance may have made one at the same moment: that one counts.
    const stored = await writes.putIf({ ...dataKeyKey(id), v: 1, wrapped }, ABSENT);
    return stored ? unwrap(wrapped) : loadDataKey(id, false);
  }

  async function unwrap(wrapped: Uint8Array): Promise<KeyObject> {
    const input = {
      KeyId: keyArn,
      CiphertextBlob: Buffer.from(wrapped).toString('base64'),
      EncryptionContext: KMS_CONTEXT,
    };
    return createSecretKey(Opened.parse(await kms('Decrypt', input)).Plaintext);
  }

  return {
    async seal(plaintext, owner) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', await dataKey(DATA_KEY_ID, true), iv).setAAD(aad(owner));
      const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${DATA_KEY_ID}.${sealed.toString('base64url')}`;
    },
    async open(sealed, owner) {
      const [id = '', encoded = ''] = sealed.split('.');
      const bytes = Buffer.from(encoded, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', await dataKey(id, false), bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(aad(owner))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return `${decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8')}${decipher.final('utf8')}`;
    },
  };
}

/** Neither id can contain the separator. */
function aad({ tenantId, subscriptionId }: Owner): Buffer {
  return Buffer.from(`${tenantId}\n${subscriptionId}`);
}
