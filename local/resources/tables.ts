import { type AttributeValue, BatchWriteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { messageOf } from '../errors.ts';
import type { Plan } from '../template/template.ts';

export interface Expiry {
  /** Deletes what has expired. One run at a time. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** DynamoDB itself takes up to days. */
const INTERVAL_MS = 10 * 60_000;
const BATCH_SIZE = 25;

/** Time to live, which the emulator has not. */
export function startExpiry(dynamodb: DynamoDBClient, tables: Plan['tables'], say: (line: string) => void): Expiry {
  let stopping = false;
  let running: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    for (const { name, properties } of tables) {
      const ttl = properties.TimeToLiveSpecification;
      if (ttl?.Enabled && ttl.AttributeName) await sweepTable(name, ttl.AttributeName, properties.KeySchema);
    }
  }

  async function sweepTable(table: string, attribute: string, keySchema: { AttributeName: string }[]): Promise<void> {
    const keys = keySchema.map((key) => key.AttributeName);
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await dynamodb.send(
        new ScanCommand({
          TableName: table,
          FilterExpression: '#ttl < :now',
          ProjectionExpression: keys.map((_, index) => `#k${index}`).join(', '),
          ExpressionAttributeNames: {
            '#ttl': attribute,
            ...Object.fromEntries(keys.map((key, index) => [`#k${index}`, key])),
          },
          ExpressionAttributeValues: { ':now': { N: String(Math.floor(Date.now() / 1000)) } },
          ExclusiveStartKey: start,
        }),
      );
      const items = page.Items ?? [];
      for (let index = 0; index < items.length; index += BATCH_SIZE) {
        const requests = items.slice(index, index + BATCH_SIZE).map((Key) => ({ DeleteRequest: { Key } }));
        await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
      }
      start = page.LastEvaluatedKey;
    } while (start && !stopping);
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
