import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Token } from '../../core/access/token.ts';
import type { TokenStore } from '../../core/access/token-store.ts';
import type { Tables } from './client.ts';
import { tokenKey, tokenPartition } from './keys.ts';
import { readPartition } from './partition-list.ts';

/** Tokens lie in the journal, whose TTL removes them. */
export function createTokenStore({ client, journalTable }: Pick<Tables, 'client' | 'journalTable'>): TokenStore {
  return {
    async addToken(token) {
      const expiresAt = Math.ceil(token.endsAt / 1_000);
      const item = { ...tokenKey(token.tenantId, token.id), v: 1, ...token, expiresAt };
      await client.send(new PutCommand({ TableName: journalTable, Item: item }));
    },

    async getToken(tenantId, id) {
      const { Item } = await client.send(
        new GetCommand({ TableName: journalTable, Key: tokenKey(tenantId, id), ConsistentRead: true }),
      );
      return Item === undefined ? null : Token.parse(Item);
    },

    listTokens: (tenantId, limit, after, matches) =>
      readPartition(client, {
        table: journalTable,
        partition: tokenPartition(tenantId),
        limit,
        after,
        parse: (item) => Token.parse(item),
        matches,
      }),

    async deleteToken(tenantId, id) {
      await client.send(new DeleteCommand({ TableName: journalTable, Key: tokenKey(tenantId, id) }));
    },
  };
}
