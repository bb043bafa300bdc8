import type { DeliveryStore } from '../delivery/delivery-store.ts';
import { isTestEvent } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { createMatcher, FilteredContent } from '../subscription/match.ts';
import { hasExpired, type Subscription } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { Job, JobError, JobPage } from './job.ts';
import type { TaskOf } from './job-task.ts';
import { type RequestAttemptsPorts, refOf, requestAttempts, sendFirstAttempts } from './request-attempts.ts';

export interface ReplayEventPorts extends RequestAttemptsPorts {
  deliveries: RequestAttemptsPorts['deliveries'] & Pick<DeliveryStore, 'getDeliveries'>;
  events: Pick<EventStore, 'getEvent'>;
  subscriptions: Pick<SubscriptionStore, 'getSubscription' | 'pageSubscriptions'>;
}

const SUBSCRIPTIONS_PAGE = 100;

const EVENT_GONE: JobError = { code: 'event_gone', message: 'The event or its data is no longer in the journal.' };

/**
 * A page of the active subscriptions that an event goes to, or the one that is named: each gets it again, or for the first
 * time if it never got it and would get it today.
 */
export async function replayEventPage(
  ports: ReplayEventPorts,
  job: Job,
  { tenantId, subscriptionId, filter }: TaskOf<'replay_event'>,
): Promise<JobPage | JobError> {
  const event = await ports.events.getEvent(tenantId, filter.eventId);
  if (event === null || event.data === null) return EVENT_GONE;
  const { data } = event;
  const { values, next } = await readSubscriptions(ports.subscriptions, tenantId, subscriptionId, job);
  const now = ports.now();
  const active = values.filter((one) => one.status === 'active' && !hasExpired(one, now));
  const known = await ports.deliveries.getDeliveries(active.map((subscription) => refOf(subscription, event)));
  const content = new FilteredContent(() => JSON.parse(data));
  const wanting = active.filter(
    (subscription, index) =>
      known[index] === null && !isTestEvent(event) && createMatcher(subscription)(event, false, content) === 'match',
  );
  await sendFirstAttempts(
    ports.retries,
    job,
    wanting.map((subscription) => ({ subscription, event })),
    'replay',
  );
  const asked = await requestAttempts(
    ports,
    job,
    known.filter((one) => one !== null),
  );
  return { done: asked.done + wanting.length, failed: asked.failed, cursor: next };
}

async function readSubscriptions(
  store: ReplayEventPorts['subscriptions'],
  tenantId: string,
  subscriptionId: string | null,
  { cursor }: Job,
): Promise<{ values: Subscription[]; next: string | null }> {
  if (subscriptionId === null) return store.pageSubscriptions(tenantId, SUBSCRIPTIONS_PAGE, cursor, null);
  const one = await store.getSubscription(tenantId, subscriptionId);
  return { values: one === null ? [] : [one], next: null };
}
