import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Tables } from './client.ts';
import { idempotencyKey } from './keys.ts';

/** As long as an Idempotency-Key is remembered (Stripe remembers its own for 24 hours, too). */
const REMEMBER_SECONDS = 86_400;
/** Past this a request that has not answered has crashed: the API's own limit is 30 seconds. */
const RUNNING_MS = 60_000;

const StoredRequest = z.object({ fingerprint: z.string(), answer: z.string().nullable(), runsUntil: z.number() });

export type Begun =
  | { kind: 'new' }
  /** The first request is still being worked on. */
  | { kind: 'running' }
  /** The key came with another request before. */
  | { kind: 'different' }
  | { kind: 'answered'; answer: string };

/** Remembers the answers to requests that carry an Idempotency-Key. Answers are given sealed: they can hold secrets. */
export type Idempotency = ReturnType<typeof createIdempotency>;

export function createIdempotency(
  { client, journalTable }: Pick<Tables, 'client' | 'journalTable'>,
  now: () => number,
) {
  const item = (key: string, fingerprint: string, answer: string | null) => ({
    ...idempotencyKey(key),
    v: 1,
    fingerprint,
    answer,
    runsUntil: now() + RUNNING_MS,
    expiresAt: Math.floor(now() / 1_000) + REMEMBER_SECONDS,
  });

  return {
    /**
     * @param key a hash of the caller and its key
     * @param fingerprint a hash of the request
     */
    async begin(key: string, fingerprint: string): Promise<Begun> {
      try {
        await client.send(
          new PutCommand({
            TableName: journalTable,
            Item: item(key, fingerprint, null),
            ConditionExpression:
              'attribute_not_exists(pk) OR expiresAt <= :now OR (attribute_type(answer, :null) AND runsUntil <= :nowMs)',
            ExpressionAttributeValues: { ':now': Math.floor(now() / 1_000), ':nowMs': now(), ':null': 'NULL' },
          }),
        );
        return { kind: 'new' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      const { Item } = await client.send(
        new GetCommand({ TableName: journalTable, Key: idempotencyKey(key), ConsistentRead: true }),
      );
      // Removed in between: the first request failed, and this one may be repeated.
      if (Item === undefined) return { kind: 'running' };
      const stored = StoredRequest.parse(Item);
      if (stored.fingerprint !== fingerprint) return { kind: 'different' };
      return stored.answer === null ? { kind: 'running' } : { kind: 'answered', answer: stored.answer };
    },

    async complete(key: string, fingerprint: string, answer: string): Promise<void> {
      await client.send(new PutCommand({ TableName: journalTable, Item: item(key, fingerprint, answer) }));
    },

    /** Forgets a request that failed by our fault, so that it can be repeated. */
    async forget(key: string): Promise<void> {
      await client.send(new DeleteCommand({ TableName: journalTable, Key: idempotencyKey(key) }));
    },
  };
}
