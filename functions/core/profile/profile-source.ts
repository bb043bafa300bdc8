import type { CompiledProfile } from './compile-profile.ts';

/** The port to profiles, those that are built in and the company's own. */
export interface ProfileSource {
  /**
   * Null for a profile that does not exist.
   * @param version null for the latest
   */
  get(name: string, version: number | null): Promise<CompiledProfile | null>;
}
