import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { type CountedSubscription, type Counters, mergeCounters } from '../../core/stats/counters.ts';
import { BEFORE_ALL, HOUR_MS, type StatsRecord, type StatsStore } from '../../core/stats/stats-store.ts';
import { batchPut } from './batch.ts';
import type { Tables } from './client.ts';
import { isConditionFailure } from './conditional-write.ts';
import {
  type Item,
  type Key,
  parseStatsHour,
  parseStatsRecordTime,
  STATS_FOLDED,
  statsDays,
  statsKey,
  statsPartitions,
  statsRecordKey,
  statsRecordPartitions,
} from './keys.ts';
import { PackedText, packText } from './packed-text.ts';
import { createLiveness } from './retention.ts';

const DAY_MS = 24 * HOUR_MS;
const DAY_SECONDS = 86_400;
/** A shorter record fits in one write unit with its key. */
const COMPRESS_RECORD_FROM = 800;

interface StatsOptions {
  tables: Omit<Tables, 'catalogTable'>;
  /** Of the counters, not of the journal. */
  retentionDays: number;
  now: () => number;
}

type UpdateExpressions = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames'
>;

/** Hourly counters, an item for each hour and subscription, and the records that are yet to be added to them; in the journal. */
export function createStats({ tables, retentionDays, now }: StatsOptions): StatsStore {
  const { documents, journalTable, newWriteId } = tables;
  const { isLive } = createLiveness(now);

  /** What a range of one partition holds, page by page. */
  async function* readRange(pk: string, from: string, to: string, consistent: boolean): AsyncGenerator<Item[]> {
    let start: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await documents.query({
        TableName: journalTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
        ConsistentRead: consistent,
        ExclusiveStartKey: start,
      });
      yield Items.filter(isLive);
      start = LastEvaluatedKey;
    } while (start !== undefined);
  }

  async function* readShard(pk: string, after: string, before: number): AsyncGenerator<StatsRecord> {
    const end = new Date(before).toISOString();
    // DynamoDB refuses a range that ends before it begins, which one is if another sweep's clock is ahead.
    if (end <= after) return;
    for await (const items of readRange(pk, after, end, true)) {
      // The range includes the position after which it begins.
      for (const item of items) {
        const record = parseRecord(item);
        if (record.position > after) yield record;
      }
    }
  }

  /**
   * Whether the update was carried out: false if its condition does not hold. That is so too if it was carried out, its answer was
   * lost and the call was repeated, because these updates end their own condition.
   */
  async function updateIf(key: Key, expressions: UpdateExpressions, values: Item): Promise<boolean> {
    try {
      await documents.updateItem({
        TableName: journalTable,
        ...expressions,
        Key: key,
        ExpressionAttributeValues: values,
      });
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  }

  return {
    putRecord: (at, counted) =>
      batchPut(tables, journalTable, [counted], () => ({
        ...statsRecordKey(at, newWriteId()),
        v: 1,
        counted: packText(JSON.stringify(counted.map(toTuple)), COMPRESS_RECORD_FROM),
        expiresAt: Math.floor(at / 1_000) + DAY_SECONDS,
      })),

    async *readRecords(after, before) {
      const shards = statsRecordPartitions().map((pk) => readShard(pk, after, before));
      let heads = await Promise.all(shards.map(async (rest) => ({ next: await rest.next(), rest })));
      for (;;) {
        heads = heads.filter(({ next }) => next.done !== true);
        const [first] = heads.toSorted((a, b) => (a.next.value.position < b.next.value.position ? -1 : 1));
        if (first === undefined) return;
        yield first.next.value;
        first.next = await first.rest.next();
      }
    },

    async addCounters(at, { tenantId, subscriptionId, counters }, { after, through }) {
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
      const added = Object.entries(counters);
      await updateIf(
        statsKey(tenantId, subscriptionId, hour),
        {
          UpdateExpression: `SET v = :v, expiresAt = :expiresAt, foldedThrough = :through ADD ${added.map((_, index) => `#${index} :${index}`).join(', ')}`,
          ConditionExpression: 'attribute_not_exists(foldedThrough) OR foldedThrough <= :after',
          ExpressionAttributeNames: Object.fromEntries(added.map(([name], index) => [`#${index}`, name])),
        },
        {
          ':v': 1,
          // By whole days: of the first day that may be asked for no hour is missing.
          ':expiresAt': (Math.floor(hour / DAY_MS) + 1 + retentionDays) * DAY_SECONDS,
          ':after': after,
          ':through': through,
          ...Object.fromEntries(added.map(([, count], index) => [`:${index}`, count])),
        },
      );
    },

    async readFolded() {
      const item = await documents.getItem({ TableName: journalTable, Key: STATS_FOLDED, ConsistentRead: true });
      return item === undefined ? BEFORE_ALL : FoldedItem.parse(item).foldedThrough;
    },

    moveFolded: (through) =>
      updateIf(
        STATS_FOLDED,
        {
          UpdateExpression: 'SET v = :v, foldedThrough = :through',
          ConditionExpression: 'attribute_not_exists(foldedThrough) OR foldedThrough < :through',
        },
        { ':v': 1, ':through': through },
      ),

    async readSubscriptionCounters(tenantId, subscriptionId, { from, to }) {
      const hours = new Map<number, Counters>();
      const reads: Promise<void>[] = [];
      for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS) {
        const first = statsKey(tenantId, subscriptionId, Math.max(from, day));
        const last = statsKey(tenantId, subscriptionId, Math.min(to, day + DAY_MS) - HOUR_MS);
        reads.push(addUp(hours, readRange(first.pk, first.sk, last.sk, false), () => true));
      }
      await Promise.all(reads);
      return hours;
    },

    async readTenantCounters(tenantId, { from, to }, maxItems) {
      const hours = new Map<number, Counters>();
      const days = statsDays(from, to - HOUR_MS);
      let taken = 0;
      const fits = (count: number) => {
        taken += count;
        return taken <= maxItems;
      };
      await Promise.all(
        statsPartitions(tenantId).map((pk) => addUp(hours, readRange(pk, days.from, days.to, false), fits)),
      );
      return taken > maxItems ? null : new Map([...hours].filter(([hour]) => hour >= from && hour < to));
    },
  };
}

