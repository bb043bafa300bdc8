import * as z from 'zod';
import type { Token } from '../../core/access/token.ts';
import type { Tokens } from '../../core/access/tokens.ts';
import { decodeCursor } from '../http/cursor.ts';
import { answer, pageQuery, routesOf } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp } from '../schemas/values.ts';

const route = routesOf('Tenants', 'company');

export const PortalTokenView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    readOnly: z.boolean(),
    createdAt: Timestamp,
    expiresAt: Timestamp,
  })
  .meta({ id: 'PortalToken' });

export const NewPortalTokenView = PortalTokenView.extend({ token: z.string() }).meta({ id: 'NewPortalToken' });

const portalTokenView = (token: Token) => PortalTokenView.parse({ ...token, expiresAt: token.endsAt });

const DEFAULT_LIFETIME_SECONDS = 3_600;
const MAX_LIFETIME_SECONDS = 2_592_000;

export const createPortalTokenRoutes = ({ tokens }: { tokens: Tokens }) => [
  route('POST', '/v1/tenants/{tenantId}/portal-tokens', {
    id: 'createPortalToken',
    summary: 'Make a token that sees this tenant only',
    body: z
      .strictObject({
        readOnly: z.boolean().default(false),
        expiresInSeconds: z.int().min(60).max(MAX_LIFETIME_SECONDS).default(DEFAULT_LIFETIME_SECONDS),
      })
      .meta({ id: 'PortalTokenInput' }),
    bodyOptional: true,
    responses: {
      201: {
        description: 'The token, shown only here.',
        schema: NewPortalTokenView,
      },
    },
    run: async ({ params, body }) => {
      const grant = { readOnly: body.readOnly, lifetimeMs: body.expiresInSeconds * 1_000 };
      const made = await tokens.create(params.tenantId, grant);
      return answer(201, made, ({ token, text }) => ({ ...portalTokenView(token), token: text }));
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/portal-tokens', {
    id: 'listPortalTokens',
    summary: 'List the tokens of this tenant that still count, newest first; without their secrets',
    query: pageQuery,
    responses: { 200: { description: 'A page of tokens.', schema: listOf(PortalTokenView) } },
    run: async ({ params, query }) =>
      pageAnswer(await tokens.page(params.tenantId, query.limit, decodeCursor(query.cursor)), portalTokenView),
  }),
  route('DELETE', '/v1/tenants/{tenantId}/portal-tokens/{tokenId}', {
    id: 'revokePortalToken',
    summary: 'Revoke a token',
    responses: { 204: { description: 'Revoked. It is refused within 30 seconds.', schema: null } },
    run: async ({ params }) => (await tokens.revoke(params.tenantId, params.tokenId)) ?? { status: 204 },
  }),
];
