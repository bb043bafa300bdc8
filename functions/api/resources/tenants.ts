import * as z from 'zod';
import { MaxPerSecond } from '../../core/profile/limits.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { SecretInput } from '../../core/profile/secret.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TenantRemoval } from '../../core/subscription/tenant-removal.ts';
import type { Tenant } from '../../core/tenant/tenant.ts';
import type { TenantKeys } from '../../core/tenant/tenant-keys.ts';
import type { Tenants } from '../../core/tenant/tenants.ts';
import { Metadata, Name } from '../../core/text-fields.ts';
import { decodeCursor } from '../http/cursor.ts';
import { pageQuery, routesOf } from '../http/route.ts';
import { listBody, listOf } from '../schemas/list.ts';
import { tenantParams } from '../schemas/params.ts';
import { Timestamp, time } from '../schemas/values.ts';

const ofCompany = routesOf('Tenants', 'company');
const ofTenant = routesOf('Tenants', 'tenant');

const TenantView = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    defaultProfile: z.string().nullable(),
    defaultMaxPerSecond: MaxPerSecond.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Tenant' });

function tenantView({ signingKey: _key, revision: _revision, createdAt, updatedAt, ...shown }: Tenant) {
  return { ...shown, createdAt: time(createdAt), updatedAt: time(updatedAt) };
}

const SigningKeyView = z.object({ key: z.string() }).meta({ id: 'SigningKey' });

export interface TenantRouteDeps {
  tenants: Tenants;
  removal: TenantRemoval;
  keys: TenantKeys;
}

export const createTenantRoutes = ({ tenants, removal, keys }: TenantRouteDeps) => [
  ofCompany('PUT', '/v1/tenants/{tenantId}', {
    id: 'putTenant',
    summary: 'Create or replace a tenant',
    params: tenantParams,
    body: z
      .strictObject({
        name: Name.nullable().default(null),
        metadata: Metadata.default({}),
        defaultProfile: ProfileName.nullable().default(null),
        defaultMaxPerSecond: MaxPerSecond.nullable().default(null).meta({
          description: 'Copied to the subscriptions that are created, or lose their own limit, from now on.',
        }),
      })
      .meta({ id: 'TenantInput' }),
    conditional: true,
    responses: {
      200: { description: 'Replaced.', schema: TenantView },
      201: { description: 'Created.', schema: TenantView },
    },
    run: async ({ params, body, ifMatch }) => {
      const put = await tenants.put(params.tenantId, body, ifMatch);
      if (put instanceof Refusal) return put;
      const { tenant, isNew } = put;
      return { status: isNew ? 201 : 200, body: tenantView(tenant), revision: tenant.revision };
    },
  }),
  ofCompany('GET', '/v1/tenants', {
    id: 'listTenants',
    summary: 'List tenants, newest first',
    query: pageQuery,
    responses: { 200: { description: 'A page of tenants.', schema: listOf(TenantView) } },
    run: async ({ query }) => {
      const page = await tenants.page(query.limit, decodeCursor(query.cursor));
      return { status: 200, body: listBody(page, page.values.map(tenantView)) };
    },
  }),
  ofTenant('GET', '/v1/tenants/{tenantId}', {
    id: 'getTenant',
    summary: 'Read a tenant',
    params: tenantParams,
    responses: { 200: { description: 'The tenant.', schema: TenantView } },
    run: async ({ params }) => {
      const tenant = await tenants.read(params.tenantId);
      if (tenant instanceof Refusal) return tenant;
      return { status: 200, body: tenantView(tenant), revision: tenant.revision };
    },
  }),
  ofCompany('DELETE', '/v1/tenants/{tenantId}', {
    id: 'deleteTenant',
    summary: 'Delete a tenant and its subscriptions',
    params: tenantParams,
    conditional: true,
    responses: {
      202: { description: 'Deleted. Its many subscriptions are deleted in the next minutes.', schema: null },
      204: { description: 'Deleted. The log of its deliveries stays until it expires.', schema: null },
    },
    run: async ({ params, ifMatch }) => {
      const done = await removal.delete(params.tenantId, ifMatch);
      if (done instanceof Refusal) return done;
      return { status: done === 'queued' ? 202 : 204 };
    },
  }),
  ofTenant('GET', '/v1/tenants/{tenantId}/signing-key', {
    id: 'getSigningKey',
    summary: 'Read the signing key of profiles whose key belongs to the tenant',
    reveals: 'secrets',
    params: tenantParams,
    responses: { 200: { description: 'The key; made if there was none.', schema: SigningKeyView } },
    run: async ({ params }) => keyAnswer(await keys.ensure(params.tenantId)),
  }),
  ofTenant('POST', '/v1/tenants/{tenantId}/signing-key/rotate', {
    id: 'rotateSigningKey',
    summary: 'Replace the tenant’s signing key immediately',
    params: tenantParams,
    body: z.strictObject({ key: SecretInput.optional() }).meta({ id: 'SigningKeyInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'The new key; the old one no longer signs.', schema: SigningKeyView } },
    run: async ({ params, body }) => keyAnswer(await keys.rotate(params.tenantId, body.key)),
  }),
];

function keyAnswer(key: string | Refusal) {
  return key instanceof Refusal ? key : { status: 200, body: { key } };
}
