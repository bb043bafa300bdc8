import * as z from 'zod';
import type { Matches, Page } from '../../core/page.ts';
import type { Tables } from './client.ts';
import type { Item } from './keys.ts';
import { queryUpTo } from './query.ts';
import { type Range, readNewest } from './read-newest.ts';

const ALL: Range = { from: '0', to: '~' };

interface PartitionList<T> {
  table: string;
  /** Absent: the table itself, strongly consistent. */
  index?: { name: string; partition: string; sort: string };
  partition: string;
  /** Of sort keys; absent: all. */
  range?: Range;
  limit: number;
  after: string | null;
  parse: (item: Item) => T;
  matches: Matches<T>;
}

/** A page of a partition whose sort keys sort by time, newest first. */
export function readPartition<T>(
  documents: Tables['documents'],
  { table, index, partition, range = ALL, limit, after, parse, matches }: PartitionList<T>,
): Promise<Page<T>> {
  const { partition: pk, sort: sk } = index ?? { partition: 'pk', sort: 'sk' };
  return readNewest<Item, T>({
    partitions: [partition],
    range,
    limit,
    after,
    query: async (value, { from, to }, count) => {
      const items = await queryUpTo(
        documents,
        {
          TableName: table,
          IndexName: index?.name,
          KeyConditionExpression: `${pk} = :pk AND ${sk} BETWEEN :from AND :to`,
          ExpressionAttributeValues: { ':pk': value, ':from': from, ':to': to },
          ScanIndexForward: false,
          ConsistentRead: index === undefined,
        },
        count,
      );
      return items.map((item) => ({ sortKey: z.string().parse(item[sk]), value: item }));
    },
    filtered: matches !== null,
    select: async (entries) =>
      entries
        .map(({ sortKey, value }) => ({ sortKey, value: parse(value) }))
        .filter(({ value }) => matches === null || matches(value)),
  });
}
