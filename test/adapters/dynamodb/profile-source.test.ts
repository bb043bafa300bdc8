import { describe, expect, it } from 'vitest';
import { createProfiles } from '../../../functions/adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../../../functions/adapters/dynamodb/profiles.ts';
import { builtInProfiles } from '../../../functions/core/profile/built-in-profiles.ts';
import { NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';
import { profileDocument } from '../../support/profiles.ts';

const store = createProfileStore(useTables());
const draft = (name: string, document: unknown) => ({ name, document, createdAt: NOW, updatedAt: NOW });
const saved = async (...args: Parameters<typeof store.saveProfile>) => {
  const stored = await store.saveProfile(...args);
  if (stored === null) throw new Error('not saved');
  return stored;
};

describe('profiles, compiled', () => {
  /** The store, counting what is read of it. */
  function counting() {
    const reads: string[] = [];
    const profiles = createProfiles({
      getLatestProfile: (name) => {
        reads.push(`${name} latest`);
        return store.getLatestProfile(name);
      },
      getProfileVersion: (name, version) => {
        reads.push(`${name} ${version}`);
        return store.getProfileVersion(name, version);
      },
    });
    return { profiles, reads };
  }

  it('that are built in are never looked up, whatever their version', async () => {
    const { profiles, reads } = counting();
    for (const profile of builtInProfiles()) {
      const { name } = profile.document;
      expect(await profiles.get(name, null)).toBe(profile);
      expect(await profiles.get(name, 1)).toBe(profile);
    }
    expect(reads).toEqual([]);
  });

  it('of one version are compiled once, and the latest counts at once', async () => {
    const { profiles, reads } = counting();
    expect(await profiles.get('cached', null)).toBeNull();
    const one = await saved(draft('cached', profileDocument({ name: 'cached' })), 0);
    const first = await profiles.get('cached', null);
    expect(first).toMatchObject({ version: 1, document: { name: 'cached', retry: { jitter: 0 } } });
    expect(await profiles.get('cached', null)).toBe(first);
    expect(await profiles.get('cached', 1)).toBe(first);
    await saved({ ...one, document: profileDocument({ name: 'cached', description: 'second' }) }, 1);
    expect(await profiles.get('cached', null)).toMatchObject({ version: 2, document: { description: 'second' } });
    expect(await profiles.get('cached', 1)).toBe(first);
    expect(reads).toEqual(['cached latest', 'cached latest', 'cached latest', 'cached latest']);
  });

  it('of an earlier version are read for the deliveries that keep it', async () => {
    const { profiles, reads } = counting();
    expect(await profiles.get('cached', 1)).toMatchObject({ version: 1, document: { description: '' } });
    expect(await profiles.get('cached', 1)).toMatchObject({ version: 1 });
    expect(reads).toEqual(['cached 1']);
    expect(await profiles.get('cached', 9)).toBeNull();
  });

  it('that an older release has stored, and that are wrong now, are a fault that is named', async () => {
    await saved(draft('rotten', { name: 'rotten' }), 0);
    await expect(counting().profiles.get('rotten', null)).rejects.toThrow(/stored profile rotten 1 is wrong.*envelope/);
  });
});
