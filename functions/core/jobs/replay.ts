import { type Delivery, isTest } from '../delivery/delivery.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import { wasAnswered } from '../delivery/response-status.ts';
import { type Event, isTestEvent } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { createMatcher, FilteredContent } from '../subscription/match.ts';
import { hasExpired, type Subscription } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { isAskedType, nextOfAny, nextOfStatuses } from './deliveries-in-range.ts';
import { type Job, type JobError, type JobPage, pageLimit, spanOf } from './job.ts';
import type { TaskOf } from './job-task.ts';
import { ON_ITS_WAY_MS } from './recover.ts';
import { isAskedBy, type RequestAttemptsPorts, refOf, requestAttempts, sendFirstAttempts } from './request-attempts.ts';

export interface ReplayPorts extends RequestAttemptsPorts {
  deliveries: RequestAttemptsPorts['deliveries'] &
    Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus' | 'getDeliveries'>;
  events: Pick<EventStore, 'listEvents'>;
  subscriptions: Pick<SubscriptionStore, 'getSubscription'>;
}

/** A fan-out that began before there was the subscription passes it, or meets it within this. */
const FAN_OUT_MS = 60_000;

/** Events with their payloads are larger than deliveries. */
const EVENTS_PAGE = 50;

const SUBSCRIPTION_EXPIRED: JobError = {
  code: 'subscription_expired',
  message:
    'The subscription has expired, so it receives nothing more. Give it another expiresAt, then start the replay again.',
};

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
  const { deliveries: store, now } = ports;
  const subscription = await ports.subscriptions.getSubscription(tenantId, subscriptionId);
  if (subscription === null) return SUBSCRIPTION_GONE;
  if (hasExpired(subscription, now()) && !filter.dryRun) return SUBSCRIPTION_EXPIRED;
  if (filter.status === 'missing') return replayMissing(ports, job, filter, subscription);
  const { responseStatus } = filter;
  const matches = (one: Delivery) => responseStatus === undefined || wasAnswered(one, responseStatus);
  const page =
    filter.status === 'all'
      ? // What is pending is on its way.
        await nextOfAny(
          store,
          subscriptionId,
          filter,
          job,
          (one) => isAskedBy(job, one) || (one.status !== 'pending' && matches(one)),
        )
      : await nextOfStatuses(store, subscriptionId, filter, job, [filter.status], matches);
  const place = {
    cursor: page.cursor,
    span: spanOf(
      page.deliveries.map(({ eventAt }) => eventAt),
      filter,
    ),
  };
  // A test is no event of the tenant's.
  const deliveries = page.deliveries.filter((one) => !isTest(one));
  if (filter.dryRun) return { done: deliveries.length, failed: 0, ...place };
  return { ...(await requestAttempts(ports, job, deliveries)), ...place };
}

/**
 * Events that the subscription would get if they came now, and of which it has no delivery: it subscribed later, or its
 * filter was another one.
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
  if (!filter.dryRun)
    await sendFirstAttempts(
      retries,
      job,
      missing.map((event) => ({ subscription, event })),
      'replay',
    );
  const span = spanOf(
    page.values.map(({ acceptedAt }) => acceptedAt),
    filter,
  );
  return { done: missing.length, failed, cursor: page.next, span };
}

function mayBeOnItsWay({ createdAt: now }: Job, { createdAt }: Subscription, event: Event): boolean {
  return event.acceptedAt > now - (createdAt > event.recordedAt ? FAN_OUT_MS : ON_ITS_WAY_MS);
}
