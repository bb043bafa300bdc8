import { Tenant } from '../../core/tenant/tenant.ts';
import type { TenantStore } from '../../core/tenant/tenant-store.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import { TENANT_LIST, tenantKey, timeKey } from './keys.ts';
import { readPartition } from './partition-list.ts';

export function createTenants(tables: Pick<Tables, 'documents' | 'catalogTable' | 'newWriteId'>): TenantStore {
  const { documents, catalogTable } = tables;
  const writes = createConditionalWrites(tables, catalogTable);

  async function getTenant(tenantId: string): Promise<Tenant | null> {
    const item = await documents.getItem({ TableName: catalogTable, Key: tenantKey(tenantId), ConsistentRead: true });
    return item === undefined ? null : Tenant.parse(item);
  }

  function saveTenant(tenant: Tenant, revision: number): Promise<boolean> {
    const item = {
      ...tenantKey(tenant.id),
      v: 1,
      ...tenant,
      revision: revision + 1,
      listPk: TENANT_LIST,
      listSk: timeKey(tenant.createdAt, tenant.id),
    };
    return writes.putIf(item, atRevision(revision));
  }

  return {
    getTenant,
    saveTenant,

    async createTenant(tenantId, now) {
      const empty = {
        name: null,
        metadata: {},
        defaultProfile: null,
        defaultMaxPerSecond: null,
        defaultMaxConcurrent: null,
        signingKey: null,
      };
      await saveTenant({ id: tenantId, ...empty, createdAt: now, updatedAt: now, revision: 0 }, 0);
    },

    async deleteTenant(tenantId) {
      await documents.deleteItem({ TableName: catalogTable, Key: tenantKey(tenantId) });
    },

    listTenants: (limit, after, matches = null) =>
      readPartition(documents, {
        table: catalogTable,
        index: INDEXES.catalogList,
        partition: TENANT_LIST,
        limit,
        after,
        parse: (item) => Tenant.parse(item),
        matches,
      }),

    getTenantKey: async (tenantId) => (await getTenant(tenantId))?.signingKey ?? null,
  };
}
