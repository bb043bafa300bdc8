import { expect, test } from 'vitest';
import { statusPartition, statusPartitions } from '../../../functions/adapters/dynamodb/keys.ts';

const SUBSCRIPTION = 'sub_1';

test('what waits or failed of one subscription is spread evenly over the partitions that its lists read', () => {
  const count = new Map(statusPartitions(SUBSCRIPTION, 'failed').map((partition) => [partition, 0]));
  expect(count.size).toBe(4);
  for (let index = 0; index < 4_000; index += 1) {
    const partition = statusPartition({ subscriptionId: SUBSCRIPTION, eventId: `evt_${index}`, eventAt: 0 }, 'failed');
    count.set(partition, (count.get(partition) ?? 0) + 1);
  }
  expect(count.size).toBe(4);
  // DynamoDB gives each 1,000 writes a second: the fullest must not have much more than its part.
  expect(Math.max(...count.values())).toBeLessThan(1_100);
});
