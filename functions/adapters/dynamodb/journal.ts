import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Loaded } from '../../core/delivery/deliver.ts';
import type { Delivery } from '../../core/delivery/delivery.ts';
import type { DeliverMessage } from '../../core/delivery/queue-message.ts';
import type { Event } from '../../core/event/event.ts';
import type { RejectedEvent } from '../../core/event/rejected-event.ts';
import type { DeliveryRef } from '../../core/ids.ts';
import { eventKey, type RecordedEvent } from '../../core/ingest/ingest.ts';
import { INDEXES } from '../../names.ts';
import { batchGet, batchPut } from './batch.ts';
import type { Tables } from './client.ts';
import {
  deliveryItem,
  eventItem,
  parseDelivery,
  parseEvent,
  parseRejected,
  parseSubscription,
  rejectedItem,
} from './items.ts';
import {
  deliveryKey,
  deliveryPartitions,
  eventItemKey,
  eventPartitions,
  type Item,
  type Key,
  rejectedPartitions,
  statusPartition,
  subscriptionKey,
} from './keys.ts';
import { queryUpTo } from './query.ts';
import { type Entry, type Range, readNewest } from './read-newest.ts';

export interface JournalOptions {
  tables: Tables;
  retentionDays: number;
  now: () => number;
}

export interface ListOptions {
  limit: number;
  after: string | null;
  /** Epoch milliseconds, both inclusive. */
  from: number | null;
  to: number | null;
}

/**
 * A success that is written without looking must not leave the revision that it wrote over: whoever has read that one
 * would write over the success. No delivery is written so often otherwise.
 */
const SUCCESS_REVISION = 1_000_000;

/** What a list is filtered by; null for all. */
export type Matches<T> = ((value: T) => boolean) | null;

/** How many parked deliveries one step of a release takes. */
const STEP = 100;

/** Keys as index entries carry them. */
const IndexedKey = z.object({ pk: z.string(), sk: z.string() });
const ListEntry = IndexedKey.extend({ listSk: z.string() });

/** Events, deliveries and rejected events: what happened. Each item carries the moment at which the journal may forget it. */
export type Journal = ReturnType<typeof createJournal>;

