import { expect, it } from 'vitest';
import { createTenantData } from '../../functions/adapters/dynamodb/tenant-data.ts';
import { erasePage } from '../../functions/core/jobs/erase-tenant.ts';
import { useApi } from '../support/api.ts';
import { makeJob } from '../support/domain.ts';

const { call, clock, deps, tables } = useApi();
const T = '/v1/tenants/acme';

it('what comes after the answer is a later tenant’s, and stays', async () => {
  await call('PUT', T, { body: { name: 'Acme' } });
  const old = await call('POST', '/v1/api-keys', { body: { name: 'old', role: 'read', tenantId: 'acme' } });
  const erasure = await call('POST', `${T}/erasure`);
  expect(erasure.status).toBe(202);
  clock.now += 1;
  const later = await call('POST', '/v1/api-keys', { body: { name: 'later', role: 'read', tenantId: 'acme' } });
  const token = await call('POST', `${T}/portal-tokens`);
  await eraseAll(erasure.field('id'));
  expect(await deps.apiKeys.find(old.field('key'))).toBeNull();
  expect(await deps.apiKeys.find(later.field('key'))).not.toBeNull();
  expect(await deps.tokens.find(token.field('token'))).not.toBeNull();
  expect((await call('GET', T)).status).toBe(200);
});

async function eraseAll(id: string): Promise<void> {
  const started = await deps.stores.jobs.getJob(id);
  if (started?.task.kind !== 'erase') throw new Error('there is no such erasure');
  const ports = { ...deps.stores, tenantData: createTenantData(tables, deps.now) };
  for (let cursor = started.cursor, isBegin = true; isBegin || cursor !== null; isBegin = false) {
    const page = await erasePage(ports, makeJob({ ...started, cursor }), started.task);
    if ('code' in page) throw new Error(page.message);
    cursor = page.cursor;
  }
}
