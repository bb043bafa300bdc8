import type { AuditRecord } from '../access/audit-record.ts';
import type { Token } from '../access/token.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Event } from '../event/event.ts';
import type { RejectedEvent } from '../event/rejected-event.ts';

/** Something in the journal that holds what a tenant's events, receivers or people have said. */
export type TenantRecord =
  | { kind: 'event'; value: Event }
  | { kind: 'delivery'; value: Delivery }
  | { kind: 'rejected_event'; value: RejectedEvent }
  | { kind: 'token'; value: Token }
  /** With the values of what was changed. */
  | { kind: 'audit_record'; value: AuditRecord };

/** A page of the whole journal: those of its records that are the tenant's. `next` is null after the last. */
export interface TenantDataPage {
  records: TenantRecord[];
  /** Past their retention, and not removed yet, which DynamoDB does hours or days late. Nobody reads or changes them any more. */
  expired: TenantRecord[];
  next: string | null;
}

/**
 * The port to all that the journal has of a tenant, also of what nothing leads to any more, such as the deliveries of
 * a deleted subscription.
 */
export interface TenantDataStore {
  /** Consistent. Reads the whole journal, page by page, whosever it is. */
  scanTenantData(tenantId: string, cursor: string | null): Promise<TenantDataPage>;
  /** A record of the audit trail stays, without its values. */
  removeTenantData(records: readonly TenantRecord[]): Promise<void>;
}
