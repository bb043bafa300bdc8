import * as z from 'zod';
import type { Tables } from './client.ts';
import { changeKey, changePartition, parseChangeKey } from './keys.ts';

/*
 * Which subscriptions are written, on record before they are. Whoever keeps subscriptions asks for those that were written
 * since, instead of reading all of them again.
 */

/**
 * A write that was announced has had its effect by then, or never will: it follows at once, a request to the API has 30 seconds,
 * and clocks differ by a few.
 */
const SETTLED_AFTER_MS = 90_000;
/** A record is of use while somebody keeps what was read before it: for five minutes. An hour is well beyond that. */
const KEEP_SECONDS = 60 * 60;
/** A hundred bytes each: as many as a tenant has subscriptions by default. */
const MAX_RECORDS = 1_000;

const Found = z.object({ sk: z.string() });

/** A write that was announced. */
export interface AnnouncedChange {
  id: string;
  /** Which revision of the subscription it makes, if it has its effect; null for one that deletes it. */
  revision: number | null;
}

export interface SubscriptionChanges {
  /** To be called before a subscription is written or deleted. */
  announce(tenantId: string, change: AnnouncedChange): Promise<void>;
  /**
   * What may have been written after what was read at that time (epoch milliseconds, by the reader's clock). Null if it is
   * too much.
   */
  since(tenantId: string, readAt: number): Promise<AnnouncedChange[] | null>;
}

export function createSubscriptionChanges(
  { documents, journalTable }: Pick<Tables, 'documents' | 'journalTable'>,
  now: () => number,
): SubscriptionChanges {
  return {
    async announce(tenantId, { id, revision }) {
      const at = now();
      const expiresAt = Math.floor(at / 1_000) + KEEP_SECONDS;
      await documents.putItem({
        TableName: journalTable,
        Item: { ...changeKey(tenantId, id, revision, at), expiresAt },
      });
    },

    async since(tenantId, readAt) {
      const { Items, LastEvaluatedKey } = await documents.query({
        TableName: journalTable,
        KeyConditionExpression: 'pk = :pk AND sk >= :from',
        ConsistentRead: true,
        ProjectionExpression: 'sk',
        ExpressionAttributeValues: {
          ':pk': changePartition(tenantId),
          ':from': new Date(readAt - SETTLED_AFTER_MS).toISOString(),
        },
        Limit: MAX_RECORDS,
      });
      if (LastEvaluatedKey !== undefined) return null;
      return Items.map((item) => parseChangeKey(Found.parse(item).sk));
    },
  };
}
