import { AuditRecord } from '../../core/access/audit-record.ts';
import type { AuditStore } from '../../core/access/audit-store.ts';
import type { JournalOptions } from './events.ts';
import { createJournalLists } from './journal-lists.ts';
import { auditItemKeys, auditListPartitions, auditPartition } from './keys.ts';
import { createRetention } from './retention.ts';

/** The trail lies in the journal, whose TTL removes its records when their own time is over. */
export function createAuditStore({ tables, retentionDays, now }: JournalOptions): AuditStore {
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  return {
    async putAuditRecord(record) {
      const item = { ...auditItemKeys(record), v: 1, ...record, expiresAt: retention.expiresAt() };
      await tables.documents.putItem({ TableName: tables.journalTable, Item: item });
    },

    listAuditRecords: (tenantId, options, matches) =>
      lists.readList(
        tenantId === null ? { index: auditListPartitions() } : { table: [auditPartition(tenantId)] },
        options,
        (item) => AuditRecord.parse(item),
        matches,
      ),
  };
}
