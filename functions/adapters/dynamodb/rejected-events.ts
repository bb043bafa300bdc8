import { RejectedEvent } from '../../core/event/rejected-event.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import { batchPut } from './batch.ts';
import type { JournalOptions } from './events.ts';
import { createJournalLists } from './journal-lists.ts';
import { type Item, rejectedKey, rejectedPartitions } from './keys.ts';
import { PackedText, packText } from './packed-text.ts';
import { createRetention } from './retention.ts';

export function createRejectedEvents({ tables, retentionDays, now }: JournalOptions): RejectedEventStore {
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  return {
    async putRejectedEvents(rejected) {
      const expiresAt = retention.expiresAt();
      await batchPut(tables, tables.journalTable, rejected, (one) => rejectedItem(one, expiresAt));
    },
    listRejectedEvents: (options, matches) =>
      lists.readList({ table: rejectedPartitions() }, options, (item) => RejectedItem.parse(item), matches),
  };
}

/** @param expiresAt epoch seconds: when the journal may forget it */
export function rejectedItem(rejected: RejectedEvent, expiresAt: number): Item {
  return {
    ...rejectedKey(rejected.id, rejected.rejectedAt),
    v: 1,
    ...rejected,
    body: packText(rejected.body),
    expiresAt,
  };
}

const RejectedItem = RejectedEvent.extend({ body: PackedText });
