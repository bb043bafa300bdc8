import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { DeliveryStore } from '../../functions/core/delivery/delivery-store.ts';
import type { Event } from '../../functions/core/event/event.ts';
import type { TenantDataStore, TenantRecord } from '../../functions/core/jobs/tenant-data.ts';
import { makeAttempt, makeAuditRecord, makeDelivery, makeEvent, NOW } from '../support/domain.ts';
import { freshSubscription, freshTenant, type Subject } from './subject.ts';

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
    async function scan(): Promise<TenantRecord[]> {
      const found: TenantRecord[] = [];
      let cursor: string | null = null;
      do {
        const page = await store.scanTenantData(tenantId, cursor);
        found.push(...page.records);
        cursor = page.next;
      } while (cursor !== null);
      return found;
    }

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
