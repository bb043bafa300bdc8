import { beforeEach, describe, expect, it } from 'vitest';
import { createAdminKeys } from '../../../functions/adapters/secrets-manager/admin-keys.ts';
import { NOW, SECOND } from '../../support/domain.ts';
import { refused, ScriptedCalls, throttled } from '../../support/scripted-calls.ts';

const key = 'a-key-that-is-long-enough';
const absent = () => refused('ResourceNotFoundException', 'no such version');
let secrets: ScriptedCalls;
let now = NOW;
const create = () => createAdminKeys(secrets.call, 'arn', () => now);
const answer = (...answers: (object | Error)[]) => secrets.on('GetSecretValue', ...answers);
const calls = () => secrets.inputs('GetSecretValue');

beforeEach(() => {
  secrets = new ScriptedCalls();
  now = NOW;
});

describe('the admin key', () => {
  it('is remembered for 30 seconds', async () => {
    answer({ SecretString: key });
    const keys = create();
    expect([await keys.current(), await keys.current()]).toEqual([key, key]);
    now += 29 * SECOND;
    await keys.current();
    expect(calls()).toHaveLength(1);
    now += 2 * SECOND;
    answer({ SecretString: `${key}-replaced` });
    expect(await keys.current()).toBe(`${key}-replaced`);
  });

  it('has a next one while it is being replaced, and its absence is remembered as well', async () => {
    answer(absent());
    const keys = create();
    expect([await keys.next(), await keys.next()]).toEqual([null, null]);
    expect(calls()).toHaveLength(1);
    answer({ SecretString: `${key}-next` });
    now += 31 * SECOND;
    expect(await keys.next()).toBe(`${key}-next`);
  });

  it.each([undefined, '', 'short'])('of %j lets nobody in', async (SecretString) => {
    answer(SecretString === undefined ? {} : { SecretString });
    const keys = create();
    await expect(keys.current()).rejects.toThrow();
    await expect(keys.next()).rejects.toThrow();
  });

  it('that cannot be read is asked for again', async () => {
    answer(throttled(), { SecretString: key });
    const keys = create();
    await expect(keys.current()).rejects.toThrow('slow down');
    expect(await keys.current()).toBe(key);
  });

  it('that is gone is an error, not nobody’s', async () => {
    answer(absent());
    await expect(create().current()).rejects.toThrow('no such version');
  });
});
