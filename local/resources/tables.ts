import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type AwsCall, isAwsError } from '../../functions/adapters/aws/calls.ts';
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

const Description = z.object({
  Table: z.object({
    TableStatus: z.string(),
    KeySchema: z.array(z.unknown()),
    AttributeDefinitions: z.array(z.unknown()),
    GlobalSecondaryIndexes: z
      .array(z.object({ IndexName: z.unknown(), KeySchema: z.unknown(), Projection: z.unknown() }))
      .default([]),
  }),
});
type Description = z.output<typeof Description>['Table'];
type Shape = Omit<Description, 'TableStatus'>;
const WAIT_MS = 20;

/** Creates the tables. A table whose keys or indexes have changed since is an error: on disk they cannot follow. */
export async function provisionTables(dynamodb: AwsCall, tables: readonly Table[]): Promise<void> {
  await Promise.all(
    tables.map(async ({ name, properties }) => {
      const existing = await describe(dynamodb, name);
      if (existing) return assertSameShape(name, existing, properties);
      const { TimeToLiveSpecification, Replicas, ...shape } = properties;
      await dynamodb('CreateTable', { TableName: name, ...shape });
      while ((await describe(dynamodb, name))?.TableStatus !== 'ACTIVE') await sleep(WAIT_MS);
    }),
  );
}

function assertSameShape(name: string, existing: Shape, properties: Shape): void {
  if (isDeepStrictEqual(shapeOf(existing), shapeOf(properties))) return;
  throw new StartError(
    `The table ${name} in the state folder has other keys or indexes than this version's. Start anew with --fresh, or keep the state with --state OTHER-FOLDER.`,
  );
}

/** Keys and indexes, in sets: in which order they are listed does not count. */
function shapeOf(table: Shape): Set<unknown>[] {
  const indexes = table.GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => [
    IndexName,
    KeySchema,
    Projection,
  ]);
  return [new Set(table.KeySchema), new Set(table.AttributeDefinitions), new Set(indexes)];
}

async function describe(dynamodb: AwsCall, name: string): Promise<Description | null> {
  try {
    return Description.parse(await dynamodb('DescribeTable', { TableName: name })).Table;
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) return null;
    throw error;
  }
}

const Page = z.object({
  Items: z.array(z.record(z.string(), z.unknown())),
  LastEvaluatedKey: z.unknown().optional(),
});

/**
 * Time to live, which the emulator has not.
 * @param signal aborted: deletes no more
 */
export async function deleteExpired(dynamodb: AwsCall, tables: readonly Table[], signal?: AbortSignal): Promise<void> {
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
    let from: unknown;
    do {
      const page = Page.parse(await dynamodb('Scan', { ...query, ExclusiveStartKey: from }));
      for (const Key of page.Items) {
        if (signal?.aborted) return;
        await dynamodb('DeleteItem', { TableName: name, Key });
      }
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }
}
