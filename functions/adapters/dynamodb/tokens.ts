import { createHash, randomBytes } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Tables } from './client.ts';
import { tokenKey } from './keys.ts';

const PREFIX = 'pht_';

/** What a token allows: one tenant. Times are epoch milliseconds. */
const TokenItem = z.object({ tenantId: z.string(), readOnly: z.boolean(), endsAt: z.number() });
export type TokenGrant = z.infer<typeof TokenItem>;

/** A tenant's tokens. They lie in the journal, whose TTL removes them; only their hash is stored. */
export type Tokens = ReturnType<typeof createTokens>;

export function createTokens({ client, journalTable }: Pick<Tables, 'client' | 'journalTable'>, now: () => number) {
  return {
    async create(grant: TokenGrant): Promise<string> {
      const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
      const item = { ...tokenKey(hash(token)), v: 1, ...grant, expiresAt: Math.ceil(grant.endsAt / 1_000) };
      await client.send(new PutCommand({ TableName: journalTable, Item: item }));
      return token;
    },

    /** Null for a token that does not exist, or no longer counts. */
    async find(token: string): Promise<TokenGrant | null> {
      if (!token.startsWith(PREFIX)) return null;
      const { Item } = await client.send(
        new GetCommand({ TableName: journalTable, Key: tokenKey(hash(token)), ConsistentRead: true }),
      );
      const grant = TokenItem.safeParse(Item);
      return grant.success && grant.data.endsAt > now() ? grant.data : null;
    },
  };
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
