import * as z from 'zod';
import { type ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import {
  type Item,
  type Key,
  type KeyedItem,
  PROFILE_LIST,
  profileKey,
  profileUsers,
  profileVersionKey,
  timeKey,
} from './keys.ts';

/** The document is stored as text: DynamoDB takes neither numbers beyond 2^53 nor more than 32 levels. */
const ProfileItem = StoredProfile.extend({
  document: z.string().transform((text): unknown => JSON.parse(text)),
});

function profileItem(key: Key, stored: StoredProfile): KeyedItem {
  return { ...key, v: 1, ...stored, document: JSON.stringify(stored.document) };
}

export function createProfileStore(tables: Pick<Tables, 'documents' | 'catalogTable' | 'newWriteId'>): ProfileStore {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);

  async function get(key: Key): Promise<StoredProfile | null> {
    const item = await documents.getItem({ TableName: catalogTable, Key: key, ConsistentRead: true });
    return item === undefined ? null : ProfileItem.parse(item);
  }

  /** As many as DynamoDB gives in one answer (1 MB), from `start` on. */
  async function queryList(partition: string, start?: Item, limit?: number) {
    const { Items = [], LastEvaluatedKey } = await documents.query({
      TableName: catalogTable,
      IndexName: INDEXES.catalogList.name,
      KeyConditionExpression: 'listPk = :pk',
      ExpressionAttributeValues: { ':pk': partition },
      ExclusiveStartKey: start,
      Limit: limit,
    });
    return { items: Items, next: LastEvaluatedKey };
  }

  /** A version that is no longer the latest stays beside it, for the deliveries that began with it. */
  async function archive(stored: StoredProfile): Promise<void> {
    // Of a deleted profile the last version is there already, as it was before.
    if (stored.deleted) return;
    const item = profileItem(profileVersionKey(stored.name, stored.version), stored);
    await documents.putItem({ TableName: catalogTable, Item: item });
  }

  const getStored = (name: string): Promise<StoredProfile | null> => get(profileKey(name));

  /** False, and nothing changed but the archive, unless the stored revision is still `seen`'s. */
  async function replace(seen: StoredProfile | null, item: KeyedItem): Promise<boolean> {
    if (seen !== null) await archive(seen);
    return writes.putIf(item, atRevision(seen?.revision ?? 0));
  }

  return {
    async getLatestProfile(name) {
      const stored = await getStored(name);
      return stored === null || stored.deleted ? null : stored;
    },

    async getProfileVersion(name, version) {
      const stored = await getStored(name);
      return stored?.version === version ? stored : get(profileVersionKey(name, version));
    },

    async listProfiles() {
      const stored: StoredProfile[] = [];
      let start: Item | undefined;
      do {
        const page = await queryList(PROFILE_LIST, start);
        stored.push(...page.items.map((item) => ProfileItem.parse(item)));
        start = page.next;
      } while (start !== undefined);
      return stored;
    },

    async saveProfile(profile, revision) {
      const seen = await getStored(profile.name);
      if ((seen === null || seen.deleted ? 0 : seen.revision) !== revision) return null;
      const version = (seen?.version ?? 0) + 1;
      const next = { ...profile, version, revision: (seen?.revision ?? 0) + 1, deleted: false };
      const item = {
        ...profileItem(profileKey(profile.name), next),
        listPk: PROFILE_LIST,
        listSk: timeKey(profile.createdAt, profile.name),
      };
      return (await replace(seen, item)) ? next : null;
    },

    async isProfileUsed(name) {
      return (await queryList(profileUsers(name), undefined, 1)).items.length > 0;
    },

    deleteProfile(stored) {
      const deleted = { ...stored, deleted: true, revision: stored.revision + 1 };
      return replace(stored, profileItem(profileKey(stored.name), deleted));
    },
  };
}
