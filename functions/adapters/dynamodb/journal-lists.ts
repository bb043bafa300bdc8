import * as z from 'zod';
import type { ListOptions, Matches, Page } from '../../core/page.ts';
import { INDEXES } from '../../names.ts';
import { batchGet } from './batch.ts';
import type { Tables } from './client.ts';
import { type Item, type Key, keyText } from './keys.ts';
import { queryUpTo } from './query.ts';
import { type Entry, type Range, readNewest } from './read-newest.ts';
import type { Retention } from './retention.ts';

/** Keys as entries of the list index carry them. */
const ListEntry = z.object({ pk: z.string(), sk: z.string(), listSk: z.string() });
const SortKey = z.object({ sk: z.string() });

/** What a list reads from: partitions of the table and of its list index. */
export interface ListedPartitions {
  table?: readonly string[];
  index?: readonly string[];
}

export interface JournalLists {
  /** Items that have not expired, by `keyText`. */
  getItems(keys: readonly Key[], consistent: boolean): Promise<Map<string, Item>>;
  /** Newest first, unless the options say otherwise. */
  readList<T>(
    partitions: ListedPartitions,
    options: ListOptions,
    parse: (item: Item) => T,
    matches: Matches<T>,
  ): Promise<Page<T>>;
  /** Entries of a partition of the list index. */
  queryIndex(partition: string, range: Range, limit: number, order: 'oldest' | 'newest'): Promise<Entry<Key>[]>;
  /** The items behind index entries, in their order, as they stand now, without those that are gone. */
  followEntries(entries: readonly Entry<Key>[]): Promise<Entry<Item>[]>;
}

/** The journal's lists, which are spread over partitions of the table and of its list index. */
export function createJournalLists(tables: Tables, retention: Pick<Retention, 'isLive'>): JournalLists {
  const { documents, journalTable } = tables;

  async function getItems(keys: readonly Key[], consistent: boolean): Promise<Map<string, Item>> {
    const found = await batchGet(tables, { [journalTable]: keys }, consistent);
    return new Map((found[journalTable] ?? []).filter(retention.isLive).map((item) => [keyText(item), item]));
  }

  async function queryTable(
    partition: string,
    range: Range,
    limit: number,
    order: 'oldest' | 'newest',
  ): Promise<Entry<Item>[]> {
    const items = await queryUpTo(
      documents,
      {
        TableName: journalTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
        ScanIndexForward: order === 'oldest',
      },
      limit,
    );
    return items.map((item) => ({ sortKey: SortKey.parse(item).sk, value: item }));
  }

  async function queryIndex(
    partition: string,
    range: Range,
    limit: number,
    order: 'oldest' | 'newest',
  ): Promise<Entry<Key>[]> {
    const items = await queryUpTo(
      documents,
      {
        TableName: journalTable,
        IndexName: INDEXES.journalList.name,
        KeyConditionExpression: 'listPk = :pk AND listSk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': partition, ':from': range.from, ':to': range.to },
        ScanIndexForward: order === 'oldest',
      },
      limit,
    );
    return items.map((item) => {
      const { pk, sk, listSk } = ListEntry.parse(item);
      return { sortKey: listSk, value: { pk, sk } };
    });
  }

  /** Index entries are followed page by page, after merging: an entry whose item is gone must not end the list. */
  async function resolve(entries: readonly Entry<Listed>[]): Promise<Entry<Item>[]> {
    const keys = entries.flatMap(({ value }) => (value.kind === 'key' ? [value.key] : []));
    const items = keys.length === 0 ? new Map<string, Item>() : await getItems(keys, true);
    return entries.flatMap(({ sortKey, value }) => {
      const item = value.kind === 'item' ? value.item : items.get(keyText(value.key));
      return item === undefined || !retention.isLive(item) ? [] : [{ sortKey, value: item }];
    });
  }

  return {
    getItems,
    queryIndex,
    followEntries: (entries) => resolve(entries.map(asKey)),
    readList: <T>(
      { table = [], index = [] }: ListedPartitions,
      options: ListOptions,
      parse: (item: Item) => T,
      matches: Matches<T>,
    ) => {
      // A partition of the table and one of the index can have the same name.
      const order = options.oldestFirst ? 'oldest' : 'newest';
      const inIndex = new Map(index.map((partition) => [`index ${partition}`, partition]));
      return readNewest<Listed, T>({
        ...bounds(options),
        partitions: [...table, ...inIndex.keys()],
        filtered: matches !== null,
        query: async (partition, range, limit) => {
          const indexed = inIndex.get(partition);
          return indexed === undefined
            ? (await queryTable(partition, range, limit, order)).map(asItem)
            : (await queryIndex(indexed, range, limit, order)).map(asKey);
        },
        select: async (entries) =>
          // What is in the index as well has its place there.
          (await resolve(entries.filter(({ value }) => !(isIndexed(value) && inIndex.size > 0))))
            .map(({ sortKey, value }) => ({ sortKey, value: parse(value) }))
            .filter(({ value }) => matches === null || matches(value)),
      });
    },
  };
}

/** An entry of the table holds its item, one of the index its item's key. */
type Listed = { kind: 'item'; item: Item } | { kind: 'key'; key: Key };

const isIndexed = (listed: Listed): boolean => listed.kind === 'item' && listed.item.listPk !== undefined;

const asItem = ({ sortKey, value }: Entry<Item>): Entry<Listed> => ({ sortKey, value: { kind: 'item', item: value } });
const asKey = ({ sortKey, value }: Entry<Key>): Entry<Listed> => ({ sortKey, value: { kind: 'key', key: value } });

/** '~' sorts after every id, '#' before: so both ends of a range include their millisecond. */
function bounds({ from, to, after, limit, oldestFirst }: ListOptions) {
  return {
    after,
    limit,
    oldestFirst,
    range: {
      from: from === null ? '0' : new Date(from).toISOString(),
      to: to === null ? '~' : `${new Date(to).toISOString()}~`,
    },
  };
}
