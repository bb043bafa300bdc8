import * as z from 'zod';
import { AuditRecord } from '../../core/access/audit-record.ts';
import { Token } from '../../core/access/token.ts';
import type { TenantDataStore, TenantRecord } from '../../core/jobs/tenant-data.ts';
import type { Tables } from './client.ts';
import { isConditionFailure } from './conditional-write.ts';
import { parseDelivery } from './deliveries.ts';
import { parseEvent } from './events.ts';
import {
  auditItemKeys,
  deliveryKey,
  eventItemKey,
  type Item,
  type Key,
  RECORD_PREFIXES,
  rejectedKey,
  tokenKey,
} from './keys.ts';
import { parseRejected } from './rejected-events.ts';
import { createLiveness } from './retention.ts';

/** Items that one page reads, whosever they are: a page then writes no more than a function has the time for. */
const SCAN_PAGE = 500;

const ItemKey = z.object({ pk: z.string(), sk: z.string() });

export function createTenantData(
  { documents, journalTable }: Pick<Tables, 'documents' | 'journalTable'>,
  now: () => number,
): TenantDataStore {
  const { isLive } = createLiveness(now);

  async function forgetChanges(key: { TableName: string; Key: Key }): Promise<void> {
    try {
      const ConditionExpression = 'attribute_exists(pk)';
      await documents.updateItem({ ...key, UpdateExpression: 'REMOVE changes', ConditionExpression });
    } catch (error) {
      // Its own time was over.
      if (!isConditionFailure(error)) throw error;
    }
  }

  return {
    async scanTenantData(tenantId, cursor) {
      const { Items = [], LastEvaluatedKey } = await documents.scan({
        TableName: journalTable,
        Limit: SCAN_PAGE,
        ConsistentRead: true,
        FilterExpression: 'tenantId = :tenantId',
        ExpressionAttributeValues: { ':tenantId': tenantId },
        ExclusiveStartKey: cursor === null ? undefined : ItemKey.parse(JSON.parse(cursor)),
      });
      const next = LastEvaluatedKey === undefined ? null : JSON.stringify(ItemKey.parse(LastEvaluatedKey));
      const [live, expired] = [Items.filter(isLive), Items.filter((item) => !isLive(item))].map((items) =>
        items.flatMap((item) => parseRecord(item) ?? []),
      );
      return { records: live ?? [], expired: expired ?? [], next };
    },

    async removeTenantData(records) {
      await Promise.all(
        records.map((record) => {
          const key = { TableName: journalTable, Key: keyOf(record) };
          return record.kind === 'audit_record' ? forgetChanges(key) : documents.deleteItem(key);
        }),
      );
    },
  };
}

/** Null for what holds nothing that a tenant has sent or received: a job, a counter, a record of the audit trail without values. */
function parseRecord(item: Item): TenantRecord | null {
  const { pk } = ItemKey.parse(item);
  const kind = RECORD_PREFIXES.find(({ prefix }) => pk.startsWith(prefix))?.kind;
  switch (kind) {
    case undefined:
      return null;
    case 'event':
      return { kind, value: parseEvent(item).event };
    case 'delivery':
      return { kind, value: parseDelivery(item) };
    case 'rejected_event':
      return { kind, value: parseRejected(item) };
    case 'token':
      return { kind, value: Token.parse(item) };
    case 'audit_record': {
      const value = AuditRecord.parse(item);
      return Object.keys(value.changes).length === 0 ? null : { kind, value };
    }
    default:
      return kind satisfies never;
  }
}

function keyOf({ kind, value }: TenantRecord): Key {
  switch (kind) {
    case 'event':
      return eventItemKey(value.tenantId, value.id);
    case 'delivery':
      return deliveryKey(value);
    case 'rejected_event':
      return rejectedKey(value.id, value.rejectedAt);
    case 'token':
      return tokenKey(value.tenantId, value.id);
    case 'audit_record': {
      const { pk, sk } = auditItemKeys(value);
      return { pk, sk };
    }
    default:
      return kind satisfies never;
  }
}
