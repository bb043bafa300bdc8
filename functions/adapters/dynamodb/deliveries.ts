import * as z from 'zod';
import { Attempt } from '../../core/delivery/attempt.ts';
import { Delivery, isParked } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import { batchGet, batchPut } from './batch.ts';
import { atRevision, createConditionalWrites } from './conditional-write.ts';
import { type JournalOptions, parseEvent } from './events.ts';
import { createJournalLists } from './journal-lists.ts';
import {
  deliveryKey,
  deliveryPartitions,
  duePartition,
  eventItemKey,
  type Item,
  type Key,
  type KeyedItem,
  keyText,
  parseDeliveryKey,
  statusPartition,
  statusPartitions,
  subscriptionKey,
} from './keys.ts';
import { PackedText, packText } from './packed-text.ts';
import { createRetention } from './retention.ts';
import { parseSubscription } from './subscriptions.ts';

/**
 * A success that is written without looking must not leave the revision that it wrote over: a writer that has read that
 * one would write over the success. No delivery is written so often otherwise.
 */
const SUCCESS_REVISION = 1_000_000;

/** How many deliveries that wait one page has. */
const WAITING_PAGE = 100;

export function createDeliveries({ tables, retentionDays, now }: JournalOptions): DeliveryStore {
  const { documents, catalogTable, journalTable } = tables;
  const retention = createRetention(retentionDays, now);
  const lists = createJournalLists(tables, retention);
  const writes = createConditionalWrites(tables, journalTable);

  return {
    async loadForMessages(messages, consistent) {
      const named = messages.map((message) => ({
        delivery: deliveryKey(message),
        event: eventItemKey(message.tenantId, message.eventId),
        subscription: subscriptionKey(message.tenantId, message.subscriptionId),
      }));
      const found = await batchGet(
        tables,
        {
          [journalTable]: named.flatMap(({ delivery, event }) => [delivery, event]),
          [catalogTable]: named.map(({ subscription }) => subscription),
        },
        consistent,
      );
      const live = [...(found[journalTable] ?? []).filter(retention.isLive), ...(found[catalogTable] ?? [])];
      const items = new Map(live.map((item) => [keyText(item), item]));
      const get = <T>(key: Key, parse: (item: Item) => T): T | null => {
        const item = items.get(keyText(key));
        return item === undefined ? null : parse(item);
      };
      return named.map(({ delivery, event, subscription }) => ({
        delivery: get(delivery, parseDelivery),
        event: get(event, (item) => parseEvent(item).event),
        subscription: get(subscription, parseSubscription),
      }));
    },

    async getDelivery(ref) {
      const item = await documents.getItem({ TableName: journalTable, Key: deliveryKey(ref), ConsistentRead: true });
      return item === undefined || !retention.isLive(item) ? null : parseDelivery(item);
    },

    async getDeliveries(refs) {
      const items = await lists.getItems(refs.map(deliveryKey), true);
      return refs.map((ref) => {
        const item = items.get(keyText(deliveryKey(ref)));
        return item === undefined ? null : parseDelivery(item);
      });
    },

    saveDelivery(delivery, revision) {
      const item = deliveryItem({ ...delivery, revision: revision + 1 }, retention.expiresAt());
      return writes.putIf(item, revision === 0 ? retention.ifAbsent() : retention.ifLive(atRevision(revision)));
    },

    async putSucceededDeliveries(deliveries) {
      const expiresAt = retention.expiresAt();
      await batchPut(
        tables,
        journalTable,
        deliveries,
        (delivery) => deliveryItem({ ...delivery, revision: SUCCESS_REVISION }, expiresAt),
        (item, { attempts: made }) => {
          const { attempts } = parseDelivery(item);
          return made.every(({ id }) => attempts.some((one) => one.id === id));
        },
      );
    },

    listDeliveries: (subscriptionId, options, matches) =>
      lists.readList({ table: deliveryPartitions(subscriptionId) }, options, parseDelivery, matches),

    listDeliveriesByStatus: (subscriptionId, status, options, matches) =>
      lists.readList(
        { index: statusPartitions(subscriptionId, status) },
        options,
        parseDelivery,
        // Beside what is parked are successes that are to be sent again.
        status === 'parked' ? (one) => one.status === status && (matches === null || matches(one)) : matches,
      ),

    async listWaitingDeliveries(subscriptionId, status, cursor) {
      // The range includes the cursor's own entry.
      const range = { from: cursor ?? '0', to: '~' };
      const found = await Promise.all(
        statusPartitions(subscriptionId, status).map((partition) =>
          lists.queryIndex(partition, range, WAITING_PAGE + 1, 'oldest'),
        ),
      );
      const inOrder = found.flat().sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
      const entries = inOrder.slice(0, WAITING_PAGE + 1);
      const page = entries.filter(({ sortKey }) => sortKey !== cursor);
      const deliveries = (await lists.followEntries(page))
        .map(({ value }) => parseDelivery(value))
        .filter((delivery) => (status === 'parked' ? isParked(delivery) : delivery.status === status));
      return { deliveries, cursor: entries.length > WAITING_PAGE ? (page.at(-1)?.sortKey ?? null) : null };
    },
  };
}

