import bindbee from '../../vendors/bindbee/profile.json' with { type: 'json' };
import keypay from '../../vendors/keypay/profile.json' with { type: 'json' };
import peopleforce from '../../vendors/peopleforce/profile.json' with { type: 'json' };
import staffology from '../../vendors/staffology/profile.json' with { type: 'json' };
import { type CompiledProfile, compileProfile } from './compile-profile.ts';
import standard from './standard.json' with { type: 'json' };

/** Built-in profiles change only with a release, so they have one version. */
const BUILT_IN_VERSION = 1;

/** The profiles that Posthorn brings, by name. Each is compiled when it is first used: all of them would take 20 ms of every start. */
const BUILT_IN: ReadonlyMap<string, () => CompiledProfile> = new Map(
  [standard, bindbee, keypay, staffology, peopleforce].map((document) => {
    let compiled: CompiledProfile | null = null;
    return [document.name, () => (compiled ??= compile(document.name, document))];
  }),
);

export function isBuiltInProfile(name: string): boolean {
  return BUILT_IN.has(name);
}

export function builtInProfile(name: string): CompiledProfile | null {
  return BUILT_IN.get(name)?.() ?? null;
}

export function builtInProfiles(): CompiledProfile[] {
  return [...BUILT_IN.values()].map((profile) => profile());
}

function compile(name: string, document: unknown): CompiledProfile {
  const result = compileProfile(document, BUILT_IN_VERSION);
  if (!result.ok) throw new Error(`the built-in profile ${name} is wrong: ${JSON.stringify(result.errors)}`);
  return result.profile;
}
