import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Delivery } from '../../core/delivery/delivery.ts';
import type { DueEntry, SweepStore } from '../../core/delivery/sweep.ts';
import { INDEXES } from '../../names.ts';
import type { Tables } from './client.ts';
import { parseDelivery } from './items.ts';
import { duePartitions } from './keys.ts';

/** How many entries one step of a sweep takes. */
const STEP = 100;

const DueIndexEntry = z.object({ pk: z.string(), sk: z.string(), dueAt: z.number() });

/** The journal's deliveries that wait for something, by when it is due. */
export function createDueIndex({ client, journalTable }: Pick<Tables, 'client' | 'journalTable'>): SweepStore {
  return {
    shards: duePartitions(),

    async listDue(shard: string, now: number): Promise<DueEntry[]> {
      const answer = await client.send(
        new QueryCommand({
          TableName: journalTable,
          IndexName: INDEXES.journalDue.name,
          KeyConditionExpression: 'duePk = :pk AND dueAt <= :now',
          ExpressionAttributeValues: { ':pk': shard, ':now': now },
          Limit: STEP,
        }),
      );
      return (answer.Items ?? []).map((item) => {
        const { pk, sk, dueAt } = DueIndexEntry.parse(item);
        return { key: { pk, sk }, dueAt };
      });
    },

    async lease({ key, dueAt }: DueEntry, until: number): Promise<Delivery | null> {
      try {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName: journalTable,
            Key: key,
            UpdateExpression: 'SET dueAt = :until ADD ticket :one, revision :one',
            ConditionExpression: 'dueAt = :seen',
            ExpressionAttributeValues: { ':until': until, ':seen': dueAt, ':one': 1 },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return Attributes === undefined ? null : parseDelivery(Attributes);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return null;
        throw error;
      }
    },
  };
}
