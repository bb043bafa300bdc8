import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { INDEXES } from '../../functions/contract.ts';

export interface Usage {
  /** Names of the calls, in their order: `BatchGetItem`, `SendMessageBatch`. */
  calls: string[];
  writeUnits: number;
  readUnits: number;
}

/**
 * Counts calls, and the capacity that DynamoDB says the tables took. The emulator does not count what their indexes take,
 * so that is added here: one unit for each entry that a put makes (index entries of ours are far below 1 KB).
 */
export function meter(dynamodb: DynamoDBClient, sqs: SQSClient): { usage: Usage; reset: () => void } {
  const usage: Usage = { calls: [], writeUnits: 0, readUnits: 0 };
  dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const name = String(context.commandName).replace(/Command$/, '');
      usage.calls.push(name);
      Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
      const result = await next(args);
      const units = tableUnits(Reflect.get(Object(result.output), 'ConsumedCapacity'));
      if (/^Put|Write|Update|Delete/.test(name)) usage.writeUnits += units + indexEntries(args.input);
      else usage.readUnits += units;
      return result;
    },
    { step: 'initialize', name: 'meter' },
  );
  sqs.middlewareStack.add(
    (next, context) => (args) => {
      usage.calls.push(String(context.commandName).replace(/Command$/, ''));
      return next(args);
    },
    { step: 'initialize', name: 'meter' },
  );
  return {
    usage,
    reset: () => Object.assign(usage, { calls: [], writeUnits: 0, readUnits: 0 }),
  };
}

function tableUnits(consumed: unknown): number {
  const all: unknown[] = Array.isArray(consumed) ? consumed : [consumed];
  return all.reduce<number>((sum, one) => {
    const table = Reflect.get(Object(one), 'Table') ?? one;
    return sum + Number(Reflect.get(Object(table), 'CapacityUnits') ?? 0);
  }, 0);
}

/** How many index entries the items of a put make: an index holds what has both of its attributes. */
function indexEntries(input: object): number {
  const items = itemsOf(input);
  // The Catalog's list index has the same attributes as the journal's.
  const indexes = [INDEXES.journalList, INDEXES.journalDue];
  return indexes.reduce(
    (sum, { partition, sort }) => sum + items.filter((item) => partition in item && sort in item).length,
    0,
  );
}

function itemsOf(input: unknown): object[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) => (name === 'Item' ? [Object(value)] : itemsOf(value)));
}
