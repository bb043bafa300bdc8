import * as z from 'zod';
import { newId, type Random, TenantId } from '../ids.ts';
import { hashSecret, newSecret } from './secret-hash.ts';

export const TokenId = z.string().regex(/^ptk_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an id like ptk_01J…');

/** A tenant's token as it is stored: without its secret. Times are epoch milliseconds. */
export const Token = z.object({
  id: TokenId,
  tenantId: TenantId,
  readOnly: z.boolean(),
  createdAt: z.number(),
  endsAt: z.number(),
  secretHash: z.string(),
  /** When the tenant was created that it was made for: a token says nothing about a later tenant of the same name. */
  tenantCreatedAt: z.number(),
});
export type Token = z.infer<typeof Token>;

const TOKEN = /^pht_([0-9A-HJKMNP-TV-Z]{26})([\w-]{43})_([\w-]{1,64})$/;

export interface MadeToken {
  token: Token;
  /** What its holder sends. Kept nowhere. */
  text: string;
}

/** The text names the tenant and the token, so that one read finds it. */
export function makeToken(
  grant: Pick<Token, 'tenantId' | 'readOnly' | 'createdAt' | 'endsAt' | 'tenantCreatedAt'>,
  random: Random,
): MadeToken {
  const id = newId('ptk', grant.createdAt, random);
  const secret = newSecret();
  const text = `pht_${id.slice('ptk_'.length)}${secret}_${grant.tenantId}`;
  return { token: { ...grant, id, secretHash: hashSecret(secret) }, text };
}

/** Null for what has not the form of a token. */
export function parseToken(text: string): { id: string; tenantId: string; secret: string } | null {
  const [, id, secret, tenantId] = TOKEN.exec(text) ?? [];
  if (id === undefined || secret === undefined || tenantId === undefined) return null;
  return { id: `ptk_${id}`, tenantId, secret };
}
