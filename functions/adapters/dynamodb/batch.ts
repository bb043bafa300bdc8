import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { PartialFailure } from '../../core/partial-failure.ts';
import { isAnswerLost, isAwsError } from '../aws/calls.ts';
import type { Tables } from './client.ts';
import { ABSENT, createConditionalWrites } from './conditional-write.ts';
import { type Item, type Key, type KeyedItem, keyText } from './keys.ts';
import { fromWire, toWire, WireItem } from './wire.ts';

/** DynamoDB's limits for one call. */
const MAX_KEYS = 100;
const MAX_WRITES = 25;
/** A batch of 25 full items can pass the 16 MB that a call may carry; ours are at most 400 KB. */
const MAX_ROUNDS = 8;

/**
 * Items by table, in no order, each once, without those that do not exist. Asks again for what a throttled table left
 * out.
 */
export async function batchGet(
  tables: Calls,
  keys: Record<string, readonly Key[]>,
  consistent: boolean,
): Promise<Record<string, Item[]>> {
  const found: Record<string, Item[]> = {};
  const wanted = Object.entries(keys).flatMap(([table, ofTable]) => distinct(ofTable).map((key) => ({ table, key })));
  for (let start = 0; start < wanted.length; start += MAX_KEYS) {
    let pending: GetRequests = {};
    for (const { table, key } of wanted.slice(start, start + MAX_KEYS)) {
      pending[table] ??= { Keys: [], ConsistentRead: consistent };
      pending[table].Keys.push(key);
    }
    for (let round = 0; Object.keys(pending).length > 0; round += 1) {
      await pauseBefore(round, 'BatchGetItem');
      const answer = await getOnce(tables, pending);
      for (const [table, items] of Object.entries(answer.items)) found[table] = [...(found[table] ?? []), ...items];
      pending = answer.left;
    }
  }
  return found;
}

/** BatchGetItem refuses to be asked for one key twice. */
function distinct(keys: readonly Key[]): Key[] {
  return [...new Map(keys.map((key) => [keyText(key), key])).values()];
}

type GetRequests = Record<string, { Keys: Key[]; ConsistentRead: boolean }>;

async function getOnce(
  { call }: Calls,
  requests: GetRequests,
): Promise<{ items: Record<string, Item[]>; left: GetRequests }> {
  const wire = mapValues(requests, ({ Keys, ConsistentRead }) => ({ Keys: Keys.map(toWire), ConsistentRead }));
  const { Responses, UnprocessedKeys } = Got.parse(await call('BatchGetItem', { RequestItems: wire }));
  return {
    items: mapValues(Responses, (items) => items.map(fromWire)),
    left: mapValues(UnprocessedKeys, ({ Keys }, table) => ({
      Keys: Keys.map((key) => KeySchema.parse(fromWire(key))),
      ConsistentRead: requests[table]?.ConsistentRead ?? true,
    })),
  };
}

type Calls = Pick<Tables, 'call'>;
type BatchTables = Pick<Tables, 'call' | 'documents' | 'newWriteId'>;

/** Something to be put, and its item. */
interface Pending<T> {
  thing: T;
  item: KeyedItem;
}

/** Why a thing was not written. */
type Failures<T> = Map<T, unknown>;

/**
 * Puts new things into one table. Tries each; rejects with a `PartialFailure` unless all are written. A call whose answer was lost
 * is not repeated as it is: that would overwrite what others have made of its items since. Each that is not there goes alone then.
 * @param isIt whether an item of the same key is the thing, whatever it has become; always, if not given
 */
export async function batchPut<T>(
  tables: BatchTables,
  table: string,
  things: readonly T[],
  toItem: (thing: T) => KeyedItem,
  isIt: (item: Item, thing: T) => boolean = () => true,
): Promise<void> {
  const writes = createConditionalWrites(tables, table);
  const failures: Failures<T> = new Map();
  for (let start = 0; start < things.length; start += MAX_WRITES) {
    const chunk = things.slice(start, start + MAX_WRITES).map((thing) => ({ thing, item: toItem(thing) }));
    await putChunk({ tables, table, failures, putAlone }, chunk);
  }
  const unwritten = things.filter((thing) => failures.has(thing));
  const [first] = unwritten;
  if (first !== undefined) throw new PartialFailure(unwritten, things.length, failures.get(first));

  async function putAlone({ thing, item }: Pending<T>): Promise<void> {
    if (await writes.putIf(item, ABSENT)) return;
    const { pk, sk } = item;
    const found = await tables.documents.getItem({ TableName: table, Key: { pk, sk }, ConsistentRead: true });
    if (found === undefined || !isIt(found, thing)) throw new AnotherItemError();
  }
}

interface PutOptions<T> {
  tables: Calls;
  table: string;
  failures: Failures<T>;
  putAlone: (one: Pending<T>) => Promise<void>;
}

/** Never throws: what could not be written is noted in `failures`. */
async function putChunk<T>(options: PutOptions<T>, chunk: readonly Pending<T>[]): Promise<void> {
  const { tables, table, failures, putAlone } = options;
  let pending = chunk;
  try {
    for (let round = 0; pending.length > 0; round += 1) {
      await pauseBefore(round, 'BatchWriteItem');
      const left = await putOnce(
        tables,
        table,
        pending.map(({ item }) => item),
      );
      const keys = new Set(left.map(keyText));
      pending = pending.filter(({ item }) => keys.has(keyText(item)));
    }
  } catch (error) {
    if (isAnswerLost(error)) {
      await Promise.all(
        pending.map((one) => putAlone(one).catch((failure: unknown) => void failures.set(one.thing, failure))),
      );
    } else if (pending.length > 1 && isRefusal(error)) {
      for (const one of pending) await putChunk(options, [one]);
    } else {
      for (const { thing } of pending) failures.set(thing, error);
    }
  }
}

/** DynamoDB refuses a whole call for one item that is too large. */
function isRefusal(error: unknown): boolean {
  return isAwsError(error, 'ValidationException');
}

/** Returns the items that were left out. */
async function putOnce({ call }: Calls, table: string, items: readonly Item[]): Promise<Item[]> {
  const wire = { [table]: items.map((item) => ({ PutRequest: { Item: toWire(item) } })) };
  const { UnprocessedItems } = Put.parse(await call('BatchWriteItem', { RequestItems: wire }, { repeatsLost: false }));
  return (UnprocessedItems[table] ?? []).map(({ PutRequest }) => fromWire(PutRequest.Item));
}

const KeySchema = z.object({ pk: z.string(), sk: z.string() });
const Got = z.object({
  Responses: z.record(z.string(), z.array(WireItem)).default({}),
  UnprocessedKeys: z.record(z.string(), z.object({ Keys: z.array(WireItem) })).default({}),
});
const Put = z.object({
  UnprocessedItems: z.record(z.string(), z.array(z.object({ PutRequest: z.object({ Item: WireItem }) }))).default({}),
});

function mapValues<T, U>(record: Record<string, T>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
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

/** Another writer's item has the key, and not what was to be written: to write over it would undo that. */
class AnotherItemError extends Error {
  readonly code = 'another_item';
  constructor() {
    super('The answer of a write was lost, and another item is there now.');
  }
}
