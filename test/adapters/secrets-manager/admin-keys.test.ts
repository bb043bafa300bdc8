import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAdminKeys } from '../../../functions/adapters/secrets-manager/admin-keys.ts';
import { HOUR, NOW, SECOND } from '../../support/domain.ts';

const client = new SecretsManagerClient({ region: 'us-east-1' });
const secrets = mockClient(client);
const key = 'a-key-that-is-long-enough';
const CURRENT = { SecretId: 'arn', VersionStage: 'AWSCURRENT' };
const PENDING = { SecretId: 'arn', VersionStage: 'AWSPENDING' };
const PREVIOUS = { SecretId: 'arn', VersionStage: 'AWSPREVIOUS' };
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
    secrets.on(GetSecretValueCommand, CURRENT).resolves({ SecretString: key });
    secrets.on(GetSecretValueCommand, PENDING).rejects(absent());
    const keys = create();
    expect([await keys.others(), await keys.others()]).toEqual([[], []]);
    expect(secrets.calls()).toHaveLength(2);
    secrets.on(GetSecretValueCommand, PENDING).resolves({ SecretString: `${key}-next` });
    now += 31 * SECOND;
    expect(await keys.others()).toEqual([`${key}-next`]);
  });

  it('that was replaced counts for a day more, unless its label is taken away', async () => {
    secrets.on(GetSecretValueCommand, CURRENT).resolves({ SecretString: `${key}-new`, CreatedDate: new Date(NOW) });
    secrets.on(GetSecretValueCommand, PENDING).rejects(absent());
    secrets.on(GetSecretValueCommand, PREVIOUS).resolves({ SecretString: key });
    const keys = create();
    expect(await keys.others()).toEqual([key]);
    now += 24 * HOUR - SECOND;
    expect(await keys.others()).toEqual([key]);
    now += 2 * SECOND;
    expect(await keys.others()).toEqual([]);
    now = NOW;
    secrets.on(GetSecretValueCommand, PREVIOUS).rejects(absent());
    expect(await create().others()).toEqual([]);
  });

  it.each([undefined, '', 'short'])('of %j lets nobody in', async (SecretString) => {
    secrets.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString });
    const keys = create();
    await expect(keys.current()).rejects.toThrow();
    await expect(keys.others()).rejects.toThrow();
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
