import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { createVault } from '../../../functions/adapters/kms/vault.ts';
import { KEY_ARN, useKms, useTables } from '../../support/emulators.ts';
import { loseAnswers } from '../../support/lost-answers.ts';
import { ScriptedCalls, throttled } from '../../support/scripted-calls.ts';

const tables = useTables();
const kms = useKms();
const OWNER = { tenantId: 'acme', subscriptionId: 'sub_1' };
const open = (call = kms) => createVault(tables, call, KEY_ARN);

beforeEach(async () => {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.catalogTable }));
  for (const { pk, sk } of Items)
    await tables.client.send(new DeleteCommand({ TableName: tables.catalogTable, Key: { pk, sk } }));
});

describe('what is sealed', () => {
  it.each(['', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'ü😀\0', 'x'.repeat(100_000)])(
    'opens for its owner',
    async (text) => {
      const vault = open();
      expect(await vault.open(await vault.seal(text, OWNER), OWNER)).toBe(text);
    },
  );

  it.each([
    ['another tenant', { ...OWNER, tenantId: 'other' }],
    ['another subscription', { ...OWNER, subscriptionId: 'sub_2' }],
    ['ids that only read the same', { tenantId: 'acm', subscriptionId: 'esub_1' }],
  ])('opens for nobody else (%s)', async (_, other) => {
    const vault = open();
    const sealed = await vault.seal('secret', OWNER);
    await expect(vault.open(sealed, other)).rejects.toThrow();
    expect(await vault.open(sealed, OWNER)).toBe('secret');
  });

  it('shows nothing, and is another each time', async () => {
    const vault = open();
    const [a, b] = [await vault.seal('secret', OWNER), await vault.seal('secret', OWNER)];
    expect(a).not.toBe(b);
    expect(a).toMatch(/^1\.[\w-]{40,}$/);
  });

  it('does not open with a bit changed, cut short, or under another data key', async () => {
    const vault = open();
    const sealed = await vault.seal('secret', OWNER);
    const bytes = Buffer.from(sealed.slice(2), 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      await expect(vault.open(`1.${changed.toString('base64url')}`, OWNER)).rejects.toThrow();
    }
    for (const text of ['', '1.', '1.AAAA', sealed.slice(0, -4), sealed.replace('1.', '2.')])
      await expect(vault.open(text, OWNER)).rejects.toThrow();
  });

  it('opens in another instance, and after a restart', async () => {
    const sealed = await open().seal('secret', OWNER);
    expect(await open().open(sealed, OWNER)).toBe('secret');
  });

  it('opens although the answer to storing the data key was lost: KMS made one only', async () => {
    const answers = loseAnswers(tables.faults);
    answers.loseNext('PutItem');
    const sealed = await open().seal('secret', OWNER);
    expect(answers.count()).toBe(1);
    expect(await open().open(sealed, OWNER)).toBe('secret');
  });

  it('opens although several instances made the first data key at once', async () => {
    const sealed = await Promise.all([1, 2, 3, 4].map((number) => open().seal(`secret ${number}`, OWNER)));
    const vault = open();
    expect(await Promise.all(sealed.map((one) => vault.open(one, OWNER)))).toEqual(
      [1, 2, 3, 4].map((number) => `secret ${number}`),
    );
  });
});

describe('the data key', () => {
  const Plaintext = Buffer.alloc(32, 3).toString('base64');
  const made = { Plaintext, CiphertextBlob: Buffer.from('wrapped').toString('base64') };
  let scripted: ScriptedCalls;
  const openScripted = () => open(scripted.call);
  beforeEach(() => {
    scripted = new ScriptedCalls().on('GenerateDataKey', made).on('Decrypt', { Plaintext });
  });

  it('is asked of KMS once for an instance, in the context that the grants demand', async () => {
    const vault = openScripted();
    const sealed = await Promise.all([1, 2, 3].map(() => vault.seal('secret', OWNER)));
    await Promise.all(sealed.map((one) => vault.open(one, OWNER)));
    const asked = { KeyId: KEY_ARN, EncryptionContext: { app: 'posthorn' } };
    expect(scripted.inputs('GenerateDataKey')).toEqual([{ ...asked, KeySpec: 'AES_256' }]);
    expect(scripted.inputs('Decrypt')).toEqual([{ ...asked, CiphertextBlob: made.CiphertextBlob }]);
  });

  it('that KMS refuses is asked for again', async () => {
    const vault = openScripted();
    scripted.on('GenerateDataKey', throttled(), made);
    await expect(vault.seal('secret', OWNER)).rejects.toThrow('slow down');
    expect(await vault.seal('secret', OWNER)).toMatch(/^1\./);
  });

  it('is not made by whoever only opens', async () => {
    await expect(openScripted().open('1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', OWNER)).rejects.toThrow(
      'has no data key 1',
    );
    expect(scripted.inputs('GenerateDataKey')).toEqual([]);
  });

  it('lies in the Catalog only as KMS has encrypted it', async () => {
    await openScripted().seal('secret', OWNER);
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.catalogTable }));
    expect(Items).toMatchObject([{ wrapped: new Uint8Array(Buffer.from('wrapped')) }]);
    expect(Items).toHaveLength(1);
  });
});
