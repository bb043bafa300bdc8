import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Random } from '../../core/ids.ts';
import { type Counters, mergeCounters } from '../../core/stats/counters.ts';
import { HOUR_MS, type StatsStore } from '../../core/stats/stats-store.ts';
import type { Tables } from './client.ts';
import {
  type Item,
  parseStatsHour,
  STATS_SHARDS_OF_SUBSCRIPTION,
  statsDays,
  statsKey,
  statsPartitions,
} from './keys.ts';
import { createLiveness } from './retention.ts';
import { toWire } from './wire.ts';

const DAY_MS = 24 * HOUR_MS;

interface StatsOptions {
  tables: Pick<Tables, 'client' | 'lean' | 'journalTable'>;
  /** Of the counters, not of the journal. */
  retentionDays: number;
  now: () => number;
  random: Random;
}

/** Hourly counters: an item for each hour, subscription and shard of it, in the journal, with a retention of their own. */
export function createStats({ tables, retentionDays, now, random }: StatsOptions): StatsStore {
  const { client, lean, journalTable } = tables;
  // Each process writes to one of a subscription's shards.
  const shard = Math.floor(random() * STATS_SHARDS_OF_SUBSCRIPTION);
  const { isLive } = createLiveness(now);

  /** Hands on what a range of one partition holds, page by page, until `take` has enough. */
  async function readRange(pk: string, from: string, to: string, take: (items: Item[]) => boolean): Promise<void> {
    let start: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: journalTable,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
          ExclusiveStartKey: start,
        }),
      );
      if (!take(Items.filter(isLive))) return;
      start = LastEvaluatedKey;
    } while (start !== undefined);
  }

  return {
    async addCounters(tenantId, subscriptionId, at, counters) {
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
      const added = Object.entries(counters);
      const answer = await lean('UpdateItem', {
        TableName: journalTable,
        Key: toWire(statsKey(tenantId, subscriptionId, hour, shard)),
        UpdateExpression: `SET v = :v, expiresAt = :expiresAt ADD ${added.map((_, index) => `#${index} :${index}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(added.map(([name], index) => [`#${index}`, name])),
        ExpressionAttributeValues: toWire({
          ':v': 1,
          ':expiresAt': Math.floor(hour / 1_000) + retentionDays * 86_400 + 3_600,
          ...Object.fromEntries(added.map(([, count], index) => [`:${index}`, count])),
        }),
      });
      // The SDK would repeat the call, and an addition that had its effect would have it twice.
      if (answer === null) throw new Error('DynamoDB did not confirm that it has counted');
    },

    async readSubscriptionCounters(tenantId, subscriptionId, { from, to }) {
      const hours = new Map<number, Counters>();
      const reads: Promise<void>[] = [];
      for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS) {
        for (let index = 0; index < STATS_SHARDS_OF_SUBSCRIPTION; index += 1) {
          const first = statsKey(tenantId, subscriptionId, Math.max(from, day), index);
          const last = statsKey(tenantId, subscriptionId, Math.min(to, day + DAY_MS) - HOUR_MS, index);
          reads.push(readRange(first.pk, first.sk, last.sk, (items) => addUp(hours, items)));
        }
      }
      await Promise.all(reads);
      return hours;
    },

    async readTenantCounters(tenantId, { from, to }, maxItems) {
      const hours = new Map<number, Counters>();
      const days = statsDays(from, to - HOUR_MS);
      let taken = 0;
      await Promise.all(
        statsPartitions(tenantId).map((pk) =>
          readRange(pk, days.from, days.to, (items) => {
            taken += items.length;
            return taken <= maxItems && addUp(hours, items);
          }),
        ),
      );
      return taken > maxItems ? null : new Map([...hours].filter(([hour]) => hour >= from && hour < to));
    },
  };
}

function addUp(hours: Map<number, Counters>, items: readonly Item[]): true {
  for (const item of items) {
    const { sk, counters } = parseStats(item);
    const hour = parseStatsHour(sk);
    hours.set(hour, mergeCounters([hours.get(hour) ?? {}, counters]));
  }
  return true;
}

const StatsItem = z
  .object({ pk: z.string(), sk: z.string(), v: z.literal(1), expiresAt: z.number() })
  .catchall(z.number());

function parseStats(item: Item): { sk: string; counters: Counters } {
  const { pk: _pk, sk, v: _v, expiresAt: _expiresAt, ...counters } = StatsItem.parse(item);
  return { sk, counters };
}
