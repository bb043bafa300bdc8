import { BUILT_IN_PROFILES } from '../../core/profile/built-in-profiles.ts';
import { compileProfile, type Profile } from '../../core/profile/compile-profile.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import type { ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';

/** Versions never change, so compiled ones are kept; this many, of which a company has a handful. */
const MAX_KEPT = 200;

/** Built-in profiles and the company's own. Which version is the latest is always read, so that a change counts at once. */
export function createProfiles(store: Pick<ProfileStore, 'getLatestProfile' | 'getProfileVersion'>): ProfileSource {
  const compiled = new Map<string, Profile>();

  function compile(stored: StoredProfile): Profile {
    const key = `${stored.name} ${stored.version}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const result = compileProfile(stored.document, stored.version);
    // It was checked when it was written, by an older release perhaps.
    if (!result.ok) throw new Error(`the stored profile ${key} is wrong: ${JSON.stringify(result.errors)}`);
    if (compiled.size >= MAX_KEPT) compiled.clear();
    compiled.set(key, result.profile);
    return result.profile;
  }

  return {
    async get(name, version) {
      const builtIn = BUILT_IN_PROFILES.get(name);
      if (builtIn !== undefined) return builtIn;
      const known = version === null ? undefined : compiled.get(`${name} ${version}`);
      if (known !== undefined) return known;
      const stored =
        version === null ? await store.getLatestProfile(name) : await store.getProfileVersion(name, version);
      return stored === null ? null : compile(stored);
    },
  };
}
