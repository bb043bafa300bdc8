import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  BatchWriteCommand,
  type BatchWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Tables } from './client.ts';
import type { Item, Key } from './keys.ts';

/** DynamoDB's limits for one call. */
const MAX_KEYS = 100;
const MAX_WRITES = 25;
/** A batch of 25 full items can pass the 16 MB that a call may carry; ours are at most 400 KB. */
const MAX_ROUNDS = 8;

/** Items by table, in no order, without those that do not exist. Asks again for what a throttled table left out. */
export async function batchGet(
  tables: Tables,
  keys: Record<string, readonly Key[]>,
  consistent: boolean,
): Promise<Record<string, Item[]>> {
  const found: Record<string, Item[]> = {};
  const wanted = Object.entries(keys).flatMap(([table, ofTable]) => ofTable.map((key) => ({ table, key })));
  for (let start = 0; start < wanted.length; start += MAX_KEYS) {
    let pending: BatchGetCommandInput['RequestItems'] = {};
    for (const { table, key } of wanted.slice(start, start + MAX_KEYS)) {
      pending[table] ??= { Keys: [], ConsistentRead: consistent };
      pending[table].Keys?.push(key);
    }
    for (let round = 0; pending !== undefined && Object.keys(pending).length > 0; round += 1) {
      await pauseBefore(round, 'BatchGetItem');
      const answer: BatchGetCommandOutput = await tables.client.send(new BatchGetCommand({ RequestItems: pending }));
      for (const [table, items] of Object.entries(answer.Responses ?? {}))
        found[table] = [...(found[table] ?? []), ...items];
      pending = answer.UnprocessedKeys;
    }
  }
  return found;
}

/** Puts items of one table. Not atomic: some may be written when it rejects. */
export async function batchPut(tables: Tables, table: string, items: readonly Item[]): Promise<void> {
  for (let start = 0; start < items.length; start += MAX_WRITES) {
    let pending: BatchWriteCommandInput['RequestItems'] = {
      [table]: items.slice(start, start + MAX_WRITES).map((Item) => ({ PutRequest: { Item } })),
    };
    for (let round = 0; pending !== undefined && Object.keys(pending).length > 0; round += 1) {
      await pauseBefore(round, 'BatchWriteItem');
      pending = (await tables.client.send(new BatchWriteCommand({ RequestItems: pending }))).UnprocessedItems;
    }
  }
}

async function pauseBefore(round: number, operation: string): Promise<void> {
  if (round === 0) return;
  if (round === MAX_ROUNDS) throw new StoreBusyError(operation);
  await sleep(Math.min(50 * 2 ** round, 2_000) * (0.5 + Math.random() / 2));
}

/** The table took only part of a batch, again and again. The work can be repeated later. */
export class StoreBusyError extends Error {
  readonly code = 'store_busy';
  constructor(operation: string) {
    super(`DynamoDB left ${operation} unprocessed ${MAX_ROUNDS} times: the table is throttled`);
  }
}
