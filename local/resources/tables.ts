import { isDeepStrictEqual } from 'node:util';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  paginateScan,
  ResourceNotFoundException,
  type TableDescription,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { StartError } from '../errors.ts';
import { arn, nameOf } from '../template/names.ts';
import type { ResourceType } from '../template/resource-type.ts';
import type { Resource } from '../template/stack.ts';

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

export const TABLE = {
  type: 'AWS::DynamoDB::GlobalTable',
  schema: z.strictObject({
    KeySchema: keySchema,
    AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N']) })),
    GlobalSecondaryIndexes: z.array(
      z.strictObject({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.strictObject({ ProjectionType: z.enum(['ALL', 'KEYS_ONLY']) }),
      }),
    ),
    TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }).optional(),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    Replicas: z.array(z.unknown()).max(1, 'tables in several regions are not emulated'),
  }),
  withoutMeaning: ['SSESpecification'],
  attributes(id, naming) {
    const name = nameOf(id, naming);
    return { ref: name, Arn: arn('dynamodb', `table/${name}`) };
  },
} satisfies ResourceType;

export type Table = Pick<Resource<typeof TABLE.schema>, 'name' | 'properties'>;

/** Creates the tables. A table whose keys or indexes have changed since is an error: on disk they cannot follow. */
export async function provisionTables(dynamodb: DynamoDBClient, tables: readonly Table[]): Promise<void> {
  await Promise.all(
    tables.map(async ({ name, properties }) => {
      const existing = await describe(dynamodb, name);
      if (existing) return assertSameShape(name, existing, properties);
      const { TimeToLiveSpecification, Replicas, ...shape } = properties;
      await dynamodb.send(new CreateTableCommand({ TableName: name, ...shape }));
      const wait = { client: dynamodb, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.02 };
      await waitUntilTableExists(wait, { TableName: name });
    }),
  );
}

function assertSameShape(name: string, existing: TableDescription, properties: Table['properties']): void {
  if (isDeepStrictEqual(shapeOf(existing), shapeOf(properties))) return;
  throw new StartError(
    `The table ${name} in the state folder has other keys or indexes than this version's. Start anew with --fresh, or keep the state with --state OTHER-FOLDER.`,
  );
}

/** Keys and indexes, in sets: in which order they are listed does not count. */
function shapeOf(
  table: Pick<TableDescription, 'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'>,
): Set<unknown>[] {
  const indexes = table.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => [
    IndexName,
    KeySchema,
    Projection,
  ]);
  return [new Set(table.KeySchema), new Set(table.AttributeDefinitions), new Set(indexes)];
}

async function describe(dynamodb: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await dynamodb.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/**
 * Time to live, which the emulator has not.
 * @param signal aborted: deletes no more
 */
export async function deleteExpired(
  dynamodb: DynamoDBClient,
  tables: readonly Table[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { name, properties } of tables) {
    if (!properties.TimeToLiveSpecification) continue;
    const keys = properties.KeySchema.map((key, index) => [`#${index}`, key.AttributeName] as const);
    const query = {
      TableName: name,
      FilterExpression: '#ttl < :now',
      ProjectionExpression: keys.map(([placeholder]) => placeholder).join(', '),
      ExpressionAttributeNames: {
        '#ttl': properties.TimeToLiveSpecification.AttributeName,
        ...Object.fromEntries(keys),
      },
      ExpressionAttributeValues: { ':now': { N: String(Math.floor(Date.now() / 1000)) } },
    };
    for await (const { Items = [] } of paginateScan({ client: dynamodb }, query)) {
      if (signal?.aborted) return;
      for (const Key of Items) await dynamodb.send(new DeleteItemCommand({ TableName: name, Key }));
    }
  }
}
