import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Tables } from './client.ts';
import { isConditionFailure } from './conditional-write.ts';
import { forgottenAnswersKey, idempotencyKey } from './keys.ts';

/** As long as an Idempotency-Key is remembered (Stripe remembers its own for 24 hours, too). */
const REMEMBER_SECONDS = 86_400;
/** Past this a request does not run any more: the API's own limit is 30 seconds. */
const RUNNING_MS = 60_000;
/** An item may have 400 KB in all (DynamoDB's limit), names and keys included. */
const MAX_ANSWER_BYTES = 390_000;

/** One run of a request. */
const Run = z.object({
  fingerprint: z.string(),
  writeId: z.string(),
  /** When the first run of the same request began, epoch milliseconds. */
  begunAt: z.number(),
});
type Run = z.infer<typeof Run>;

const Forgotten = z.object({ forgottenAt: z.number() });

const StoredRequest = Run.extend({
  state: z.enum(['running', 'failed', 'done']),
  /** Null while it runs, and when the answer could not be kept. */
  answer: z.string().nullable(),
  runsUntil: z.number(),
});
type StoredRequest = z.infer<typeof StoredRequest>;

export type Begun =
  /** The other methods want its `run`. `isRepeated`: the same request ran before, and failed, maybe half-way. */
  | { kind: 'new'; run: Run; isRepeated: boolean }
  /** The first request is still being worked on. */
  | { kind: 'running' }
  /** The key came with another request before. */
  | { kind: 'different' }
  | { kind: 'answered'; answer: string }
  /** The first request was carried out, or was interrupted after it began; what it was answered is not kept. */
  | { kind: 'answer_lost' };

/**
 * Remembers the answers to requests that carry an Idempotency-Key. Answers are given sealed: they can hold secrets.
 *
 * A request that has begun is never begun again under its key, unless it says itself that it failed (`fail`). One that
 * does not report its end (a crash, a throttled table, an answer too large for an item) counts as done once it cannot run
 * any more.
 */
export type Idempotency = ReturnType<typeof createIdempotency>;

export function createIdempotency(
  { documents, journalTable }: Pick<Tables, 'documents' | 'journalTable'>,
  now: () => number,
) {
  const put = (key: string, request: Omit<StoredRequest, 'runsUntil'>, condition: object = {}) =>
    documents.putItem({
      TableName: journalTable,
      Item: {
        ...idempotencyKey(key),
        v: 1,
        ...request,
        runsUntil: now() + RUNNING_MS,
        expiresAt: Math.floor(now() / 1_000) + REMEMBER_SECONDS,
      },
      ...condition,
    });
  const ifWrittenBy = (writeId: string) => ({
    ConditionExpression: 'writeId = :writeId',
    ExpressionAttributeValues: { ':writeId': writeId },
  });

  async function read(key: string): Promise<StoredRequest | null> {
    const item = await documents.getItem({ TableName: journalTable, Key: idempotencyKey(key), ConsistentRead: true });
    return item === undefined ? null : StoredRequest.parse(item);
  }

  /** Frees the key of a run that failed: for the same request, which is a repetition then, and for any other. */
  async function fail(key: string, run: Run): Promise<void> {
    try {
      await put(key, { ...run, state: 'failed', answer: null }, ifWrittenBy(run.writeId));
    } catch {
      // The caller has to see why its request failed, not this. Its key stays used.
    }
  }

  /** Gives false if the condition does not hold. */
  async function start(key: string, run: Run, condition: object): Promise<boolean> {
    try {
      await put(key, { ...run, state: 'running', answer: null }, condition);
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      // The write may have had its effect all the same, and nothing has been done under it.
      await fail(key, run);
      throw error;
    }
  }

  /** Runs a request again, or another one, after a run that failed or is forgotten. */
  async function startAfter(key: string, fingerprint: string, before: Run, isRepeated: boolean): Promise<Begun> {
    const run = { fingerprint, writeId: randomUUID(), begunAt: isRepeated ? before.begunAt : now() };
    const isOurs = (await start(key, run, ifWrittenBy(before.writeId))) || (await read(key))?.writeId === run.writeId;
    return isOurs ? { kind: 'new', run, isRepeated } : { kind: 'running' };
  }

  /** Whether a tenant of this name was deleted since. */
  async function isForgotten(tenantId: string | null, { begunAt }: Run): Promise<boolean> {
    if (tenantId === null) return false;
    const Key = forgottenAnswersKey(tenantId);
    const item = await documents.getItem({ TableName: journalTable, Key, ConsistentRead: true });
    return item !== undefined && begunAt < Forgotten.parse(item).forgottenAt;
  }

  return {
    fail,

    /** What the tenant's requests until now were answered is about things that go with it. */
    async forgetAnswers(tenantId: string): Promise<void> {
      await documents.putItem({
        TableName: journalTable,
        Item: {
          ...forgottenAnswersKey(tenantId),
          v: 1,
          forgottenAt: now(),
          expiresAt: Math.floor(now() / 1_000) + REMEMBER_SECONDS,
        },
      });
    },

    /**
     * @param key a hash of the caller, its path and its key
     * @param fingerprint a hash of the request
     * @param tenantId whose request it is; null if it is about no tenant
     */
    async begin(key: string, fingerprint: string, tenantId: string | null): Promise<Begun> {
      const run = { fingerprint, writeId: randomUUID(), begunAt: now() };
      // The TTL removes items late, so one that has ended can still be there.
      const isFree = {
        ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
        ExpressionAttributeValues: { ':now': Math.floor(now() / 1_000) },
      };
      if (await start(key, run, isFree)) return { kind: 'new', run, isRepeated: false };
      const stored = await read(key);
      // Removed in between.
      if (stored === null) return { kind: 'running' };
      // The write had its effect, and only its answer was lost: the call was repeated against our own item.
      if (stored.writeId === run.writeId) return { kind: 'new', run, isRepeated: false };
      const isRunning = stored.state === 'running' && stored.runsUntil > now();
      if (!isRunning && (await isForgotten(tenantId, stored))) return startAfter(key, fingerprint, stored, false);
      if (stored.state === 'failed') return startAfter(key, fingerprint, stored, stored.fingerprint === fingerprint);
      if (stored.fingerprint !== fingerprint) return { kind: 'different' };
      if (stored.answer !== null) return { kind: 'answered', answer: stored.answer };
      return isRunning ? { kind: 'running' } : { kind: 'answer_lost' };
    },

    /**
     * Keeps the answer. When it cannot be kept, a smaller write says that the request was carried out. Never throws.
     * @param answer null if there is none to keep
     */
    async complete(key: string, run: Run, answer: string | null): Promise<void> {
      const done = { ...run, state: 'done' } as const;
      try {
        if (answer !== null && answer.length <= MAX_ANSWER_BYTES) {
          await put(key, { ...done, answer });
          return;
        }
      } catch {
        // Throttled, or away. The small write below takes less of the table; the caller gets its answer in any case.
      }
      try {
        await put(key, { ...done, answer: null });
      } catch {
        // The item says `running`, which counts as done once it has lapsed.
      }
    },
  };
}
