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
import { type Event, isTestEvent } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { Refusal } from '../refusal.ts';
import { createMatcher, FilteredContent } from '../subscription/match.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { changeDelivery } from './change-delivery.ts';
import { isAskedType, nextOfAny, nextOfStatuses } from './deliveries-in-range.ts';
import { type Job, type JobError, type JobPage, pageLimit, spreadMs } from './job.ts';
import type { TaskOf } from './job-task.ts';

export interface ReplayPorts {
  deliveries: Pick<
    DeliveryStore,
    'listDeliveries' | 'listDeliveriesByStatus' | 'getDeliveries' | 'getDelivery' | 'saveDelivery'
  >;
  events: Pick<EventStore, 'listEvents'>;
  subscriptions: Pick<SubscriptionStore, 'getSubscription'>;
  retries: WorkQueue;
  waits: WaitPolicy;
  now: () => number;
}

/** A younger event may be on its way still: its fan-out, or the message of its first attempt. */
const ON_ITS_WAY_MS = 15 * 60_000;
/** A fan-out that began before there was the subscription passes it, or meets it within this. */
const FAN_OUT_MS = 60_000;

/** Events with their payloads are larger than deliveries. */
const EVENTS_PAGE = 50;

const SUBSCRIPTION_GONE: JobError = {
  code: 'subscription_deleted',
  message: 'The subscription was deleted, so there is nowhere to deliver to.',
};

/** A page of a subscription's range: each delivery gets an attempt, outside its schedule, whatever became of it. */
export async function replayPage(
  ports: ReplayPorts,
  job: Job,
  { tenantId, subscriptionId, filter }: TaskOf<'replay'>,
): Promise<JobPage | JobError> {
  const { deliveries: store } = ports;
  const subscription = await ports.subscriptions.getSubscription(tenantId, subscriptionId);
  if (subscription === null) return SUBSCRIPTION_GONE;
  if (filter.status === 'missing') return replayMissing(ports, job, filter, subscription);
  const page =
    filter.status === 'all'
      ? // What is pending is on its way.
        await nextOfAny(store, subscriptionId, filter, job, (one) => one.status !== 'pending' || isAskedBy(job, one))
      : await nextOfStatuses(store, subscriptionId, filter, job, [filter.status]);
  if (filter.dryRun) return { done: page.deliveries.length, failed: 0, cursor: page.cursor };
  return { ...(await requestAttempts(ports, job, page.deliveries)), cursor: page.cursor };
}

const isAskedBy = (job: Job, { replayedBy }: Delivery): boolean => replayedBy === job.id;

/**
 * Asks for an attempt of each: the journal first, then a message for each. All are tried before a failure is reported; the
 * page is repeated then, and passes over those that it has asked for.
 */
export async function requestAttempts(
  { deliveries: store, retries, waits, now }: Pick<ReplayPorts, 'deliveries' | 'retries' | 'waits' | 'now'>,
  job: Job,
  deliveries: readonly Delivery[],
): Promise<Pick<JobPage, 'done' | 'failed'>> {
  const begunAt = now();
  const outgoing: Outgoing[] = [];
  const asked = await Promise.allSettled(
    deliveries.map(async (delivery, index) => {
      if (isAskedBy(job, delivery)) return delivery;
      const waitMs = spreadMs(index, job.maxPerSecond);
      const changed = await changeDelivery(store, delivery, (one) =>
        // It came to another end, or goes on, since it was listed.
        one.status === delivery.status
          ? { ...requestAttempt(one, 'replay', begunAt + waitMs, waits), replayedBy: job.id }
          : one,
      );
      if (!(changed instanceof Refusal) && isAskedBy(job, changed))
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

/**
 * Events that the subscription would get if they came now, and of which it has no delivery: it subscribed later, or its
 * filter was another one. Their messages are those of a fan-out, so a twin of one is recognised as a fan-out's is.
 */
async function replayMissing(
  { events, deliveries, retries }: ReplayPorts,
  job: Job,
  filter: TaskOf<'replay'>['filter'],
  subscription: Subscription,
): Promise<JobPage> {
  const match = createMatcher(subscription);
  let failed = 0;
  const wants = (event: Event): boolean => {
    if (mayBeOnItsWay(job, subscription, event)) return false;
    if (event.data === null || isTestEvent(event) || !isAskedType(filter, event.type)) return false;
    const { data } = event;
    const verdict = match(event, false, new FilteredContent(() => JSON.parse(data)));
    if (verdict === 'over_budget') failed += 1;
    return verdict === 'match';
  };
  const page = await events.listEvents(
    subscription.tenantId,
    { limit: pageLimit(job, EVENTS_PAGE), after: job.cursor, from: filter.from, to: filter.to, oldestFirst: true },
    wants,
  );
  const refs = page.values.map((event) => refOf(subscription, event));
  const known = await deliveries.getDeliveries(refs);
  const missing = page.values.filter((_, index) => known[index] === null);
  if (!filter.dryRun) {
    await retries.send(
      missing.map((event, index) => ({
        message: replayMessage(subscription, event),
        delaySeconds: wholeSeconds(spreadMs(index, job.maxPerSecond)),
      })),
    );
  }
  return { done: missing.length, failed, cursor: page.next };
}

function mayBeOnItsWay({ createdAt: now }: Job, { createdAt }: Subscription, event: Event): boolean {
  return event.acceptedAt > now - (createdAt > event.recordedAt ? FAN_OUT_MS : ON_ITS_WAY_MS);
}

function refOf({ id }: Subscription, event: Event) {
  return { subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt };
}

/** The first attempt of a delivery that is not on record. */
function replayMessage(subscription: Subscription, event: Event): DeliverMessage {
  const { tenantId } = subscription;
  const message = { v: 1, kind: 'deliver', tenantId, ...refOf(subscription, event), ticket: 0 } as const;
  return { ...message, trigger: 'replay', repeated: true };
}