export function createJournal({ tables, retentionDays, now }: JournalOptions) {
  const { client, catalogTable, journalTable } = tables;
  const expiresAt = (): number => Math.floor(now() / 1_000) + retentionDays * 86_400;
  /** DynamoDB removes expired items hours or days late. */
  const isLive = (item: Item): boolean => !(typeof item.expiresAt === 'number' && item.expiresAt * 1_000 <= now());

  async function getAll(keys: readonly Key[], consistent: boolean): Promise<Map<string, Item>> {
    const found = await batchGet(tables, { [journalTable]: keys }, consistent);
    return new Map((found[journalTable] ?? []).filter(isLive).map((item) => [`${item.pk} ${item.sk}`, item]));
  }

  async function put(item: Item, condition: string, values?: Record<string, unknown>): Promise<boolean> {
    try {
      await client.send(
        new PutCommand({
          TableName: journalTable,
          Item: item,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function queryItems(partition: string, range: Range, limit: number): Promise<Entry<Item>[]> {
    const items = await queryUpTo(
      client,
      {
        TableName: journalTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
        ScanIndexForward: false,
      },
      limit,
    );
    return items.map((item) => ({ sortKey: ListEntrySortKey.parse(item).sk, value: item }));
  }

  async function queryListIndex(
    partition: string,
    range: Range,
    limit: number,
    forward = false,
  ): Promise<Entry<Key>[]> {
    const items = await queryUpTo(
      client,
      {
        TableName: journalTable,
        IndexName: INDEXES.journalList.name,
        KeyConditionExpression: 'listPk = :pk AND listSk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
        ScanIndexForward: forward,
      },
      limit,
    );
    return items.map((item) => {
      const { pk, sk, listSk } = ListEntry.parse(item);
      return { sortKey: listSk, value: { pk, sk } };
    });
  }

  /** The items behind index entries, in their order, without those that are gone. */
  async function follow(entries: readonly Entry<Key>[]): Promise<Entry<Item>[]> {
    const items = await getAll(
      entries.map(({ value }) => value),
      true,
    );
    return entries.flatMap(({ sortKey, value }) => {
      const item = items.get(`${value.pk} ${value.sk}`);
      return item === undefined ? [] : [{ sortKey, value: item }];
    });
  }

  async function getDelivery(ref: DeliveryRef): Promise<Delivery | null> {
    const { Item } = await client.send(
      new GetCommand({ TableName: journalTable, Key: deliveryKey(ref), ConsistentRead: true }),
    );
    return Item === undefined || !isLive(Item) ? null : parseDelivery(Item);
  }

  async function getEvents(
    events: readonly Pick<Event, 'tenantId' | 'id'>[],
    consistent: boolean,
  ): Promise<Map<string, RecordedEvent>> {
    const items = await getAll(
      events.map(({ tenantId, id }) => eventItemKey(tenantId, id)),
      consistent,
    );
    return new Map(
      [...items.values()].map((item) => {
        const recorded = parseEvent(item);
        return [eventKey(recorded.event), recorded];
      }),
    );
  }

  return {
    getDelivery,
    getEvents,

    async getEvent(tenantId: string, id: string): Promise<Event | null> {
      const events = await getEvents([{ tenantId, id }], true);
      return events.get(eventKey({ tenantId, id }))?.event ?? null;
    },

    /** Deliveries in the order of the refs; null where there is none. */
    async getDeliveries(refs: readonly DeliveryRef[]): Promise<(Delivery | null)[]> {
      const items = await getAll(refs.map(deliveryKey), true);
      return refs.map((ref) => {
        const { pk, sk } = deliveryKey(ref);
        const item = items.get(`${pk} ${sk}`);
        return item === undefined ? null : parseDelivery(item);
      });
    },

    async load(messages: readonly DeliverMessage[], consistent: boolean): Promise<Loaded[]> {
      const named = messages.map((message) => ({
        delivery: deliveryKey(message),
        event: eventItemKey(message.tenantId, message.eventId),
        subscription: subscriptionKey(message.tenantId, message.subscriptionId),
      }));
      const found = await batchGet(
        tables,
        {
          [journalTable]: distinct(named.flatMap(({ delivery, event }) => [delivery, event])),
          [catalogTable]: distinct(named.map(({ subscription }) => subscription)),
        },
        consistent,
      );
      const items = new Map(
        [...(found[journalTable] ?? []).filter(isLive), ...(found[catalogTable] ?? [])].map((item) => [
          keyText(item),
          item,
        ]),
      );
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

    async putSucceeded(deliveries: readonly Delivery[]): Promise<void> {
      await batchPut(
        tables,
        journalTable,
        deliveries.map((delivery) => deliveryItem({ ...delivery, revision: SUCCESS_REVISION }, expiresAt())),
      );
    },

    save(delivery: Delivery, revision: number): Promise<boolean> {
      const item = deliveryItem({ ...delivery, revision: revision + 1 }, expiresAt());
      return revision === 0
        ? put(item, 'attribute_not_exists(pk)')
        : put(item, 'revision = :revision', { ':revision': revision });
    },

    createEvent(event: Event): Promise<boolean> {
      // An expired event that DynamoDB has not removed yet counts as absent.
      return put(eventItem(event, expiresAt()), 'attribute_not_exists(pk) OR expiresAt <= :now', {
        ':now': Math.floor(now() / 1_000),
      });
    },

    async putAll(events: readonly Event[], rejected: readonly RejectedEvent[]): Promise<void> {
      await batchPut(tables, journalTable, [
        ...events.map((event) => eventItem(event, expiresAt())),
        ...rejected.map((one) => rejectedItem(one, expiresAt())),
      ]);
    },

    async saveFanOutCursor(event: Event, cursor: string | null): Promise<void> {
      await client.send(
        new UpdateCommand({
          TableName: journalTable,
          Key: eventItemKey(event.tenantId, event.id),
          UpdateExpression: 'SET fanOutCursor = :cursor',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':cursor': cursor },
        }),
      );
    },

    /** Removes an event's data for good; its record and its deliveries stay. */
    async expunge(event: Event): Promise<void> {
      await client.send(
        new UpdateCommand({
          TableName: journalTable,
          Key: eventItemKey(event.tenantId, event.id),
          UpdateExpression: 'SET #data = :null',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#data': 'data' },
          ExpressionAttributeValues: { ':null': null },
        }),
      );
    },

    /** From the table those with ids of ours, from the index those with publishers' own. */
    listEvents(tenantId: string, options: ListOptions, matches: Matches<Event>) {
      const partitions = eventPartitions(tenantId);
      const inIndex = new Set(partitions.map((partition) => `index ${partition}`));
      return readNewest<Item, Event>({
        ...bounds(options),
        partitions: [...partitions, ...inIndex],
        filtered: matches !== null,
        query: async (partition, range, limit) =>
          inIndex.has(partition)
            ? follow(await queryListIndex(partition.slice('index '.length), range, limit))
            : queryItems(partition, range, limit),
        select: async (entries) =>
          wanted(
            entries.filter(({ value }) => isLive(value)),
            (item) => parseEvent(item).event,
            matches,
          ),
      });
    },

    /** Deliveries of one status other than succeeded. */
    listByStatus(subscriptionId: string, status: string, options: ListOptions, matches: Matches<Delivery>) {
      return listThroughIndex([statusPartition(subscriptionId, status)], options, parseDelivery, matches);
    },

    listDeliveries(subscriptionId: string, options: ListOptions, matches: Matches<Delivery>) {
      return list(deliveryPartitions(subscriptionId), options, parseDelivery, matches);
    },

    listRejected(options: ListOptions, matches: Matches<RejectedEvent>) {
      return list(rejectedPartitions(), options, parseRejected, matches);
    },

    /** Parked deliveries, oldest first. */
    async listParked(
      subscriptionId: string,
      cursor: string | null,
    ): Promise<{ deliveries: Delivery[]; cursor: string | null }> {
      // The range includes the cursor itself.
      const entries = await queryListIndex(
        statusPartition(subscriptionId, 'parked'),
        { from: cursor ?? '0', to: '~' },
        STEP + 1,
        true,
      );
      const page = entries.filter(({ sortKey }) => sortKey !== cursor);
      const deliveries = (await follow(page))
        .map(({ value }) => parseDelivery(value))
        .filter(({ status }) => status === 'parked');
      return { deliveries, cursor: entries.length > STEP ? (page.at(-1)?.sortKey ?? null) : null };
    },
  };

  function list<T>(
    partitions: readonly string[],
    options: ListOptions,
    parse: (item: Item) => T,
    matches: Matches<T>,
  ): Promise<{ values: T[]; next: string | null }> {
    return readNewest<Item, T>({
      ...bounds(options),
      partitions,
      query: queryItems,
      filtered: matches !== null,
      select: async (entries) =>
        wanted(
          entries.filter(({ value }) => isLive(value)),
          parse,
          matches,
        ),
    });
  }

  function listThroughIndex<T>(
    partitions: readonly string[],
    options: ListOptions,
    parse: (item: Item) => T,
    matches: Matches<T>,
  ): Promise<{ values: T[]; next: string | null }> {
    return readNewest<Key, T>({
      ...bounds(options),
      partitions,
      query: queryListIndex,
      filtered: matches !== null,
      select: async (entries) => wanted(await follow(entries), parse, matches),
    });
  }
}

function wanted<T>(entries: readonly Entry<Item>[], parse: (item: Item) => T, matches: Matches<T>): Entry<T>[] {
  return entries
    .map(({ sortKey, value }) => ({ sortKey, value: parse(value) }))
    .filter(({ value }) => matches === null || matches(value));
}

const ListEntrySortKey = z.object({ sk: z.string() });

/** '~' sorts after every id, '#' before: so both ends of a range include their millisecond. */
function bounds({ from, to, after, limit }: ListOptions): { range: Range; after: string | null; limit: number } {
  return {
    after,
    limit,
    range: {
      from: from === null ? '0' : new Date(from).toISOString(),
      to: to === null ? '~' : `${new Date(to).toISOString()}~`,
    },
  };
}

function keyText({ pk, sk }: Item): string {
  return `${pk} ${sk}`;
}

/** BatchGetItem refuses to be asked for one key twice. */
function distinct(keys: readonly Key[]): Key[] {
  return [...new Map(keys.map((key) => [keyText(key), key])).values()];
}
