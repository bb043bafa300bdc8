import { builtInProfile } from '../../core/profile/built-in-profiles.ts';
import { type CompiledProfile, compileProfile } from '../../core/profile/compile-profile.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import type { ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';
import { remember } from '../remember.ts';

/** Versions never change, so compiled ones are kept; this many, of which a company has a handful. */
const MAX_KEPT = 200;

/** Built-in profiles and the company's own. Which version is the latest is always read, so that a change counts without delay. */
export function createProfiles(store: Pick<ProfileStore, 'getLatestProfile' | 'getProfileVersion'>): ProfileSource {
  const compiled = remember<Promise<CompiledProfile | null>>({ max: MAX_KEPT, ttlMs: null });

  return {
    async get(name, version) {
      const builtIn = builtInProfile(name);
      if (builtIn !== null) return builtIn;
      if (version !== null) {
        return compiled(`${name} ${version}`, async () => {
          const stored = await store.getProfileVersion(name, version);
          return stored === null ? null : compile(stored);
        });
      }
      const latest = await store.getLatestProfile(name);
      return latest === null ? null : compiled(`${name} ${latest.version}`, async () => compile(latest));
    },
  };
}

function compile({ name, version, document }: StoredProfile): CompiledProfile {
  const result = compileProfile(document, version);
  // It was checked when it was written, by an older release perhaps.
  if (!result.ok) throw new Error(`the stored profile ${name} ${version} is wrong: ${JSON.stringify(result.errors)}`);
  return result.profile;
}
