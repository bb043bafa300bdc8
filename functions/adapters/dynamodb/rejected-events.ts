import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { RejectedEvent } from '../../core/event/rejected-event.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import { batchPut } from './batch.ts';
import { createConditionalWrites } from './conditional-write.ts';
import type { JournalOptions } from './events.ts';
import { createJournalLists } from './journal-lists.ts';
import { type Item, type KeyedItem, rejectedKey, rejectedKeyOf, rejectedPartitions } from './keys.ts';
import { PackedText, packText } from './packed-text.ts';
import { createRetention } from './retention.ts';

export function createRejectedEvents({ tables, retentionDays, now }: JournalOptions): RejectedEventStore {
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  const writes = createConditionalWrites(tables, tables.journalTable);
  return {
    async putRejectedEvents(rejected) {
      const expiresAt = retention.expiresAt();
      await batchPut(
        tables,
        tables.journalTable,
        rejected,
        (one) => rejectedItem(one, expiresAt),
        // The message may have been rejected before, for another reason, and published again.
        (item, one) => {
          const { reason, republishedAt } = parseRejected(item);
          return republishedAt === null && isDeepStrictEqual(reason, one.reason);
        },
      );
    },
    async getRejectedEvent(id) {
      const [item] = (await lists.getItems([rejectedKeyOf(id)], true)).values();
      return item === undefined ? null : parseRejected(item);
    },
    async markRepublished({ id, rejectedAt }, at) {
      const update = { set: 'republishedAt = :at', values: { ':at': at } };
      return (await writes.updateIf(rejectedKey(id, rejectedAt), update, retention.ifLive())) !== null;
    },
    listRejectedEvents: (options, matches) =>
      lists.readList({ table: rejectedPartitions() }, options, parseRejected, matches),
  };
}

/** @param expiresAt epoch seconds: when the journal may forget it */
export function rejectedItem(rejected: RejectedEvent, expiresAt: number): KeyedItem {
  return {
    ...rejectedKey(rejected.id, rejected.rejectedAt),
    v: 1,
    ...rejected,
    body: packText(rejected.body),
    expiresAt,
  };
}

const RejectedItem = RejectedEvent.extend({
  body: PackedText,
  messageId: z.string().nullable().default(null),
  republishedAt: z.number().nullable().default(null),
});

export function parseRejected(item: Item): RejectedEvent {
  return RejectedItem.parse(item);
}