/** Adds up what stands in the pages, as long as `fits` says so of each one's length. */
async function addUp(
  hours: Map<number, Counters>,
  pages: AsyncIterable<Item[]>,
  fits: (count: number) => boolean,
): Promise<void> {
  for await (const items of pages) {
    if (!fits(items.length)) return;
    for (const { sk, counters } of items.map(parseStats)) {
      const hour = parseStatsHour(sk);
      hours.set(hour, mergeCounters([hours.get(hour) ?? {}, counters]));
    }
  }
}

const FoldedItem = z.object({ foldedThrough: z.string() });

const StatsItem = z
  .object({ pk: z.string(), sk: z.string(), v: z.literal(1), expiresAt: z.number(), foldedThrough: z.string() })
  .catchall(z.number());

export function parseStats(item: Item): { sk: string; counters: Counters } {
  const {
    pk: _pk,
    sk,
    v: _v,
    expiresAt: _expiresAt,
    foldedThrough: _foldedThrough,
    ...counters
  } = StatsItem.parse(item);
  return { sk, counters };
}

/** Names would take a third of a record. */
const CountedTuple = z.tuple([z.string(), z.string(), z.record(z.string(), z.int())]);
const toTuple = ({ tenantId, subscriptionId, counters }: CountedSubscription): z.infer<typeof CountedTuple> => [
  tenantId,
  subscriptionId,
  { ...counters },
];
const RecordItem = z.object({
  sk: z.string(),
  counted: PackedText.transform((text): unknown => JSON.parse(text)).pipe(z.array(CountedTuple)),
});

function parseRecord(item: Item): StatsRecord {
  const { sk, counted } = RecordItem.parse(item);
  return {
    position: sk,
    at: parseStatsRecordTime(sk),
    counted: counted.map(([tenantId, subscriptionId, counters]) => ({ tenantId, subscriptionId, counters })),
  };
}
