import { beforeEach, describe, expect, it } from 'vitest';
import type { ProfileDraft, ProfileStore, StoredProfile } from '../../functions/core/profile/profile-store.ts';
import type { Subscription } from '../../functions/core/subscription/subscription.ts';
import { makeSubscription, NOW } from '../support/domain.ts';
import { freshTenant, type Subject } from './subject.ts';

/** @param subscriptions what makes and unmakes the users of a profile */
export function describeProfileStore(
  name: string,
  { store, losing }: Subject<ProfileStore>,
  subscriptions: { add: (one: Subscription) => Promise<void>; remove: (one: Subscription) => Promise<void> },
): void {
  let number = 0;
  let profileName = '';
  beforeEach(() => {
    number += 1;
    profileName = `own-${number}`;
  });
  const draft = (document: unknown = { marker: 1 }, rest: Partial<ProfileDraft> = {}): ProfileDraft => ({
    name: profileName,
    document,
    createdAt: NOW,
    updatedAt: NOW,
    ...rest,
  });
  async function saved(profile: ProfileDraft, revision: number): Promise<StoredProfile> {
    const stored = await store.saveProfile(profile, revision);
    if (stored === null) throw new Error('not saved');
    return stored;
  }
  const latest = () => store.getLatestProfile(profileName);

  describe(`a profile in ${name}`, () => {
    it('comes back as it was, and has a version with each change', async () => {
      expect(await latest()).toBeNull();
      const one = await saved(draft(), 0);
      expect(one).toEqual({ ...draft(), version: 1, revision: 1, deleted: false });
      expect(await latest()).toEqual(one);
      const two = await saved({ ...one, document: { marker: 2 }, updatedAt: NOW + 1 }, 1);
      expect(two).toEqual({ ...draft({ marker: 2 }), updatedAt: NOW + 1, version: 2, revision: 2, deleted: false });
      expect(await latest()).toEqual(two);
    });

    it('keeps its earlier versions for the deliveries that began with them', async () => {
      let stored = await saved(draft({ marker: 1 }), 0);
      for (const marker of [2, 3]) stored = await saved({ ...stored, document: { marker } }, stored.revision);
      for (const version of [1, 2, 3]) {
        expect(await store.getProfileVersion(profileName, version)).toMatchObject({
          version,
          document: { marker: version },
        });
      }
      for (const version of [0, 4]) expect(await store.getProfileVersion(profileName, version)).toBeNull();
      expect(await store.getProfileVersion(`${profileName}-none`, 1)).toBeNull();
    });

    it('keeps great numbers, deep nesting, empty and odd names, any characters', async () => {
      let deep: unknown = 1;
      for (let level = 0; level < 45; level += 1) deep = { a: deep };
      const document: unknown = {
        ...JSON.parse('{"__proto__":{"a":1}}'),
        deep,
        big: 1e300,
        more: 12345678901234567000,
        '': '',
        list: [[]],
        text: 'ü😀\u0000',
      };
      await saved(draft(document), 0);
      expect((await latest())?.document).toEqual(document);
    });

    it('may have 300 KB, as may its earlier versions', async () => {
      const large = (marker: number) => ({ marker, text: 'x'.repeat(300_000) });
      const one = await saved(draft(large(1)), 0);
      await saved({ ...one, document: large(2) }, 1);
      expect((await latest())?.document).toEqual(large(2));
      expect((await store.getProfileVersion(profileName, 1))?.document).toEqual(large(1));
    });

    it('is written only over the revision that was read', async () => {
      expect(await store.saveProfile(draft(), 1)).toBeNull();
      expect(await latest()).toBeNull();
      const one = await saved(draft(), 0);
      expect(await store.saveProfile(draft({ marker: 'twin' }), 0)).toBeNull();
      expect(await store.saveProfile(one, 2)).toBeNull();
      expect(await store.saveProfile({ ...one, document: { marker: 2 } }, 1)).toMatchObject({ version: 2 });
      expect(await store.saveProfile({ ...one, document: { marker: 'late' } }, 1)).toBeNull();
      expect((await latest())?.document).toEqual({ marker: 2 });
    });

    it('that several change at the same moment is changed by one of them, and its version before stays', async () => {
      const one = await saved(draft(), 0);
      const writers = ['a', 'b', 'c', 'd'].map((marker) => store.saveProfile({ ...one, document: { marker } }, 1));
      const won = (await Promise.all(writers)).filter((answer) => answer !== null);
      expect(won).toHaveLength(1);
      expect(await latest()).toEqual(won[0]);
      expect(await store.getProfileVersion(profileName, 1)).toMatchObject({ document: one.document });
    });

    if (losing !== null) {
      it('whose write had its effect is made, although the answer was lost', async () => {
        expect(await losing(() => store.saveProfile(draft(), 0))).toMatchObject({ version: 1, revision: 1 });
        expect(await latest()).toMatchObject({ version: 1, revision: 1 });
      });
    }
  });

  describe(`a deleted profile in ${name}`, () => {
    it('is absent, but for the deliveries that began with it', async () => {
      const one = await saved(draft({ marker: 1 }), 0);
      const two = await saved({ ...one, document: { marker: 2 } }, 1);
      expect(await store.deleteProfile(one)).toBe(false);
      expect(await store.deleteProfile(two)).toBe(true);
      expect(await store.deleteProfile(two)).toBe(false);
      expect(await latest()).toBeNull();
      expect((await store.listProfiles()).map((one) => one.name)).not.toContain(profileName);
      for (const version of [1, 2])
        expect(await store.getProfileVersion(profileName, version)).toMatchObject({ document: { marker: version } });
    });

    it('that is made anew goes on with the next version, and does not change the earlier ones', async () => {
      await store.deleteProfile(await saved(draft({ marker: 1 }), 0));
      const two = await saved(draft({ marker: 2 }), 0);
      expect(two).toMatchObject({ version: 2, deleted: false });
      expect(await latest()).toEqual(two);
      expect(await store.getProfileVersion(profileName, 1)).toMatchObject({ version: 1, document: { marker: 1 } });
      expect(await store.listProfiles()).toContainEqual(two);
    });

    it('that several make anew at the same moment is made by one of them', async () => {
      await store.deleteProfile(await saved(draft(), 0));
      const made = await Promise.all([1, 2, 3].map((marker) => store.saveProfile(draft({ marker }), 0)));
      expect(made.filter((answer) => answer !== null)).toHaveLength(1);
      // A caller that saw it deleted a moment ago comes too late as well.
      expect(await store.saveProfile(draft({ marker: 'late' }), 0)).toBeNull();
    });
  });

  describe(`the list of profiles in ${name}`, () => {
    it('is whole, oldest first, also where a store gives it in several answers', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `listed-${String(20 - index)}`);
      for (const [index, one] of names.entries())
        await saved(draft('x'.repeat(100_000), { name: one, createdAt: NOW + 1_000 + index }), 0);
      const listed = (await store.listProfiles()).map((one) => one.name);
      expect(listed.filter((one) => one.startsWith('listed-'))).toEqual(names);
    });

    it('has each once, as it is now', async () => {
      const one = await saved(draft(), 0);
      const two = await saved({ ...one, document: { marker: 2 } }, 1);
      expect((await store.listProfiles()).filter((each) => each.name === profileName)).toEqual([two]);
    });
  });

  describe(`whether a profile is used, in ${name}`, () => {
    it('follows the subscriptions, and knows a name from its beginning', async () => {
      expect(await store.isProfileUsed(profileName)).toBe(false);
      const one = makeSubscription({ tenantId: freshTenant(), profile: profileName, revision: 0 });
      await subscriptions.add(one);
      expect(await store.isProfileUsed(profileName)).toBe(true);
      for (const other of [profileName.slice(0, -1), `${profileName}x`])
        expect(await store.isProfileUsed(other)).toBe(false);
      await subscriptions.remove(one);
      expect(await store.isProfileUsed(profileName)).toBe(false);
    });
  });
}
