import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAdminKeys } from '../../../functions/adapters/secrets-manager/admin-keys.ts';
import { NOW, SECOND } from '../../support/domain.ts';

const client = new SecretsManagerClient({ region: 'us-east-1' });
const secrets = mockClient(client);
const key = 'a-key-that-is-long-enough';
const CURRENT = { SecretId: 'arn', VersionStage: 'AWSCURRENT' };
const PENDING = { SecretId: 'arn', VersionStage: 'AWSPENDING' };
const absent = () => new ResourceNotFoundException({ message: 'no such version', $metadata: {} });
let now = NOW;
const create = () => createAdminKeys(client, 'arn', () => now);

beforeEach(() => {
  secrets.reset();
  now = NOW;
});

describe('the admin key', () => {
  it('is remembered for 30 seconds', async () => {
    secrets.on(GetSecretValueCommand, CURRENT).resolves({ SecretString: key });
    const keys = create();
    expect([await keys.current(), await keys.current()]).toEqual([key, key]);
    now += 29 * SECOND;
    await keys.current();
    expect(secrets.calls()).toHaveLength(1);
    now += 2 * SECOND;
    secrets.on(GetSecretValueCommand, CURRENT).resolves({ SecretString: `${key}-replaced` });
    expect(await keys.current()).toBe(`${key}-replaced`);
  });

  it('has a next one while it is being replaced, and its absence is remembered as well', async () => {
    secrets.on(GetSecretValueCommand, PENDING).rejects(absent());
    const keys = create();
    expect([await keys.next(), await keys.next()]).toEqual([null, null]);
    expect(secrets.calls()).toHaveLength(1);
    secrets.on(GetSecretValueCommand, PENDING).resolves({ SecretString: `${key}-next` });
    now += 31 * SECOND;
    expect(await keys.next()).toBe(`${key}-next`);
  });

  it.each([undefined, '', 'short'])('of %j lets nobody in', async (SecretString) => {
    secrets.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString });
    const keys = create();
    await expect(keys.current()).rejects.toThrow();
    await expect(keys.next()).rejects.toThrow();
  });

  it('that cannot be read is asked for again', async () => {
    secrets.on(GetSecretValueCommand).rejectsOnce(new Error('throttled')).resolves({ SecretString: key });
    const keys = create();
    await expect(keys.current()).rejects.toThrow('throttled');
    expect(await keys.current()).toBe(key);
  });

  it('that is gone is an error, not nobody’s', async () => {
    secrets.on(GetSecretValueCommand, CURRENT).rejects(absent());
    await expect(create().current()).rejects.toThrow('no such version');
  });
});
