import type { ListOptions, Matches, Page } from '../page.ts';
import type { AuditRecord } from './audit-record.ts';

/** The port to the audit trail. A list can lag behind by moments. */
export interface AuditStore {
  putAuditRecord(record: AuditRecord): Promise<void>;
  /** Newest first. Null: those of all tenants, and of none. */
  listAuditRecords(
    tenantId: string | null,
    options: ListOptions,
    matches: Matches<AuditRecord>,
  ): Promise<Page<AuditRecord>>;
}
