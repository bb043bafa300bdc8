import { encodeTime, ulid } from 'ulid';
import * as z from 'zod';
import { createCalls } from '../../functions/adapters/aws/calls.ts';
import { newWriteId } from '../../functions/adapters/dynamodb/client.ts';
import { createDocuments } from '../../functions/adapters/dynamodb/documents.ts';
import { createStores } from '../../functions/adapters/dynamodb/stores.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import { CREDENTIALS } from '../../testing/queues.ts';
import { inParallel } from '../pace.ts';
import type { Place } from './place.ts';

export interface Filling {
  /** All of one subscription: the longest log. */
  deliveries: number;
  events: number;
  subscriptions: number;
  /** Of so many deliveries one has failed, so that lists by status have something to find. */
  failedEvery: number;
}

const BATCH = 25;
const AT_ONCE = 8;
/** The log of a day: that many one after the other. */
const SPAN_MS = 24 * 3_600_000;

/**
 * Puts deliveries, their events and copies of a subscription straight into the tables, by the stores that the functions use.
 * Each is a copy of one that the system made.
 */
export async function fill(place: Place, filling: Filling, say: (done: string) => void): Promise<void> {
  const call = createCalls('dynamodb', { ...CREDENTIALS, endpoint: place.dynamodbEndpoint });
  const { TableNames } = z.object({ TableNames: z.array(z.string()) }).parse(await call('ListTables', {}));
  const tableOf = (part: string) => TableNames.find((name) => name.includes(part)) ?? '';
  const stores = createStores({
    tables: {
      call,
      documents: createDocuments(call),
      newWriteId,
      catalogTable: tableOf('Catalog'),
      journalTable: tableOf('Journal'),
    },
    retentionDays: 30,
    statsRetentionDays: 90,
    now: Date.now,
  });
  const { tenant, subscriptionId } = place;
  const made = await place.deliverOne();
  const event = await stores.events.getEvent(tenant, made);
  const subscription = await stores.subscriptions.getSubscription(tenant, subscriptionId);
  if (event === null || subscription === null) throw new Error('What is copied is not there');
  const delivery = await stores.deliveries.getDelivery({ subscriptionId, eventId: made, eventAt: event.acceptedAt });
  if (delivery?.status !== 'succeeded') throw new Error('The delivery that is copied has not succeeded');

  const copies = Array.from({ length: filling.subscriptions - 1 }, () => `sub_${ulid()}`);
  await inBatches(copies, 1, async ([id = '']) => {
    await stores.subscriptions.saveSubscription({ ...subscription, id }, 0);
  });

  const began = Date.now() - SPAN_MS;
  const deliveryOf = (number: number): Delivery => {
    const eventAt = began + Math.floor((number / filling.deliveries) * SPAN_MS);
    const status = number % filling.failedEvery === 0 ? 'failed' : 'succeeded';
    return { ...delivery, eventId: eventIdOf(number, eventAt), eventAt, completedAt: eventAt + 100, status };
  };
  const numbers = Array.from({ length: filling.deliveries }, (_, number) => number);
  const withEvent = numbers.filter((number) => number % (filling.deliveries / filling.events) < 1);
  await inBatches(withEvent, BATCH, (batch) =>
    stores.events.putEvents(
      batch.map((number) => {
        const { eventId: id, eventAt } = deliveryOf(number);
        return { ...event, id, occurredAt: eventAt, acceptedAt: eventAt, recordedAt: eventAt };
      }),
    ),
  );
  let done = 0;
  await inBatches(numbers, BATCH, async (batch) => {
    const deliveries = batch.map(deliveryOf);
    await stores.deliveries.putSucceededDeliveries(deliveries.filter(({ status }) => status === 'succeeded'));
    for (const failed of deliveries.filter(({ status }) => status === 'failed'))
      await stores.deliveries.saveDelivery(failed, 0);
    done += batch.length;
    if (done % 50_000 < BATCH) say(`${done} deliveries`);
  });
}

/** In our form, so that it needs no index: the time, then what tells it from others. */
function eventIdOf(number: number, at: number): string {
  return `evt_${encodeTime(at, 10)}${String(number).padStart(16, '0')}`;
}

function inBatches<T>(all: readonly T[], size: number, work: (batch: readonly T[]) => Promise<unknown>) {
  return inParallel(Math.ceil(all.length / size), AT_ONCE, (number) =>
    work(all.slice(number * size, (number + 1) * size)),
  );
}
