import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { AwsCall } from '../../../functions/adapters/aws/calls.ts';
import { createAdminKeys } from '../../../functions/adapters/secrets-manager/admin-keys.ts';
import { HOUR, NOW, SECOND } from '../../support/domain.ts';
import { refused, throttled } from '../../support/scripted-calls.ts';

const key = 'a-key-that-is-long-enough';
const absent = () => refused('ResourceNotFoundException', 'no such version');
type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';
let versions: Partial<Record<Stage, object | Error>>;
let asked: unknown[];
let now = NOW;
const call: AwsCall = async (operation, input) => {
  asked.push(input);
  const { SecretId, VersionStage } = Asked.parse(input);
  expect([operation, SecretId]).toEqual(['GetSecretValue', 'arn']);
  const answer = versions[VersionStage] ?? absent();
  if (answer instanceof Error) throw answer;
  return answer;
};
const Asked = z.object({ SecretId: z.string(), VersionStage: z.enum(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']) });
const create = () => createAdminKeys(call, 'arn', () => now);

beforeEach(() => {
  versions = {};
  asked = [];
  now = NOW;
});

describe('the admin key', () => {
  it('is remembered for 30 seconds', async () => {
    versions.AWSCURRENT = { SecretString: key };
    const keys = create();
    expect([await keys.current(), await keys.current()]).toEqual([key, key]);
    now += 29 * SECOND;
    await keys.current();
    expect(asked).toHaveLength(1);
    now += 2 * SECOND;
    versions.AWSCURRENT = { SecretString: `${key}-replaced` };
    expect(await keys.current()).toBe(`${key}-replaced`);
  });

  it('has a next one while it is being replaced, and its absence is remembered as well', async () => {
    versions.AWSCURRENT = { SecretString: key };
    versions.AWSPENDING = absent();
    const keys = create();
    expect([await keys.others(), await keys.others()]).toEqual([[], []]);
    expect(asked).toHaveLength(2);
    versions.AWSPENDING = { SecretString: `${key}-next` };
    now += 31 * SECOND;
    expect(await keys.others()).toEqual([`${key}-next`]);
  });

  it('that was replaced counts for a day more, unless its label is taken away', async () => {
    versions.AWSCURRENT = { SecretString: `${key}-new`, CreatedDate: NOW / 1_000 };
    versions.AWSPENDING = absent();
    versions.AWSPREVIOUS = { SecretString: key };
    const keys = create();
    expect(await keys.others()).toEqual([key]);
    now += 24 * HOUR - SECOND;
    expect(await keys.others()).toEqual([key]);
    now += 2 * SECOND;
    expect(await keys.others()).toEqual([]);
    now = NOW;
    versions.AWSPREVIOUS = absent();
    expect(await create().others()).toEqual([]);
  });

  it.each([undefined, '', 'short'])('of %j lets nobody in', async (SecretString) => {
    versions.AWSCURRENT = SecretString === undefined ? {} : { SecretString };
    const keys = create();
    await expect(keys.current()).rejects.toThrow();
    await expect(keys.others()).rejects.toThrow();
  });

  it('that cannot be read is asked for again', async () => {
    versions.AWSCURRENT = throttled();
    const keys = create();
    await expect(keys.current()).rejects.toThrow('slow down');
    versions.AWSCURRENT = { SecretString: key };
    expect(await keys.current()).toBe(key);
  });

  it('that is gone is an error, not nobody’s', async () => {
    versions.AWSCURRENT = absent();
    await expect(create().current()).rejects.toThrow('no such version');
  });
});
