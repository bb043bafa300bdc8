import { expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createDueDeliveries } from '../../../functions/adapters/dynamodb/due-deliveries.ts';
import { makeDelivery, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const tables = useTables();
const now = () => NOW;

// What its port promises is in test/contracts.
it('the due index is spread over shards: one of them takes 1,000 writes a second', async () => {
  const deliveries = createDeliveries({ tables, retentionDays: 30, now });
  const index = createDueDeliveries(tables, now);
  const waiting = Array.from({ length: 60 }, (_, number) => makeDelivery({ eventId: `e${number}`, dueAt: NOW }));
  await Promise.all(waiting.map((one) => deliveries.saveDelivery(one, 0)));
  const pages = await Promise.all(index.shards.map((shard) => index.listDue(shard, NOW)));
  expect(pages.filter((entries) => entries.length > 0).length).toBeGreaterThan(4);
});
