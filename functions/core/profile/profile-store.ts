import * as z from 'zod';

/** A profile of the company's own. `document` is checked before it is stored. Times are epoch milliseconds. */
export const StoredProfile = z.object({
  name: z.string(),
  version: z.int(),
  document: z.unknown(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Kept when it is deleted, so that a later profile of this name continues with the next version. */
  deleted: z.boolean().default(false),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type StoredProfile = z.infer<typeof StoredProfile>;

export type ProfileDraft = Pick<StoredProfile, 'name' | 'document' | 'createdAt' | 'updatedAt'>;

/** The port to the company's own profiles. All reads of the latest version are strongly consistent. */
export interface ProfileStore {
  /** Null for a profile that does not exist or was deleted. */
  getLatestProfile(name: string): Promise<StoredProfile | null>;
  /** Also a version of a profile that was deleted. */
  getProfileVersion(name: string, version: number): Promise<StoredProfile | null>;
  /** Oldest first. A company has a handful. Read from an index, which lags behind by moments. */
  listProfiles(): Promise<StoredProfile[]>;
  /** Makes the next version. Null, and nothing changed, unless the stored revision is the given one (0: there is none). */
  saveProfile(profile: ProfileDraft, revision: number): Promise<StoredProfile | null>;
  /** Whether a subscription uses it. Read from an index, which lags behind by moments. */
  isProfileUsed(name: string): Promise<boolean>;
  /** Its versions stay for the deliveries that began with them. False, and nothing changed, if it was written since. */
  deleteProfile(stored: StoredProfile): Promise<boolean>;
}
