import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AwsCall, createCalls } from '../../functions/adapters/aws/calls.ts';
import { startDynamoDb } from '../../local/emulators/dynamodb.ts';
import type { Emulator } from '../../local/emulators/sqs.ts';
import { provisionTables, TABLE } from '../../local/resources/tables.ts';
import { CREDENTIALS } from '../../testing/queues.ts';

let emulator: Emulator;
let dynamodb: AwsCall;

beforeAll(async () => {
  emulator = await startDynamoDb({ port: 0 });
  dynamodb = createCalls('dynamodb', { ...CREDENTIALS, endpoint: () => emulator.url });
});
afterAll(async () => {
  await emulator.close();
});

/** A table with an index on each of these attributes, in this order. */
function tableWith(name: string, ...indexed: string[]) {
  const properties = TABLE.schema.parse({
    BillingMode: 'PAY_PER_REQUEST',
    Replicas: [],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: ['pk', ...indexed].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: indexed.map((AttributeName) => ({
      IndexName: `by-${AttributeName}`,
      KeySchema: [{ AttributeName, KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    })),
  });
  return [{ name, properties }];
}

test('a table that is there is kept, in whichever order the stack lists its indexes', async () => {
  await provisionTables(dynamodb, tableWith('kept', 'a', 'b', 'c'));
  for (const order of [
    ['a', 'b', 'c'],
    ['c', 'b', 'a'],
    ['b', 'a', 'c'],
  ]) {
    await expect(provisionTables(dynamodb, tableWith('kept', ...order))).resolves.toBeUndefined();
  }
});

test('a table that has other indexes is refused', async () => {
  await provisionTables(dynamodb, tableWith('changed', 'a'));
  await expect(provisionTables(dynamodb, tableWith('changed', 'a', 'b'))).rejects.toThrow('other keys or indexes');
});
