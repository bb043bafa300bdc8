import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { DeliveryStore } from '../../functions/core/delivery/delivery-store.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { TenantDataStore, TenantRecord } from '../../functions/core/jobs/tenant-data.ts';
import { makeAttempt, makeAuditRecord, makeDelivery, makeEvent, NOW } from '../support/domain.ts';
import { freshSubscription, freshTenant, RETENTION_MS, type Subject } from './subject.ts';

type Store = TenantDataStore & Pick<DeliveryStore, 'saveDelivery' | 'getDelivery'>;

export function describeTenantData(
  name: string,
  {
    store,
    setNow,
    add,
    addAudit,
    auditOf,
  }: Subject<Store> & {
    add: (event: Event) => Promise<void>;
    addAudit: (record: AuditRecord) => Promise<void>;
    auditOf: (tenantId: string) => Promise<AuditRecord[]>;
  },
): void {
  describe(`what the journal has of a tenant, in ${name}`, () => {
    let tenantId = '';
    beforeEach(() => {
      setNow(NOW);
      tenantId = freshTenant();
    });
    async function scanPages(): Promise<{ records: TenantRecord[]; expired: TenantRecord[] }> {
      const found: { records: TenantRecord[]; expired: TenantRecord[] } = { records: [], expired: [] };
      let cursor: string | null = null;
      do {
        const { records, expired, next } = await store.scanTenantData(tenantId, cursor);
        found.records.push(...records);
        found.expired.push(...expired);
        cursor = next;
      } while (cursor !== null);
      return found;
    }
    const scan = async () => (await scanPages()).records;

    it('is found whole, whatever subscription it belonged to, and nothing of another tenant', async () => {
      const events = ['a', 'evt_01J0000000000000000000000A'].map((id) => makeEvent({ tenantId, id }));
      const deliveries = Array.from({ length: 5 }, (_, index) =>
        makeDelivery({
          tenantId,
          subscriptionId: freshSubscription(),
          eventId: `e${index}`,
          attempts: [makeAttempt()],
        }),
      );
      for (const event of [...events, makeEvent({ tenantId: freshTenant() })]) await add(event);
      for (const one of [...deliveries, makeDelivery({ tenantId: freshTenant(), subscriptionId: freshSubscription() })])
        await store.saveDelivery(one, 0);
      const found = await scan();
      expect(found.filter(({ kind }) => kind === 'event')).toHaveLength(events.length);
      expect(found.filter(({ kind }) => kind === 'delivery')).toHaveLength(deliveries.length);
      expect(found).toContainEqual({ kind: 'delivery', value: { ...deliveries[0], revision: 1 } });
      expect(found).toContainEqual({ kind: 'event', value: events[0] });
    });

    it('is gone once it is removed', async () => {
      const one = makeDelivery({ tenantId, subscriptionId: freshSubscription() });
      await store.saveDelivery(one, 0);
      await add(makeEvent({ tenantId }));
      await store.removeTenantData(await scan());
      expect(await scan()).toEqual([]);
      expect(await store.getDelivery(one)).toBeNull();
      await store.removeTenantData([]);
    });

    it('is told apart once it is past its retention, though the store has not removed it', async () => {
      const event = makeEvent({ tenantId });
      const one = makeDelivery({ tenantId, subscriptionId: freshSubscription() });
      await add(event);
      await store.saveDelivery(one, 0);
      setNow(NOW + RETENTION_MS);
      const { records, expired } = await scanPages();
      expect(records).toEqual([]);
      expect(expired.map(({ kind }) => kind).toSorted()).toEqual(['delivery', 'event']);
      await store.removeTenantData(expired);
      expect(await scanPages()).toEqual({ records: [], expired: [] });
    });

    it('leaves the audit trail without the values of what was changed', async () => {
      const record = makeAuditRecord({ tenantId, changes: { url: { from: 'https://a.example/', to: null } } });
      const bare = makeAuditRecord({ id: 'aud_2', tenantId });
      for (const one of [record, bare, makeAuditRecord({ ...record, id: 'aud_3', tenantId: freshTenant() })])
        await addAudit(one);
      expect(await scan()).toEqual([{ kind: 'audit_record', value: record }]);
      await store.removeTenantData(await scan());
      expect(await scan()).toEqual([]);
      const left = (await auditOf(tenantId)).toSorted((one, other) => (one.id < other.id ? -1 : 1));
      expect(left).toEqual([{ ...record, changes: {} }, bare]);
    });

    it('does not bring back a record of the audit trail that is gone', async () => {
      const value = makeAuditRecord({ tenantId, changes: { name: { from: null, to: 'x' } } });
      await store.removeTenantData([{ kind: 'audit_record', value }]);
      expect(await auditOf(tenantId)).toEqual([]);
    });
  });
}
