import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, ListQueuesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { StartError } from '../errors.ts';
import { ACCOUNT_ID } from '../template/resource-names.ts';
import type { Plan, QueueProperties, TableProperties } from '../template/template.ts';

/** Creates the queues, or brings those that are there to what the stack says. Messages stay. */
export async function provisionQueues(sqs: SQSClient, endpoint: string, queues: Plan['queues']): Promise<void> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ MaxResults: 1000 }));
  const existing = new Set(QueueUrls.map((url) => url.split('/').at(-1)));
  for (const { name } of queues) {
    if (!existing.has(name)) await sqs.send(new CreateQueueCommand({ QueueName: name }));
  }
  // Afterwards, because a redrive policy names a queue that has to be there.
  for (const { name, properties } of queues) {
    const QueueUrl = `${endpoint}/${ACCOUNT_ID}/${name}`;
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: queueAttributes(properties) }));
  }
}

/** Every attribute, with SQS's defaults for those that the stack does not set: an earlier version may have set them. */
function queueAttributes(properties: QueueProperties): Record<string, string> {
  return {
    VisibilityTimeout: String(properties.VisibilityTimeout ?? 30),
    DelaySeconds: String(properties.DelaySeconds ?? 0),
    MaximumMessageSize: String(properties.MaximumMessageSize ?? 1_048_576),
    MessageRetentionPeriod: String(properties.MessageRetentionPeriod ?? 345_600),
    ReceiveMessageWaitTimeSeconds: String(properties.ReceiveMessageWaitTimeSeconds ?? 0),
    RedrivePolicy: properties.RedrivePolicy ? JSON.stringify(properties.RedrivePolicy) : '',
  };
}

/** Creates the tables. A table whose keys or indexes have changed since is an error: on disk they cannot follow. */
export async function provisionTables(dynamodb: DynamoDBClient, tables: Plan['tables']): Promise<void> {
  await Promise.all(
    tables.map(async ({ name, properties }) => {
      const existing = await describe(dynamodb, name);
      if (existing) return assertSameShape(name, existing, properties);
      await dynamodb.send(
        new CreateTableCommand({ TableName: name, BillingMode: 'PAY_PER_REQUEST', ...tableShape(properties) }),
      );
      while ((await describe(dynamodb, name))?.TableStatus !== 'ACTIVE') {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }),
  );
}

function tableShape({ KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }: TableProperties) {
  const indexes = GlobalSecondaryIndexes.map((index) => ({
    IndexName: index.IndexName,
    KeySchema: index.KeySchema,
    Projection: {
      ProjectionType: index.Projection.ProjectionType,
      ...(index.Projection.NonKeyAttributes && { NonKeyAttributes: index.Projection.NonKeyAttributes }),
    },
  }));
  return { KeySchema, AttributeDefinitions, ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }) };
}

function assertSameShape(name: string, existing: TableDescription, properties: TableProperties): void {
  const wanted = tableShape(properties);
  if (shapeText(existing) === shapeText(wanted)) return;
  throw new StartError(
    `The table ${name} in the state folder has other keys or indexes than this version's. Start anew with --fresh, or keep the state with --state OTHER-FOLDER.`,
  );
}

function shapeText({
  KeySchema = [],
  AttributeDefinitions = [],
  GlobalSecondaryIndexes = [],
}: TableDescription): string {
  const keys = (schema: TableDescription['KeySchema']) =>
    (schema ?? []).map((key) => `${key.AttributeName}:${key.KeyType}`).sort();
  return JSON.stringify({
    keys: keys(KeySchema),
    attributes: AttributeDefinitions.map((attribute) => `${attribute.AttributeName}:${attribute.AttributeType}`).sort(),
    indexes: GlobalSecondaryIndexes.map((index) => [
      index.IndexName,
      keys(index.KeySchema),
      index.Projection?.ProjectionType,
      [...(index.Projection?.NonKeyAttributes ?? [])].sort(),
    ]).sort(),
  });
}

async function describe(dynamodb: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await dynamodb.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