/** One attempt with a short answer is about this long; it is not worth the CPU. */
const COMPRESS_ATTEMPTS_FROM = 1_024;

/** Attributes that are left out while they have these values, which they mostly have. */
const DELIVERY_DEFAULTS = {
  profile: 'standard',
  profileVersion: 1,
  statusReason: null,
  attempts: '[]',
  nextAttemptAt: null,
  completedAt: null,
  replayedBy: null,
  requested: null,
  claim: null,
  effects: [],
  parkedAt: null,
  limitedSince: null,
  ticket: 0,
  dueAt: null,
};

const NULLABLE = [
  'statusReason',
  'nextAttemptAt',
  'completedAt',
  'replayedBy',
  'requested',
  'claim',
  'parkedAt',
  'limitedSince',
  'dueAt',
] as const;

/**
 * Deliveries that did not succeed, or wait for their subscription to be sent again, are in the list index, those that wait for something in the due index.
 * @param expiresAt epoch seconds: when the journal may forget it
 */
function deliveryItem(delivery: Delivery, expiresAt: number): KeyedItem {
  const { subscriptionId, eventId, eventAt, ...attributes } = delivery;
  const key = deliveryKey(delivery);
  // Attempts are written whole and read whole. As text a long history can be compressed.
  const attempts = packText(JSON.stringify(delivery.attempts), COMPRESS_ATTEMPTS_FROM);
  const item: KeyedItem = { ...key, v: 1, ...attributes, attempts, expiresAt };
  const listed = isParked(delivery) ? 'parked' : delivery.status;
  if (listed !== 'succeeded') {
    item.listPk = statusPartition(delivery, listed);
    item.listSk = key.sk;
  }
  if (delivery.dueAt !== null) item.duePk = duePartition(eventId);
  for (const name of NULLABLE) {
    if (delivery[name] === null) delete item[name];
  }
  if (delivery.ticket === 0) delete item.ticket;
  if (delivery.effects.length === 0) delete item.effects;
  if (delivery.profile === DELIVERY_DEFAULTS.profile && delivery.profileVersion === DELIVERY_DEFAULTS.profileVersion) {
    delete item.profile;
    delete item.profileVersion;
  }
  return item;
}

const ItemKey = z.object({ pk: z.string(), sk: z.string() });
const DeliveryItem = Delivery.extend({
  attempts: PackedText.transform((text): unknown => JSON.parse(text)).pipe(z.array(Attempt)),
});

export function parseDelivery(item: Item): Delivery {
  const { pk, sk } = ItemKey.parse(item);
  return DeliveryItem.parse({ ...DELIVERY_DEFAULTS, ...item, ...parseDeliveryKey({ pk, sk }) });
}
