import { Token } from '../../core/access/token.ts';
import type { TokenStore } from '../../core/access/token-store.ts';
import type { Tables } from './client.ts';
import { tokenKey, tokenPartition } from './keys.ts';
import { readPartition } from './partition-list.ts';

/** Tokens lie in the journal, whose TTL removes them. */
export function createTokenStore({ documents, journalTable }: Pick<Tables, 'documents' | 'journalTable'>): TokenStore {
  return {
    async addToken(token) {
      const expiresAt = Math.ceil(token.endsAt / 1_000);
      const item = { ...tokenKey(token.tenantId, token.id), v: 1, ...token, expiresAt };
      await documents.putItem({ TableName: journalTable, Item: item });
    },

    async getToken(tenantId, id) {
      const item = await documents.getItem({
        TableName: journalTable,
        Key: tokenKey(tenantId, id),
        ConsistentRead: true,
      });
      return item === undefined ? null : Token.parse(item);
    },

    listTokens: (tenantId, limit, after, matches) =>
      readPartition(documents, {
        table: journalTable,
        partition: tokenPartition(tenantId),
        limit,
        after,
        parse: (item) => Token.parse(item),
        matches,
      }),

    async deleteToken(tenantId, id) {
      await documents.deleteItem({ TableName: journalTable, Key: tokenKey(tenantId, id) });
    },
  };
}
