import * as z from 'zod';
import { TenantId } from '../../core/ids.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { decodeCursor } from '../http/cursor.ts';
import { Metadata, Name } from '../http/fields.ts';
import { checkRevision, modify } from '../http/modify.ts';
import { forbidReadOnly, invalid, notFound } from '../http/problem.ts';
import { pageQuery, route } from '../http/route.ts';
import { SecretInput } from '../secrets.ts';
import { deleteSubscription } from '../subscriptions.ts';
import { ensureTenantKey, rotateTenantKey } from '../tenant-key.ts';
import { listBody, listOf, TenantView, tenantView, time } from './views.ts';

export const tenantParams = { tenantId: TenantId };

const SigningKeyView = z.object({ key: z.string() }).meta({ id: 'SigningKey' });

const DEFAULT_TOKEN_SECONDS = 3_600;

export const tenantRoutes = [
  route('PUT', '/v1/tenants/{tenantId}', {
    summary: 'Create or replace a tenant',
    tag: 'Tenants',
    access: 'company',
    params: tenantParams,
    body: z
      .strictObject({
        name: Name.nullable().default(null),
        metadata: Metadata.default({}),
        defaultProfile: ProfileName.nullable().default(null),
      })
      .meta({ id: 'TenantInput' }),
    conditional: true,
    responses: {
      200: { description: 'Replaced.', schema: TenantView },
      201: { description: 'Created.', schema: TenantView },
    },
    run: async ({ params, body, ifMatch, deps }) => {
      const { defaultProfile } = body;
      if (defaultProfile !== null && (await deps.profiles.get(defaultProfile, null)) === null) {
        throw invalid([{ path: '/defaultProfile', message: 'does not exist: GET /v1/profiles lists what there is' }]);
      }
      const now = deps.now();
      const fresh = { id: params.tenantId, ...body, signingKey: null, createdAt: now, updatedAt: now, revision: 0 };
      if (ifMatch === null && (await deps.catalog.saveTenant(fresh, 0)))
        return { status: 201, body: tenantView(fresh), revision: 1 };
      const tenant = await modify({
        what: 'tenant',
        ifMatch,
        read: () => deps.catalog.getTenant(params.tenantId),
        change: (known) => ({ ...known, ...body, updatedAt: now }),
        save: deps.catalog.saveTenant,
      });
      return { status: 200, body: tenantView(tenant), revision: tenant.revision };
    },
  }),
  route('GET', '/v1/tenants', {
    summary: 'List tenants, newest first',
    tag: 'Tenants',
    access: 'company',
    query: pageQuery,
    responses: { 200: { description: 'A page of tenants.', schema: listOf(TenantView) } },
    run: async ({ query, deps }) => {
      const page = await deps.catalog.listTenants(query.limit, decodeCursor(query.cursor));
      return { status: 200, body: listBody(page, page.values.map(tenantView)) };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}', {
    summary: 'Read a tenant',
    tag: 'Tenants',
    access: 'tenant',
    params: tenantParams,
    responses: { 200: { description: 'The tenant.', schema: TenantView } },
    run: async ({ params, deps }) => {
      const tenant = await deps.catalog.getTenant(params.tenantId);
      if (tenant === null) throw notFound('tenant');
      return { status: 200, body: tenantView(tenant), revision: tenant.revision };
    },
  }),
  route('DELETE', '/v1/tenants/{tenantId}', {
    summary: 'Delete a tenant and its subscriptions',
    tag: 'Tenants',
    access: 'company',
    params: tenantParams,
    conditional: true,
    responses: { 204: { description: 'Deleted. The log of its deliveries stays until it expires.', schema: null } },
    run: async ({ params, ifMatch, deps }) => {
      const tenant = await deps.catalog.getTenant(params.tenantId);
      if (tenant === null) throw notFound('tenant');
      checkRevision(ifMatch, tenant);
      // The tenant goes last: cut short, the request can be sent again.
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof deps.catalog.pageSubscriptions>> = await deps.catalog.pageSubscriptions(
          params.tenantId,
          100,
          after,
          null,
        );
        await Promise.all(page.values.map((subscription) => deleteSubscription(deps, subscription)));
        after = page.next;
      } while (after !== null);
      await deps.catalog.deleteTenant(params.tenantId);
      return { status: 204 };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/signing-key', {
    summary: 'Read the signing key of profiles whose key belongs to the tenant',
    tag: 'Tenants',
    access: 'tenant',
    params: tenantParams,
    responses: { 200: { description: 'The key; made if there was none.', schema: SigningKeyView } },
    run: async ({ params, principal, deps }) => {
      forbidReadOnly(principal);
      return { status: 200, body: { key: await ensureTenantKey(deps, params.tenantId) } };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/signing-key/rotate', {
    summary: 'Replace the tenant’s signing key at once',
    tag: 'Tenants',
    access: 'tenant',
    params: tenantParams,
    body: z.strictObject({ key: SecretInput.optional() }).meta({ id: 'SigningKeyInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'The new key; the old one signs nothing any more.', schema: SigningKeyView } },
    run: async ({ params, body, deps }) => ({
      status: 200,
      body: { key: await rotateTenantKey(deps, params.tenantId, body.key) },
    }),
  }),
  route('POST', '/v1/tenants/{tenantId}/portal-tokens', {
    summary: 'Make a token that sees this tenant only',
    tag: 'Tenants',
    access: 'company',
    params: tenantParams,
    body: z
      .strictObject({
        readOnly: z.boolean().default(false),
        expiresInSeconds: z.int().min(60).max(2_592_000).default(DEFAULT_TOKEN_SECONDS),
      })
      .meta({ id: 'PortalTokenInput' }),
    bodyOptional: true,
    responses: {
      201: {
        description: 'The token, shown only here.',
        schema: z.object({
          token: z.string(),
          tenantId: z.string(),
          readOnly: z.boolean(),
          expiresAt: z.iso.datetime(),
        }),
      },
    },
    run: async ({ params, body, deps }) => {
      const endsAt = deps.now() + body.expiresInSeconds * 1_000;
      const grant = { tenantId: params.tenantId, readOnly: body.readOnly, endsAt };
      const token = await deps.tokens.create(grant);
      return {
        status: 201,
        body: { token, tenantId: params.tenantId, readOnly: body.readOnly, expiresAt: time(endsAt) },
      };
    },
  }),
];
