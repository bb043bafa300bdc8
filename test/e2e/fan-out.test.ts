import { BatchWriteItemCommand, DynamoDBClient, ListTablesCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

/** Pages of subscriptions, batches of messages and pages of deliveries: several of each. */
const SUBSCRIPTIONS = 3_000;

// The least time that ingest may have. Whether it is enough depends on the machine; that another invocation goes on from the
// cursor is held by test/core/ingest and by the worlds of test/faults.
const system = useSystem({ context: { functions: '{"ingest":{"timeoutSeconds":15}}' } });

test(`one event reaches ${SUBSCRIPTIONS} subscriptions, once each`, { timeout: 240_000 }, async () => {
  const { tenant, path } = scene('fan-out');
  const first = await system().subscribe(tenant, path, { profile: 'staffology', eventTypes: ['Payrun_Finalised'] });
  await copySubscription(tenant, first.id, SUBSCRIPTIONS - 1);
  const eventId = await system().publish(tenant, { type: 'Payrun_Finalised', data: { id: 1 } });
  await eventually(async () => expect((await system().received(path)).total).toBe(SUBSCRIPTIONS), 120_000);
  await eventually(async () => {
    const deliveries = await system().deliveriesOf(tenant, eventId);
    const succeeded = deliveries.filter(({ status }) => status === 'succeeded');
    expect(new Set(succeeded.map(({ subscriptionId }) => subscriptionId)).size).toBe(SUBSCRIPTIONS);
  });
  expect((await system().received(path)).total).toBe(SUBSCRIPTIONS);
});

/** Writes copies straight into the table: thousands of requests would take longer than what is tested. This profile has no secrets, which could not be copied. */
async function copySubscription(tenant: string, id: string, count: number): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: system().endpoints.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const table = TableNames.find((name) => name.includes('Catalog')) ?? '';
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': { S: `T#${tenant}` }, ':sk': { S: id } },
    }),
  );
  expect(Items).toHaveLength(1);
  const copies = Array.from({ length: count }, () => ({ S: `sub_${ulid()}` })).map((copy) => ({
    PutRequest: { Item: { ...Items[0], sk: copy, id: copy } },
  }));
  while (copies.length > 0) {
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: copies.splice(0, 25) } }));
  }
  client.destroy();
}
