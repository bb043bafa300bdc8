import bindbee from '../../vendors/bindbee/profile.json' with { type: 'json' };
import keypay from '../../vendors/keypay/profile.json' with { type: 'json' };
import peopleforce from '../../vendors/peopleforce/profile.json' with { type: 'json' };
import staffology from '../../vendors/staffology/profile.json' with { type: 'json' };
import { type CompiledProfile, compileProfile } from './compile-profile.ts';
import standard from './standard.json' with { type: 'json' };

/** Built-in profiles change only with a release, so they have one version. */
const BUILT_IN_VERSION = 1;

/** The profiles that Posthorn brings, by name. */
export const BUILT_IN_PROFILES: ReadonlyMap<string, CompiledProfile> = new Map(
  [standard, bindbee, keypay, staffology, peopleforce].map((document) => {
    const compiled = compileProfile(document, BUILT_IN_VERSION);
    if (!compiled.ok)
      throw new Error(`the built-in profile ${document.name} is wrong: ${JSON.stringify(compiled.errors)}`);
    return [document.name, compiled.profile];
  }),
);
