import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { ApiKey } from '../../core/access/api-key.ts';
import type { ApiKeyStore } from '../../core/access/api-key-store.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { API_KEYS, apiKeyKey } from './keys.ts';
import { readPartition } from './partition-list.ts';

export function createApiKeyStore(tables: Pick<Tables, 'client' | 'catalogTable' | 'newWriteId'>): ApiKeyStore {
  const { client, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);
  return {
    async addApiKey(key) {
      await client.send(new PutCommand({ TableName: catalogTable, Item: { ...apiKeyKey(key.id), v: 1, ...key } }));
    },

    async getApiKey(id) {
      const { Item } = await client.send(
        new GetCommand({ TableName: catalogTable, Key: apiKeyKey(id), ConsistentRead: true }),
      );
      return Item === undefined ? null : ApiKey.parse(Item);
    },

    listApiKeys: (limit, after) =>
      readPartition(client, {
        table: catalogTable,
        partition: API_KEYS,
        limit,
        after,
        parse: (item) => ApiKey.parse(item),
        matches: null,
      }),

    async deleteApiKey(id) {
      await client.send(new DeleteCommand({ TableName: catalogTable, Key: apiKeyKey(id) }));
    },

    async noteUse(id, at, unlessAfter) {
      // Null, which the attribute is before the first use, is no number: it is in no order with one.
      const isDue = 'attribute_type(lastUsedAt, :null) OR lastUsedAt <= :unlessAfter';
      await writes.updateIf(
        apiKeyKey(id),
        { set: 'lastUsedAt = :at', values: { ':at': at } },
        {
          expression: `attribute_exists(pk) AND (${isDue})`,
          values: { ':null': 'NULL', ':unlessAfter': unlessAfter },
        },
      );
    },
  };
}
