import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { type Item, type Key, PROFILE_LIST, profileKey, profileUsers, profileVersionKey, timeKey } from './keys.ts';

/** A profile of the company's own. `document` is checked before it is stored. Times are epoch milliseconds. */
const StoredProfile = z.object({
  name: z.string(),
  version: z.int(),
  document: z.unknown(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Kept when it is deleted, so that a later profile of this name goes on with the next version. */
  deleted: z.boolean().default(false),
  /** Raised by each write, for conditional writes and ETags. */
  revision: z.int(),
});
export type StoredProfile = z.infer<typeof StoredProfile>;

/** The document is stored as text: DynamoDB takes neither numbers beyond 2^53 nor more than 32 levels. */
const ProfileItem = StoredProfile.extend({
  document: z.string().transform((text): unknown => JSON.parse(text)),
});

function profileItem(key: Key, stored: StoredProfile): Item {
  return { ...key, v: 1, ...stored, document: JSON.stringify(stored.document) };
}

/** The company's own profiles, in the Catalog. All reads of the latest version are strongly consistent. */
export type ProfileStore = ReturnType<typeof createProfileStore>;

export function createProfileStore({ client, catalogTable }: Pick<Tables, 'client' | 'catalogTable'>) {
  async function get(key: Key): Promise<StoredProfile | null> {
    const { Item } = await client.send(new GetCommand({ TableName: catalogTable, Key: key, ConsistentRead: true }));
    return Item === undefined ? null : ProfileItem.parse(Item);
  }

  /** As many as DynamoDB gives at once (1 MB), from `start` on. */
  async function queryList(partition: string, start?: Item, limit?: number) {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: catalogTable,
        IndexName: INDEXES.catalogList.name,
        KeyConditionExpression: 'listPk = :pk',
        ExpressionAttributeValues: { ':pk': partition },
        ExclusiveStartKey: start,
        Limit: limit,
      }),
    );
    return { items: Items, next: LastEvaluatedKey };
  }

  /** A version that is no longer the latest stays beside it, for the deliveries that began with it. */
  async function archive(stored: StoredProfile): Promise<void> {
    // Of a deleted profile the last version is there already, as it was before.
    if (stored.deleted) return;
    const item = profileItem(profileVersionKey(stored.name, stored.version), stored);
    await client.send(new PutCommand({ TableName: catalogTable, Item: item }));
  }

  const getStored = (name: string): Promise<StoredProfile | null> => get(profileKey(name));

  /** False, and nothing changed, unless the stored revision is still `seen`'s. */
  async function replace(seen: StoredProfile | null, item: Item): Promise<boolean> {
    if (seen !== null) await archive(seen);
    try {
      await client.send(
        new PutCommand({
          TableName: catalogTable,
          Item: item,
          ...(seen === null
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : {
                ConditionExpression: 'revision = :revision',
                ExpressionAttributeValues: { ':revision': seen.revision },
              }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    async getLatest(name: string): Promise<StoredProfile | null> {
      const stored = await getStored(name);
      return stored === null || stored.deleted ? null : stored;
    },

    async getVersion(name: string, version: number): Promise<StoredProfile | null> {
      const stored = await getStored(name);
      return stored?.version === version ? stored : get(profileVersionKey(name, version));
    },

    /** Oldest first. A company has a handful. */
    async list(): Promise<StoredProfile[]> {
      const stored: StoredProfile[] = [];
      let start: Item | undefined;
      do {
        const page = await queryList(PROFILE_LIST, start);
        stored.push(...page.items.map((item) => ProfileItem.parse(item)));
        start = page.next;
      } while (start !== undefined);
      return stored;
    },

    /** Makes the next version. Null, and nothing changed, unless the stored revision is the given one (0: there is none). */
    async save(
      profile: Pick<StoredProfile, 'name' | 'document' | 'createdAt' | 'updatedAt'>,
      revision: number,
    ): Promise<StoredProfile | null> {
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

    /** Whether a subscription uses it. Read from an index, which lags behind by moments. */
    async isUsed(name: string): Promise<boolean> {
      return (await queryList(profileUsers(name), undefined, 1)).items.length > 0;
    },

    remove(stored: StoredProfile): Promise<boolean> {
      const deleted = { ...stored, deleted: true, revision: stored.revision + 1 };
      return replace(stored, profileItem(profileKey(stored.name), deleted));
    },
  };
}
