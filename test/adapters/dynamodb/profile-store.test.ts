import { describe, expect, it } from 'vitest';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createProfiles } from '../../../functions/adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../../../functions/adapters/dynamodb/profiles.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import { BUILT_IN_PROFILES } from '../../../functions/core/profile/built-in-profiles.ts';
import { makeSubscription, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';
import { profileDocument } from '../../support/profiles.ts';

const tables = useTables();
const store = createProfileStore(tables);
const catalog = { ...createTenants(tables), ...createSubscriptions(tables), ...createEventTypes(tables) };
const draft = (name: string, document: unknown = { name, marker: 1 }) => ({
  name,
  document,
  createdAt: NOW,
  updatedAt: NOW,
});
const saved = async (...args: Parameters<typeof store.saveProfile>) => {
  const stored = await store.saveProfile(...args);
  if (stored === null) throw new Error('not saved');
  return stored;
};

describe('a profile', () => {
  it('comes back as it was, and has a version with each change', async () => {
    expect(await store.getLatestProfile('first')).toBeNull();
    const one = await saved(draft('first'), 0);
    expect(one).toEqual({ ...draft('first'), version: 1, revision: 1, deleted: false });
    expect(await store.getLatestProfile('first')).toEqual(one);
    const two = await saved({ ...one, document: { marker: 2 }, updatedAt: NOW + 1 }, 1);
    expect(two).toMatchObject({ version: 2, revision: 2, document: { marker: 2 }, createdAt: NOW, updatedAt: NOW + 1 });
    expect(await store.getLatestProfile('first')).toEqual(two);
  });

  it('keeps its earlier versions for the deliveries that began with them', async () => {
    let stored = await saved(draft('kept', { marker: 1 }), 0);
    for (const marker of [2, 3]) stored = await saved({ ...stored, document: { marker } }, stored.revision);
    for (const version of [1, 2, 3]) {
      expect(await store.getProfileVersion('kept', version)).toMatchObject({ version, document: { marker: version } });
    }
    expect(await store.getProfileVersion('kept', 4)).toBeNull();
    expect(await store.getProfileVersion('none', 1)).toBeNull();
  });

  it('keeps what DynamoDB itself could not: great numbers, deep nesting, empty names', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 45; level += 1) deep = { a: deep };
    const document = { deep, big: 1e300, more: 12345678901234567000, '': '', list: [[]] };
    await saved(draft('odd', document), 0);
    expect((await store.getLatestProfile('odd'))?.document).toEqual(document);
  });

  it('is written only over what was read', async () => {
    const one = await saved(draft('guarded'), 0);
    expect(await store.saveProfile(draft('guarded', { marker: 'twin' }), 0)).toBeNull();
    expect(await store.saveProfile(one, 2)).toBeNull();
    expect(await store.saveProfile({ ...one, document: { marker: 2 } }, 1)).toMatchObject({ version: 2 });
    expect(await store.saveProfile({ ...one, document: { marker: 'late' } }, 1)).toBeNull();
    expect((await store.getLatestProfile('guarded'))?.document).toEqual({ marker: 2 });
  });

  it('that many change at the same moment is changed by one of them', async () => {
    const one = await saved(draft('contested'), 0);
    const writers = ['a', 'b', 'c', 'd'].map((marker) => store.saveProfile({ ...one, document: { marker } }, 1));
    const won = (await Promise.all(writers)).filter((answer) => answer !== null);
    expect(won).toHaveLength(1);
    expect(await store.getLatestProfile('contested')).toEqual(won[0]);
    expect(await store.getProfileVersion('contested', 1)).toMatchObject({ document: one.document });
  });
});

describe('a deleted profile', () => {
  it('is gone, but for the deliveries that began with it', async () => {
    const one = await saved(draft('gone', { marker: 1 }), 0);
    const two = await saved({ ...one, document: { marker: 2 } }, 1);
    expect(await store.deleteProfile(one)).toBe(false);
    expect(await store.deleteProfile(two)).toBe(true);
    expect(await store.deleteProfile(two)).toBe(false);
    expect(await store.getLatestProfile('gone')).toBeNull();
    expect(await store.listProfiles()).not.toContainEqual(expect.objectContaining({ name: 'gone' }));
    for (const version of [1, 2]) {
      expect(await store.getProfileVersion('gone', version)).toMatchObject({ document: { marker: version } });
    }
  });

  it('that is made anew goes on with the next version, and does not change the earlier ones', async () => {
    const one = await saved(draft('again', { marker: 1 }), 0);
    await store.deleteProfile(one);
    const two = await saved(draft('again', { marker: 2 }), 0);
    expect(two).toMatchObject({ version: 2, deleted: false });
    expect(await store.getLatestProfile('again')).toEqual(two);
    expect(await store.getProfileVersion('again', 1)).toMatchObject({
      version: 1,
      document: { marker: 1 },
      deleted: false,
    });
    expect(await store.listProfiles()).toContainEqual(expect.objectContaining({ name: 'again', version: 2 }));
  });

  it('that two make anew at the same moment is made by one of them', async () => {
    const one = await saved(draft('twins'), 0);
    await store.deleteProfile(one);
    const made = await Promise.all([1, 2, 3].map((marker) => store.saveProfile(draft('twins', { marker }), 0)));
    expect(made.filter((answer) => answer !== null)).toHaveLength(1);
    // Whoever read the tombstone a moment ago comes too late as well.
    expect(await store.saveProfile(draft('twins', { marker: 'late' }), 0)).toBeNull();
  });
});

describe('the list of profiles', () => {
  it('is whole, also when it is more than DynamoDB gives at once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `listed-${String(index).padStart(2, '0')}`);
    for (const [index, name] of names.entries())
      await saved({ ...draft(name, 'x'.repeat(100_000)), createdAt: NOW + 1_000 + index }, 0);
    const listed = (await store.listProfiles()).map(({ name }) => name);
    expect(listed.filter((name) => name.startsWith('listed-'))).toEqual(names);
  });
});

describe('who uses a profile', () => {
  it('is known of the company’s own, and forgotten with the subscription', async () => {
    expect(await store.isProfileUsed('used')).toBe(false);
    const subscription = makeSubscription({ tenantId: 'user', profile: 'used', revision: 0 });
    await catalog.saveSubscription(subscription, 0);
    expect(await store.isProfileUsed('used')).toBe(true);
    expect(await store.isProfileUsed('use')).toBe(false);
    await catalog.removeSubscription('user', subscription.id, null);
    expect(await store.isProfileUsed('used')).toBe(false);
    expect(await catalog.getSubscription('user', subscription.id)).toBeNull();
  });
});

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
    for (const [name, profile] of BUILT_IN_PROFILES) {
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
