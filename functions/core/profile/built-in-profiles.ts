import bindbee from '../../vendors/bindbee/profile.json' with { type: 'json' };
import keypay from '../../vendors/keypay/profile.json' with { type: 'json' };
import peopleforce from '../../vendors/peopleforce/profile.json' with { type: 'json' };
import staffology from '../../vendors/staffology/profile.json' with { type: 'json' };
import { BUILT_IN_NAMES, type BuiltInName } from './built-in-names.ts';
import { type CompiledProfile, compileProfile } from './compile-profile.ts';
import standard from './standard.json' with { type: 'json' };

/** Built-in profiles change only with a release, so they have one version. */
const BUILT_IN_VERSION = 1;

const DOCUMENTS: Record<BuiltInName, unknown> = { standard, bindbee, keypay, staffology, peopleforce };

/** Each is compiled when it is first used: all of them would take 20 ms of every start. */
const BUILT_IN: ReadonlyMap<string, () => CompiledProfile> = new Map(
  BUILT_IN_NAMES.map((name) => {
    let compiled: CompiledProfile | null = null;
    return [name, () => (compiled ??= compile(name, DOCUMENTS[name]))];
  }),
);

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
