import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Token } from '../../core/access/token.ts';
import type { TokenStore } from '../../core/access/token-store.ts';
import type { Tables } from './client.ts';
import { type Item, tokenKey, tokenPartition } from './keys.ts';
import { queryUpTo } from './query.ts';
import { readNewest } from './read-newest.ts';

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
      readNewest<Item, Token>({
        partitions: [tokenPartition(tenantId)],
        range: { from: '0', to: '~' },
        limit,
        after,
        query: async (partition, range, count) => {
          const items = await queryUpTo(
            client,
            {
              TableName: journalTable,
              KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
              ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
              ScanIndexForward: false,
              ConsistentRead: true,
            },
            count,
          );
          return items.map((item) => ({ sortKey: z.string().parse(item.sk), value: item }));
        },
        filtered: true,
        select: async (entries) =>
          entries
            .map(({ sortKey, value }) => ({ sortKey, value: Token.parse(value) }))
            .filter(({ value }) => matches(value)),
      }),

    async deleteToken(tenantId, id) {
      await client.send(new DeleteCommand({ TableName: journalTable, Key: tokenKey(tenantId, id) }));
    },
  };
}
