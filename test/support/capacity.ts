import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { LeanCall } from '../../functions/adapters/aws/lean-call.ts';
import { INDEXES } from '../../functions/names.ts';

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
export function meter(dynamodb: DynamoDBClient, sqs: SQSClient) {
  const usage: Usage = { calls: [], writeUnits: 0, readUnits: 0 };
  dynamodb.middlewareStack.add(
    (next, context) => async (args) => {
      const name = String(context.commandName).replace(/Command$/, '');
      usage.calls.push(name);
      Object.assign(args.input, { ReturnConsumedCapacity: 'INDEXES' });
      const result = await next(args);
      countUnits(usage, name, args.input, result.output);
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
  /** Calls that go round the SDK, as long as they are not left to it. */
  const metered =
    (lean: LeanCall): LeanCall =>
    async (operation, input) => {
      const isSqs = operation.startsWith('SendMessage');
      const asked = isSqs ? input : { ...Object(input), ReturnConsumedCapacity: 'INDEXES' };
      const answer = await lean(operation, asked);
      if (answer === null) return null;
      usage.calls.push(operation);
      if (!isSqs) countUnits(usage, operation, Object(input), answer);
      return answer;
    };
  return {
    metered,
    usage,
    reset: () => Object.assign(usage, { calls: [], writeUnits: 0, readUnits: 0 }),
  };
}

function countUnits(usage: Usage, operation: string, input: object, answer: unknown): void {
  const units = tableUnits(Reflect.get(Object(answer), 'ConsumedCapacity'));
  if (/^Put|Write|Update|Delete/.test(operation)) usage.writeUnits += units + indexEntries(input);
  else usage.readUnits += units;
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
