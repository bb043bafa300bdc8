import * as z from 'zod';
import type { TenantRemoval } from '../../core/jobs/delete-tenant.ts';
import { MaxConcurrent, MaxPerSecond } from '../../core/profile/limits.ts';
import { ProfileName } from '../../core/profile/profile.ts';
import { SecretInput } from '../../core/profile/secret.ts';
import { Refusal } from '../../core/refusal.ts';
import { refuseReservedTenant } from '../../core/system-event/reserved-tenant.ts';
import type { Tenant } from '../../core/tenant/tenant.ts';
import type { TenantKeys } from '../../core/tenant/tenant-keys.ts';
import type { Tenants } from '../../core/tenant/tenants.ts';
import { Metadata, Name, Text } from '../../core/text-fields.ts';
import { answer, listOptions, pageQuery, routesOf, taggedAnswer } from '../http/route.ts';
import { JOB_STARTED, JobView, jobStarted } from '../schemas/job.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const ofCompany = routesOf('Tenants', 'company');
const ofTenant = routesOf('Tenants', 'tenant');

const COPIED = 'Copied to the subscriptions that are created, or lose their own limit, from now on.';

export const TenantInput = z
  .strictObject({
    name: Name.nullable().default(null),
    metadata: Metadata.default({}),
    defaultProfile: ProfileName.nullable().default(null),
    defaultMaxPerSecond: MaxPerSecond.nullable().default(null).meta({ description: COPIED }),
    defaultMaxConcurrent: MaxConcurrent.nullable().default(null).meta({ description: COPIED }),
  })
  .meta({ id: 'TenantInput' });

export const TenantView = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    defaultProfile: z.string().nullable(),
    defaultMaxPerSecond: MaxPerSecond.nullable(),
    defaultMaxConcurrent: MaxConcurrent.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Tenant' });

const tenantView = viewOf(TenantView);

const SigningKeyView = z.object({ key: z.string() }).meta({ id: 'SigningKey' });
const signingKeyView = (key: string) => ({ key });

export interface TenantRouteDeps {
  tenants: Tenants;
  removal: TenantRemoval;
  keys: TenantKeys;
}

export const createTenantRoutes = ({ tenants, removal, keys }: TenantRouteDeps) => {
  const read = async ({ tenantId }: { tenantId: string }) =>
    taggedAnswer(200, await tenants.read(tenantId), tenantView);
  const shows = { members: Object.keys(TenantInput.shape), before: read };
  return [
    ofCompany('PUT', '/v1/tenants/{tenantId}', {
      id: 'putTenant',
      summary: 'Create or replace a tenant',
      shows,
      body: TenantInput,
      conditional: true,
      responses: {
        200: { description: 'Replaced.', schema: TenantView },
        201: { description: 'Created.', schema: TenantView },
      },
      run: async ({ params, body, ifMatch, mustExist, mustBeNew }) => {
        const put = await tenants.put(params.tenantId, body, ifMatch, mustExist, mustBeNew);
        if (put instanceof Refusal) return put;
        return taggedAnswer(put.isNew ? 201 : 200, put.tenant, tenantView);
      },
    }),
    ofCompany('GET', '/v1/tenants', {
      id: 'listTenants',
      summary: 'List tenants, newest first',
      query: {
        ...pageQuery,
        search: Text.min(1)
          .max(200)
          .optional()
          .meta({ description: 'Those whose id or name contains this text, in capital letters or small ones.' }),
      },
      responses: {
        200: {
          description: 'A page of tenants. With search it may be short, or empty, before the last.',
          schema: listOf(TenantView),
        },
      },
      run: async ({ query }) => {
        const { limit, after } = listOptions(query);
        const search = query.search?.toLowerCase();
        const matches = ({ id, name }: Tenant) =>
          [id, name ?? ''].some((text) => text.toLowerCase().includes(search ?? ''));
        return pageAnswer(await tenants.page(limit, after, search === undefined ? null : matches), tenantView);
      },
    }),
    ofTenant('GET', '/v1/tenants/{tenantId}', {
      id: 'getTenant',
      summary: 'Read a tenant',
      responses: { 200: { description: 'The tenant.', schema: TenantView } },
      run: ({ params }) => read(params),
    }),
    ofCompany('DELETE', '/v1/tenants/{tenantId}', {
      id: 'deleteTenant',
      summary: 'Delete a tenant and its subscriptions',
      shows,
      conditional: true,
      responses: {
        202: { description: 'Deleted. The job deletes its many subscriptions.', schema: JobView },
        204: { description: 'Deleted. The log of its deliveries stays until it expires.', schema: null },
      },
      run: async ({ params, ifMatch, principal }) => {
        const job = await removal.delete(params.tenantId, ifMatch, principal.id);
        if (job instanceof Refusal) return job;
        return job === null ? { status: 204 } : jobStarted(job);
      },
    }),
    ofCompany('POST', '/v1/tenants/{tenantId}/erasure', {
      id: 'eraseTenant',
      summary: 'Erase all that there is of a tenant, and prove it',
      body: z
        .strictObject({
          keepLog: z.boolean().default(false).meta({
            description: 'Leaves events, deliveries and attempts in the log, without what was in them.',
          }),
        })
        .meta({ id: 'ErasureInput' }),
      bodyOptional: true,
      // Sent again, it must not erase what a later tenant of the same name has.
      outlivesTenant: true,
      responses: JOB_STARTED,
      run: async ({ params: { tenantId }, body, principal }) => {
        const refused = refuseReservedTenant(tenantId, 'Nothing can be erased');
        if (refused !== null) return refused;
        return jobStarted(await removal.erase(tenantId, body.keepLog, principal.id));
      },
    }),
    ofTenant('GET', '/v1/tenants/{tenantId}/signing-key', {
      id: 'getSigningKey',
      summary: 'Read the signing key of profiles whose key belongs to the tenant',
      reveals: 'secrets',
      // It may be made while another request makes it.
      mayConflict: true,
      responses: { 200: { description: 'The key; made if there was none.', schema: SigningKeyView } },
      run: async ({ params }) => answer(200, await keys.ensure(params.tenantId), signingKeyView),
    }),
    ofTenant('POST', '/v1/tenants/{tenantId}/signing-key/rotate', {
      id: 'rotateSigningKey',
      summary: 'Replace the tenant’s signing key immediately',
      body: z.strictObject({ key: SecretInput.optional() }).meta({ id: 'SigningKeyInput' }),
      bodyOptional: true,
      responses: { 200: { description: 'The new key; the old one no longer signs.', schema: SigningKeyView } },
      run: async ({ params, body }) => answer(200, await keys.rotate(params.tenantId, body.key), signingKeyView),
    }),
  ];
};
