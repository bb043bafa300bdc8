import * as z from 'zod';
import { Event } from '../../core/event/event.ts';
import { type EventRef, type EventStore, eventKey, type RecordedEvent } from '../../core/event/event-store.ts';
import { batchPut } from './batch.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { createJournalLists } from './journal-lists.ts';
import { eventItemKey, eventListKey, eventPartitions, type Item, type KeyedItem } from './keys.ts';
import { PackedText, packText } from './packed-text.ts';
import { createRetention } from './retention.ts';

/** What the journal's stores are made of. */
export interface JournalOptions {
  tables: Tables;
  retentionDays: number;
  now: () => number;
}

export function createEvents({ tables, retentionDays, now }: JournalOptions): EventStore {
  const { journalTable } = tables;
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  const writes = createConditionalWrites(tables, journalTable);

  async function getEvents(events: readonly EventRef[], consistent: boolean): Promise<Map<string, RecordedEvent>> {
    const keys = events.map(({ tenantId, id }) => eventItemKey(tenantId, id));
    const items = await lists.getItems(keys, consistent);
    return new Map(
      [...items.values()].map((item) => {
        const recorded = parseEvent(item);
        return [eventKey(recorded.event), recorded];
      }),
    );
  }

  return {
    getEvents,

    async getEvent(tenantId, id) {
      const events = await getEvents([{ tenantId, id }], true);
      return events.get(eventKey({ tenantId, id }))?.event ?? null;
    },

    createEvent: (event, fanOutCursor) =>
      writes.putIf(
        { ...eventItem(event, retention.expiresAt()), ...(fanOutCursor === undefined ? {} : { fanOutCursor }) },
        retention.ifAbsent(),
      ),

    async putEvents(events) {
      const expiresAt = retention.expiresAt();
      await batchPut(tables, journalTable, events, (event) => eventItem(event, expiresAt));
    },

    async saveFanOutCursor({ tenantId, id }, cursor) {
      const updated = await writes.updateIf(
        eventItemKey(tenantId, id),
        { set: 'fanOutCursor = :cursor', values: { ':cursor': cursor } },
        retention.ifLive(),
      );
      if (updated === null) throw new Error('the event whose fan-out goes on is not on record');
    },

    async expungeEvent({ tenantId, id }) {
      const updated = await writes.updateIf(
        eventItemKey(tenantId, id),
        { set: '#data = :null', names: { '#data': 'data' }, values: { ':null': null } },
        retention.ifLive(),
      );
      return updated !== null;
    },

    /** The table lists the events with ids of ours, the index those with publishers' own. */
    listEvents(tenantId, options, matches) {
      const partitions = eventPartitions(tenantId);
      return lists.readList(
        { table: partitions, index: partitions },
        options,
        (item) => parseEvent(item).event,
        matches,
      );
    },
  };
}

/** @param expiresAt epoch seconds: when the journal may forget it */
function eventItem(event: Event, expiresAt: number): KeyedItem {
  const { data, tenantId, id, ...rest } = event;
  return {
    ...eventItemKey(tenantId, id),
    v: 1,
    tenantId,
    id,
    ...rest,
    data: data === null ? null : packText(data),
    ...eventListKey(tenantId, id, event.acceptedAt),
    expiresAt,
  };
}

const EventItem = Event.extend({
  data: PackedText.nullable(),
  fanOutCursor: z.string().nullable().default(null),
}).transform(({ fanOutCursor, ...event }): RecordedEvent => ({ event, fanOutCursor }));

export function parseEvent(item: Item): RecordedEvent {
  return EventItem.parse(item);
}
