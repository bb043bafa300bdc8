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
import { messageOf, StartError } from '../errors.ts';
import { arn, nameOf } from '../template/names.ts';
import type { ResourceType } from '../template/resource-type.ts';
import type { Resource } from '../template/stack.ts';

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

export const TABLE = {
  type: 'AWS::DynamoDB::GlobalTable',
  schema: z.strictObject({
    TableName: z.string().optional(),
    KeySchema: keySchema,
    AttributeDefinitions: z.array(
      z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    GlobalSecondaryIndexes: z
      .array(
        z
          .strictObject({
            IndexName: z.string(),
            KeySchema: keySchema,
            Projection: z.strictObject({
              ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
              NonKeyAttributes: z.array(z.string()).exactOptional(),
            }),
            WriteOnDemandThroughputSettings: z.unknown().optional(),
            WarmThroughput: z.unknown().optional(),
          })
          .transform(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection })),
      )
      .default([]),
    TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().optional(), Enabled: z.boolean() }).optional(),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    Replicas: z.array(z.unknown()).max(1, 'tables in several regions are not emulated').optional(),
  }),
  withoutMeaning: ['WriteOnDemandThroughputSettings', 'WarmThroughput', 'SSESpecification'],
  attributes(id, { TableName }, naming) {
    const name = nameOf(TableName, id, naming);
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
      await dynamodb.send(
        new CreateTableCommand({ TableName: name, BillingMode: 'PAY_PER_REQUEST', ...tableShape(properties) }),
      );
      const wait = { client: dynamodb, maxWaitTime: 60, minDelay: 0.02, maxDelay: 0.02 };
      await waitUntilTableExists(wait, { TableName: name });
    }),
  );
}

function tableShape({ KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }: Table['properties']) {
  return { KeySchema, AttributeDefinitions, ...(GlobalSecondaryIndexes.length > 0 && { GlobalSecondaryIndexes }) };
}

function assertSameShape(name: string, existing: TableDescription, properties: Table['properties']): void {
  if (shapeText(existing) === shapeText(properties)) return;
  throw new StartError(
    `The table ${name} in the state folder has other keys or indexes than this version's. Start anew with --fresh, or keep the state with --state OTHER-FOLDER.`,
  );
}

/** The same text for the same keys and indexes, in whichever order they are listed. */
function shapeText(
  table: Pick<TableDescription, 'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'>,
): string {
  const { KeySchema, AttributeDefinitions = [], GlobalSecondaryIndexes = [] } = table;
  const keys = (schema: TableDescription['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => `${AttributeName}:${KeyType}`).sort();
  const attributes = AttributeDefinitions.map(
    ({ AttributeName, AttributeType }) => `${AttributeName}:${AttributeType}`,
  );
  const indexes = GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) =>
    JSON.stringify([IndexName, keys(KeySchema), Projection?.ProjectionType, Projection?.NonKeyAttributes?.toSorted()]),
  );
  return JSON.stringify([keys(KeySchema), attributes.sort(), indexes.sort()]);
}

async function describe(dynamodb: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await dynamodb.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

export interface Expiry {
  /** Deletes what has expired. One run at a time. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** DynamoDB itself takes up to days. */
const INTERVAL_MS = 10 * 60_000;

/** Time to live, which the emulator has not. */
export function startExpiry(dynamodb: DynamoDBClient, tables: readonly Table[], say: (line: string) => void): Expiry {
  let stopping = false;
  let running: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    for (const { name, properties } of tables) {
      const ttl = properties.TimeToLiveSpecification;
      if (ttl?.Enabled && ttl.AttributeName) await sweepTable(name, ttl.AttributeName, properties.KeySchema);
    }
  }

  async function sweepTable(table: string, attribute: string, keySchema: { AttributeName: string }[]): Promise<void> {
    const query = {
      TableName: table,
      FilterExpression: '#ttl < :now',
      ProjectionExpression: keySchema.map((_, index) => `#${index}`).join(', '),
      ExpressionAttributeNames: {
        '#ttl': attribute,
        ...Object.fromEntries(keySchema.map((key, index) => [`#${index}`, key.AttributeName])),
      },
      ExpressionAttributeValues: { ':now': { N: String(Math.floor(Date.now() / 1000)) } },
    };
    for await (const { Items = [] } of paginateScan({ client: dynamodb }, query)) {
      if (stopping) return;
      for (const Key of Items) await dynamodb.send(new DeleteItemCommand({ TableName: table, Key }));
    }
  }

  function run(): Promise<void> {
    running ??= sweep()
      .catch((error: unknown) => say(`Removing expired items failed: ${messageOf(error)}`))
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  const timer = setInterval(() => void run(), INTERVAL_MS);
  return {
    run,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await running;
    },
  };
}
