import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../functions/core/access/audit-record.ts';
import type { AuditStore } from '../../functions/core/access/audit-store.ts';
import { makeAuditRecord, NOW } from '../support/domain.ts';
import { describeNewestFirst } from './newest-first.ts';
import { freshTenant, readPages, type Subject, WHOLE } from './subject.ts';

/** @param clear empties the store: the whole trail is one list */
export function describeAuditStore(
  name: string,
  { store, setNow, losing, clear }: Subject<AuditStore> & { clear: () => Promise<void> },
): void {
  const add = async (tenantId: string | null, entries: readonly { id: string; at: number }[]) => {
    for (const entry of entries) await store.putAuditRecord(makeAuditRecord({ ...entry, tenantId }));
  };
  const idOf = ({ id }: AuditRecord) => id;

  describe.each(['of a tenant', 'of all'])(`the audit trail %s in ${name}`, (whose) => {
    describeNewestFirst<AuditRecord>(async () => {
      setNow(NOW);
      await clear();
      const tenantId = freshTenant();
      return {
        add: (entries) => add(tenantId, entries),
        remove: null,
        list: (options, matches) => store.listAuditRecords(whose === 'of all' ? null : tenantId, options, matches),
        idOf,
        setNow,
      };
    });
  });

  describe(`a record of the audit trail in ${name}`, () => {
    beforeEach(async () => {
      setNow(NOW);
      await clear();
    });
    const all = () => readPages((after) => store.listAuditRecords(null, { ...WHOLE, after }, null));

    it.each<[string, Partial<AuditRecord>]>([
      ['of the company', {}],
      [
        'with everything',
        {
          action: 'reveal',
          by: { kind: 'token', id: 'ptk_1', name: null },
          tenantId: 'acme',
          resourceIds: ['sub_1', 'b'],
          fields: ['ü', '__proto__', 'url'],
          changes: { 'headers.ü': { from: null, to: '[redacted]' }, url: { from: 'https://a.example/', to: '' } },
        },
      ],
    ])('comes back as it was (%s)', async (_, rest) => {
      await store.putAuditRecord(makeAuditRecord(rest));
      expect(await all()).toEqual([makeAuditRecord(rest)]);
    });

    it('is in its tenant’s part, and in no other’s', async () => {
      const [a, b] = [freshTenant(), freshTenant()];
      await add(a, [{ id: 'aud_a', at: NOW }]);
      await add(b, [{ id: 'aud_b', at: NOW + 1 }]);
      await add(null, [{ id: 'aud_c', at: NOW + 2 }]);
      const of = async (tenantId: string) => (await store.listAuditRecords(tenantId, WHOLE, null)).values.map(idOf);
      expect([await of(a), await of(b)]).toEqual([['aud_a'], ['aud_b']]);
      expect((await all()).map(idOf)).toEqual(['aud_c', 'aud_b', 'aud_a']);
    });

    if (losing !== null) {
      it('is one, although the answer to its write was lost', async () => {
        await losing(() => store.putAuditRecord(makeAuditRecord()));
        expect(await all()).toEqual([makeAuditRecord()]);
      });
    }
  });
}
