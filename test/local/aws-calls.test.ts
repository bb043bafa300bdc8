import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createControlServer } from '../../local/control-server.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { createAwsCalls } from '../../local/resources/keys-and-secrets/aws-calls.ts';
import { openKeyFile } from '../../local/resources/keys-and-secrets/key-file.ts';

const KEY = 'arn:aws:kms:us-east-1:000000000000:key/1';
const OTHER_KEY = 'arn:aws:kms:us-east-1:000000000000:key/2';
const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:admin';
const dir = mkdtempSync(join(tmpdir(), 'posthorn-keys-'));
const plan = {
  keys: [{ arn: KEY }, { arn: OTHER_KEY }],
  secrets: [
    { arn: SECRET, properties: { GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true as const } } },
  ],
};
const path = join(dir, 'keys.json');
const context = { app: 'posthorn', tenant: 'acme' };
let advanced: number[] = [];
let server: Server;
let kms: KMSClient;
let secretsManager: SecretsManagerClient;
let url: string;

beforeAll(async () => {
  server = createControlServer({
    awsCalls: createAwsCalls(openKeyFile(path, plan)),
    clockOffsetMs: () => advanced.reduce((sum, milliseconds) => sum + milliseconds, 0),
    advanceClock: async (milliseconds) => void advanced.push(milliseconds),
  });
  url = await listenOnLoopback(server, 0, '');
  const options = {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  kms = new KMSClient(options);
  secretsManager = new SecretsManagerClient(options);
});
afterAll(async () => {
  kms.destroy();
  secretsManager.destroy();
  await closeServer(server);
  rmSync(dir, { recursive: true, force: true });
});

describe('KMS', () => {
  const generate = () =>
    kms.send(new GenerateDataKeyCommand({ KeyId: KEY, KeySpec: 'AES_256', EncryptionContext: context }));

  test('decrypts the data key that it made, in the same encryption context', async () => {
    const { Plaintext, CiphertextBlob, KeyId } = await generate();
    expect(Plaintext).toHaveLength(32);
    expect(KeyId).toBe(KEY);
    const reordered = { tenant: 'acme', app: 'posthorn' };
    const decrypted = await kms.send(new DecryptCommand({ KeyId: KEY, CiphertextBlob, EncryptionContext: reordered }));
    expect(decrypted.Plaintext).toEqual(Plaintext);
    expect(decrypted.KeyId).toBe(KEY);
  });

  test.each([
    ['another encryption context', { EncryptionContext: { ...context, tenant: 'evil' } }, 'InvalidCiphertextException'],
    ['no encryption context', { EncryptionContext: {} }, 'InvalidCiphertextException'],
    ['another key', { KeyId: OTHER_KEY }, 'InvalidCiphertextException'],
  ])('refuses to decrypt with %s', async (_what, change, name) => {
    const { CiphertextBlob } = await generate();
    const input = { KeyId: KEY, CiphertextBlob, EncryptionContext: context, ...change };
    await expect(kms.send(new DecryptCommand(input))).rejects.toMatchObject({ name });
  });

  test('refuses to decrypt what was changed', async () => {
    const { CiphertextBlob = new Uint8Array() } = await generate();
    for (const at of [0, 5, CiphertextBlob.length - 1]) {
      const changed = CiphertextBlob.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      const input = { KeyId: KEY, CiphertextBlob: changed, EncryptionContext: context };
      await expect(kms.send(new DecryptCommand(input))).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
    }
  });

  test('knows no other key and no other call', async () => {
    const unknown = new GenerateDataKeyCommand({ KeyId: `${KEY}9`, KeySpec: 'AES_256' });
    await expect(kms.send(unknown)).rejects.toMatchObject({ name: 'NotFoundException' });
    await expect(kms.send(new ListKeysCommand())).rejects.toThrow('not emulated on one machine');
  });
});

describe('Secrets Manager', () => {
  test('gives the generated secret, the same after a restart', async () => {
    const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId: SECRET }));
    expect(SecretString).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(openKeyFile(path, plan).secrets[SECRET]).toBe(SecretString);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('knows no other secret, and no other version', async () => {
    const unknown = { name: 'ResourceNotFoundException' };
    await expect(secretsManager.send(new GetSecretValueCommand({ SecretId: 'other' }))).rejects.toMatchObject(unknown);
    const pending = new GetSecretValueCommand({ SecretId: SECRET, VersionStage: 'AWSPENDING' });
    await expect(secretsManager.send(pending)).rejects.toMatchObject(unknown);
  });
});

describe('the clock', () => {
  const post = (body: string) => fetch(`${url}/clock`, { method: 'POST', body });

  test('goes ahead by what is asked, and tells its offset', async () => {
    advanced = [];
    expect(await (await post('{"advanceSeconds": 1.5}')).json()).toMatchObject({ offsetSeconds: 1.5 });
    expect(await (await fetch(`${url}/clock`)).json()).toEqual({ offsetSeconds: 1.5, now: expect.any(String) });
  });

  test.each([
    '',
    '{}',
    '{"advanceSeconds": -1}',
    '{"advanceSeconds": 0}',
    '{"advanceSeconds": "5"}',
    '{"advanceSeconds": 5, "x": 1}',
  ])('does not move for %s', async (body) => {
    advanced = [];
    expect((await post(body)).status).toBe(400);
    expect(advanced).toEqual([]);
  });
});
