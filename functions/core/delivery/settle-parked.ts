import * as z from 'zod';
import { healthOf, rampTime } from '../subscription/health.ts';
import { waitsByOldLimit } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { isHeld } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { deliverMessage, type SettleParkedMessage, type WorkQueue, wholeSeconds } from './queue-message.ts';

/** Whose deliveries wait. */
type Waiting = Pick<SettleParkedMessage, 'tenantId' | 'subscriptionId'>;

/** Where the next page of what waits begins. */
export const WaitingPlace = z.object({
  status: z.enum(['parked', 'pending']),
  cursor: z.string().nullable(),
  /** How many that were pending have been woken. */
  released: z.int(),
});
export type WaitingPlace = z.infer<typeof WaitingPlace>;

export const FIRST_PLACE: WaitingPlace = { status: 'parked', cursor: null, released: 0 };

export interface WakeWaitingPorts {
  store: Pick<DeliveryStore, 'listWaitingDeliveries'> & Pick<SubscriptionStore, 'getSubscription'>;
  retries: WorkQueue;
  now: () => number;
}

/** `next` is null after the last page. */
export interface WokenPage {
  woken: number;
  next: WaitingPlace | null;
}

/**
 * Wakes a page of what waits for a subscription: the parked deliveries of one that is active again, those that its breaker
 * held or that wait by a limit that was raised, and all that wait for one that was deleted. What becomes of each is decided when its message arrives, as always.
 */
export async function wakeWaiting(
  { store, retries, now }: WakeWaitingPorts,
  { tenantId, subscriptionId }: Waiting,
  place: WaitingPlace,
): Promise<WokenPage> {
  const subscription = await store.getSubscription(tenantId, subscriptionId);
  // Paused again: they stay as they are.
  if (subscription !== null && subscription.status !== 'active') return { woken: 0, next: null };
  const health = subscription === null ? null : healthOf(subscription);
  if (health?.breaker.state === 'open' && place.status === 'pending') return { woken: 0, next: null };
  const page = await store.listWaitingDeliveries(subscriptionId, place.status, place.cursor);
  const ramp = place.status === 'pending' ? health : null;
  // The others that are pending wait for their time.
  const deliveries =
    subscription === null || place.status === 'parked'
      ? page.deliveries
      : page.deliveries.filter((one) => isHeld(one) || waitsByOldLimit(subscription, one));
  await retries.send(
    deliveries.map((delivery, index) => {
      const at = ramp === null ? null : rampTime(ramp, place.released + index);
      return { message: deliverMessage(delivery), delaySeconds: at === null ? 0 : wholeSeconds(at - now()) };
    }),
  );
  const released = place.released + (ramp === null ? 0 : deliveries.length);
  return { woken: deliveries.length, next: placeAfter(place, page.cursor, released) };
}

function placeAfter({ status }: WaitingPlace, cursor: string | null, released: number): WaitingPlace | null {
  if (cursor !== null) return { status, cursor, released };
  return status === 'parked' ? { status: 'pending', cursor: null, released } : null;
}

export interface SettleParkedPorts extends WakeWaitingPorts {
  /** What does not fit goes on as a job. */
  goOn: (waiting: Waiting, from: WaitingPlace, woken: number) => Promise<unknown>;
}

/** Mostly all: one of what is parked, one of what is pending. */
const PAGES_AT_ONCE = 2;

/** The fast path to what waits for a subscription: a delivery that it does not find wakes when it is due. */
export async function settleParked(ports: SettleParkedPorts, { tenantId, subscriptionId }: Waiting): Promise<void> {
  const waiting = { tenantId, subscriptionId };
  let [place, woken]: [WaitingPlace | null, number] = [FIRST_PLACE, 0];
  for (let pages = 0; place !== null; pages += 1) {
    if (pages === PAGES_AT_ONCE) {
      await ports.goOn(waiting, place, woken);
      return;
    }
    const page: WokenPage = await wakeWaiting(ports, waiting, place);
    woken += page.woken;
    place = page.next;
  }
}
