import { type Delivery, requestAttempt } from '../delivery/delivery.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import {
  type DeliverMessage,
  deliverMessage,
  type Outgoing,
  type WorkQueue,
  wholeSeconds,
} from '../delivery/queue-message.ts';
import type { WaitPolicy } from '../delivery/wake.ts';
import type { Event } from '../event/event.ts';
import { Refusal } from '../refusal.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { changeDelivery } from './change-delivery.ts';
import { type Job, type JobPage, spreadMs } from './job.ts';

export interface RequestAttemptsPorts {
  deliveries: Pick<DeliveryStore, 'getDelivery' | 'saveDelivery'>;
  retries: WorkQueue;
  waits: WaitPolicy;
  now: () => number;
}

export const isAskedBy = (job: Job, { replayedBy }: Delivery): boolean => replayedBy === job.id;

/**
 * Asks for an attempt of each: the journal first, then a message for each. All are tried before a failure is reported; the
 * page is repeated then, and passes over those that it has asked for.
 */
export async function requestAttempts(
  { deliveries: store, retries, waits, now }: RequestAttemptsPorts,
  job: Job,
  deliveries: readonly Delivery[],
): Promise<Pick<JobPage, 'done' | 'failed'>> {
  const begunAt = now();
  const outgoing: Outgoing[] = [];
  const asked = await Promise.allSettled(
    deliveries.map(async (delivery, index) => {
      if (isAskedBy(job, delivery)) return delivery;
      const waitMs = spreadMs(index, job.maxPerSecond);
      let asks = false;
      const changed = await changeDelivery(store, delivery, (one) => {
        // Or it came to another end, goes on, or was asked for by a twin of this page, since it was listed.
        asks = one.status === delivery.status && !isAskedBy(job, one);
        return asks ? { ...requestAttempt(one, 'replay', begunAt + waitMs, waits), replayedBy: job.id } : one;
      });
      if (asks && !(changed instanceof Refusal))
        outgoing.push({ message: deliverMessage(changed), delaySeconds: wholeSeconds(waitMs) });
      return changed;
    }),
  );
  await retries.send(outgoing);
  const failure = asked.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  const ended = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return {
    done: ended.filter((one) => !(one instanceof Refusal) && isAskedBy(job, one)).length,
    failed: ended.filter((one) => one instanceof Refusal).length,
  };
}

/** Sends first attempts of deliveries that are not on record, as a fan-out does: a twin of one is recognised as a fan-out's is. */
export function sendFirstAttempts(
  retries: WorkQueue,
  job: Job,
  wanted: readonly { subscription: Pick<Subscription, 'id' | 'tenantId'>; event: Event }[],
  trigger: 'replay' | 'automatic',
): Promise<void> {
  return retries.send(
    wanted.map(({ subscription, event }, index) => ({
      message: firstMessage(subscription, event, trigger),
      delaySeconds: wholeSeconds(spreadMs(index, job.maxPerSecond)),
    })),
  );
}

export function refOf({ id }: Pick<Subscription, 'id'>, event: Event) {
  return { subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt };
}

/** The first attempt of a delivery that is not on record. */
function firstMessage(
  subscription: Pick<Subscription, 'id' | 'tenantId'>,
  event: Event,
  trigger: 'replay' | 'automatic',
): DeliverMessage {
  const { tenantId } = subscription;
  const message = { v: 1, kind: 'deliver', tenantId, ...refOf(subscription, event), ticket: 0 } as const;
  return { ...message, trigger, repeated: true };
}
