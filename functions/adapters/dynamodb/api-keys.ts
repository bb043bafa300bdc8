import { ApiKey } from '../../core/access/api-key.ts';
import type { ApiKeyStore } from '../../core/access/api-key-store.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { API_KEYS, apiKeyKey } from './keys.ts';
import { readPartition } from './partition-list.ts';

export function createApiKeyStore(tables: Pick<Tables, 'documents' | 'catalogTable' | 'newWriteId'>): ApiKeyStore {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);
  return {
    async addApiKey(key) {
      await documents.putItem({ TableName: catalogTable, Item: { ...apiKeyKey(key.id), v: 1, ...key } });
    },

    async getApiKey(id) {
      const item = await documents.getItem({ TableName: catalogTable, Key: apiKeyKey(id), ConsistentRead: true });
      return item === undefined ? null : ApiKey.parse(item);
    },

    listApiKeys: (limit, after) =>
      readPartition(documents, {
        table: catalogTable,
        partition: API_KEYS,
        limit,
        after,
        parse: (item) => ApiKey.parse(item),
        matches: null,
      }),

    async deleteApiKey(id) {
      await documents.deleteItem({ TableName: catalogTable, Key: apiKeyKey(id) });
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
