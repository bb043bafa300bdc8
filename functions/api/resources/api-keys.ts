import * as z from 'zod';
import type { ApiKey } from '../../core/access/api-key.ts';
import type { ApiKeys } from '../../core/access/api-keys.ts';
import { ROLES } from '../../core/access/principal.ts';
import { Moment } from '../../core/event/moment.ts';
import { TenantId } from '../../core/ids.ts';
import { MaxPerSecond } from '../../core/profile/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { Name } from '../../core/text-fields.ts';
import { decodeCursor } from '../http/cursor.ts';
import { pageQuery, routesOf } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp } from '../schemas/values.ts';

const route = routesOf('API keys', 'company');

export const ApiKeyView = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    tenantId: z.string().nullable(),
    maxPerSecond: z.number().nullable(),
    createdAt: Timestamp,
    expiresAt: Timestamp.nullable(),
    lastUsedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const ApiKeyInput = z
  .strictObject({
    name: Name,
    role: z.enum(ROLES).meta({
      description: 'admin: everything. publish: hand in events, and read nothing. read: read all but secrets.',
    }),
    tenantId: TenantId.nullable()
      .default(null)
      .meta({ description: 'The one tenant that the key sees; null for a key of the company.' }),
    maxPerSecond: MaxPerSecond.nullable().default(null).meta({
      description: 'Requests a second, over all instances of the API. What is over is refused (429). Null: no limit.',
    }),
    expiresAt: Moment.nullable().default(null),
  })
  .meta({ id: 'ApiKeyInput' });

export const NewApiKeyView = ApiKeyView.extend({ key: z.string() }).meta({ id: 'NewApiKey' });

const AUDITED = ApiKeyInput.keyof().options satisfies (keyof z.infer<typeof ApiKeyView>)[];

const apiKeyView = (key: ApiKey) => ApiKeyView.parse({ ...key, expiresAt: key.endsAt });

export const createApiKeyRoutes = ({ apiKeys }: { apiKeys: ApiKeys }) => [
  route('GET', '/v1/api-keys', {
    id: 'listApiKeys',
    summary: 'List the API keys, newest first; without their secrets',
    query: pageQuery,
    responses: { 200: { description: 'A page of keys.', schema: listOf(ApiKeyView) } },
    run: async ({ query }) => pageAnswer(await apiKeys.page(query.limit, decodeCursor(query.cursor)), apiKeyView),
  }),
  route('POST', '/v1/api-keys', {
    id: 'createApiKey',
    summary: 'Make an API key, of the company or of a tenant',
    body: ApiKeyInput,
    shows: { members: AUDITED },
    // Only the key's hash is stored, so its answer is not kept either.
    keepsAnswer: false,
    responses: {
      201: {
        description: 'The key, shown only here. A repetition with the same Idempotency-Key is refused, and makes none.',
        schema: NewApiKeyView,
      },
    },
    run: async ({ body: { expiresAt, ...grant } }) => {
      const made = await apiKeys.create({ ...grant, endsAt: expiresAt });
      if (made instanceof Refusal) return made;
      return { status: 201, body: { ...apiKeyView(made.key), key: made.text }, tenantId: made.key.tenantId };
    },
  }),
  route('DELETE', '/v1/api-keys/{apiKeyId}', {
    id: 'deleteApiKey',
    summary: 'Revoke an API key',
    shows: { members: AUDITED },
    responses: { 204: { description: 'Revoked. It is refused within 30 seconds.', schema: null } },
    run: async ({ params }) => {
      const revoked = await apiKeys.revoke(params.apiKeyId);
      return revoked instanceof Refusal
        ? revoked
        : { status: 204, tenantId: revoked.tenantId, was: apiKeyView(revoked) };
    },
  }),
];
