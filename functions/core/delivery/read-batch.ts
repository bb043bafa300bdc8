import { hasExpired } from '../subscription/subscription.ts';
import type { DeliveryStore, Loaded } from './delivery-store.ts';
import type { ReceivedMessage } from './received-message.ts';

/** A message with what it is about, as it was read. */
export interface LoadedMessage extends Loaded {
  received: ReceivedMessage;
}

/**
 * Reads what a batch of messages is about, in one read. Of several messages for one delivery it takes the one with the
 * latest ticket; the others are not in the answer.
 * @param now epoch milliseconds
 */
export async function readBatch(
  store: Pick<DeliveryStore, 'loadForMessages'>,
  batch: readonly ReceivedMessage[],
  now: number,
): Promise<LoadedMessage[]> {
  const received = latestOfEach(batch);
  const consistent = received.some((one) => one.fromRetries || one.receivedBefore);
  const loaded = await load(store, received, consistent);
  if (consistent) return loaded;
  // Confirmed before anything is decided from it: the read may not have seen what was written a moment ago.
  const unsure = loaded.filter(
    ({ subscription, event }) =>
      event === null || subscription === null || subscription.status !== 'active' || hasExpired(subscription, now),
  );
  if (unsure.length === 0) return loaded;
  const confirmed = await load(
    store,
    unsure.map(({ received }) => received),
    true,
  );
  return loaded.map((one) => confirmed.find(({ received }) => received === one.received) ?? one);
}

async function load(
  store: Pick<DeliveryStore, 'loadForMessages'>,
  batch: readonly ReceivedMessage[],
  consistent: boolean,
): Promise<LoadedMessage[]> {
  const loaded = await store.loadForMessages(
    batch.map(({ message }) => message),
    consistent,
  );
  return batch.map((received, index) => ({
    delivery: null,
    subscription: null,
    event: null,
    ...loaded[index],
    received,
  }));
}

function latestOfEach(batch: readonly ReceivedMessage[]): ReceivedMessage[] {
  const latest = new Map<string, ReceivedMessage>();
  for (const one of batch) {
    const key = `${one.message.subscriptionId} ${one.message.eventId}`;
    const other = latest.get(key);
    if (other === undefined || other.message.ticket < one.message.ticket) latest.set(key, one);
  }
  return [...latest.values()];
}
