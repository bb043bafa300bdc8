import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { DueStore } from '../../core/delivery/due-store.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { createConditionalWrites } from './conditional-write.ts';
import { parseDelivery } from './deliveries.ts';
import { duePartitions } from './keys.ts';

/** How many entries one page has. */
const DUE_PAGE = 100;

const DueIndexEntry = z.object({ pk: z.string(), sk: z.string(), dueAt: z.number() });

/** The journal's deliveries that wait for something, by when it is due. */
export function createDueDeliveries(tables: Pick<Tables, 'client' | 'journalTable' | 'newWriteId'>): DueStore {
  const { client, journalTable } = tables;
  const writes = createConditionalWrites(tables, journalTable);
  return {
    shards: duePartitions(),

    async listDueDeliveries(shard, now) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: journalTable,
          IndexName: INDEXES.journalDue.name,
          KeyConditionExpression: 'duePk = :pk AND dueAt <= :now',
          ExpressionAttributeValues: { ':pk': shard, ':now': now },
          Limit: DUE_PAGE,
        }),
      );
      return Items.map((item) => {
        const { pk, sk, dueAt } = DueIndexEntry.parse(item);
        return { key: { pk, sk }, dueAt };
      });
    },

    async leaseDelivery({ key, dueAt }, until) {
      const leased = await writes.updateIf(
        key,
        { set: 'dueAt = :until', add: 'ticket :one, revision :one', values: { ':until': until, ':one': 1 } },
        { expression: 'dueAt = :seen', values: { ':seen': dueAt } },
      );
      return leased === null ? null : parseDelivery(leased);
    },
  };
}
