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
/** So many can be read again by one call. */
const MAX_CHANGES = 100;

const Found = z.object({ sk: z.string() });

export interface SubscriptionChanges {
  /** To be called before a subscription is written or deleted. */
  announce(tenantId: string, subscriptionId: string): Promise<void>;
  /**
   * The subscriptions that may be different from what was read at that time (epoch milliseconds, by the reader's clock).
   * Null if they are too many.
   */
  since(tenantId: string, readAt: number): Promise<string[] | null>;
}

export function createSubscriptionChanges(
  { documents, journalTable }: Pick<Tables, 'documents' | 'journalTable'>,
  now: () => number,
): SubscriptionChanges {
  return {
    async announce(tenantId, subscriptionId) {
      const at = now();
      const expiresAt = Math.floor(at / 1_000) + KEEP_SECONDS;
      await documents.putItem({
        TableName: journalTable,
        Item: { ...changeKey(tenantId, subscriptionId, at), expiresAt },
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
        Limit: MAX_CHANGES,
      });
      if (LastEvaluatedKey !== undefined) return null;
      return [...new Set(Items.map((item) => parseChangeKey(Found.parse(item).sk)))];
    },
  };
}
