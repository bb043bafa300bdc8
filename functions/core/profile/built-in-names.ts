/** The names of the profiles that Posthorn brings. Apart from the profiles, which functions that only ask for a name need not load. */
export const BUILT_IN_NAMES = ['standard', 'bindbee', 'keypay', 'staffology', 'peopleforce'] as const;
export type BuiltInName = (typeof BUILT_IN_NAMES)[number];

export function isBuiltInProfile(name: string): name is BuiltInName {
  return BUILT_IN_NAMES.some((one) => one === name);
}
