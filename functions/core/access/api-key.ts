import * as z from 'zod';
import { newId, type Random, TenantId } from '../ids.ts';
import { Name } from '../text-fields.ts';
import { ROLES } from './principal.ts';
import { hashSecret, newSecret } from './secret-hash.ts';

export const ApiKeyId = z.string().regex(/^key_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an id like key_01J…');

/** A key as it is stored: without its secret. Times are epoch milliseconds. */
export const ApiKey = z.object({
  id: ApiKeyId,
  name: Name,
  role: z.enum(ROLES),
  /** Null for a key of the company. */
  tenantId: TenantId.nullable(),
  /** Requests a second; null for no limit. */
  maxPerSecond: z.number().nullable(),
  createdAt: z.number(),
  /** Null for a key that does not end. */
  endsAt: z.number().nullable(),
  /** To the hour: the first use of an hour is noted. */
  lastUsedAt: z.number().nullable(),
  secretHash: z.string(),
  /** When the tenant was created that it was made for: a key says nothing about a later tenant of the same name. */
  tenantCreatedAt: z.number().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

const KEY = /^phk_([0-9A-HJKMNP-TV-Z]{26})([\w-]{43})$/;

export interface MadeApiKey {
  key: ApiKey;
  /** What its holder sends. Kept nowhere. */
  text: string;
}

/** The text names the key, so that one read finds it. */
export function makeApiKey(grant: Omit<ApiKey, 'id' | 'secretHash' | 'lastUsedAt'>, random: Random): MadeApiKey {
  const id = newId('key', grant.createdAt, random);
  const secret = newSecret();
  return {
    key: { ...grant, id, secretHash: hashSecret(secret), lastUsedAt: null },
    text: `phk_${id.slice('key_'.length)}${secret}`,
  };
}

/** Null for what has not the form of a key. */
export function parseApiKey(text: string): { id: string; secret: string } | null {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id: `key_${id}`, secret };
}

export function hasEnded({ endsAt }: Pick<ApiKey, 'endsAt'>, now: number): boolean {
  return endsAt !== null && endsAt <= now;
}
