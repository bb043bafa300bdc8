import * as z from 'zod';
import type { Matches, Page } from '../../core/page.ts';
import type { Tables } from './client.ts';
import type { Item } from './keys.ts';
import { queryUpTo } from './query.ts';
import { readNewest } from './read-newest.ts';

interface PartitionList<T> {
  table: string;
  partition: string;
  limit: number;
  after: string | null;
  parse: (item: Item) => T;
  matches: Matches<T>;
}

/** A page of a partition whose sort keys are ids that sort by time, newest first, strongly consistent. */
export function readPartition<T>(
  client: Tables['client'],
  { table, partition, limit, after, parse, matches }: PartitionList<T>,
): Promise<Page<T>> {
  return readNewest<Item, T>({
    partitions: [partition],
    range: { from: '0', to: '~' },
    limit,
    after,
    query: async (pk, range, count) => {
      const items = await queryUpTo(
        client,
        {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': pk, ':from': range.from, ':to': range.to },
          ScanIndexForward: false,
          ConsistentRead: true,
        },
        count,
      );
      return items.map((item) => ({ sortKey: z.string().parse(item.sk), value: item }));
    },
    filtered: matches !== null,
    select: async (entries) =>
      entries
        .map(({ sortKey, value }) => ({ sortKey, value: parse(value) }))
        .filter(({ value }) => matches === null || matches(value)),
  });
}
