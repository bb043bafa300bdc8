import type { DeliveryStore } from '../delivery/delivery-store.ts';
import type { WorkQueue } from '../delivery/queue-message.ts';
import { type Event, isTestEvent } from '../event/event.ts';
import type { EventStore } from '../event/event-store.ts';
import { SYSTEM_TENANT } from '../ids.ts';
import type { Page } from '../page.ts';
import { createMatcher, FilteredContent } from '../subscription/match.ts';
import type { Subscription } from '../subscription/subscription.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import type { Job, JobPage } from './job.ts';
import type { TaskOf } from './job-task.ts';
import { refOf, sendFirstAttempts } from './request-attempts.ts';

export interface RecoverPorts {
  tenants: Pick<TenantStore, 'listTenants'>;
  events: Pick<EventStore, 'listEvents'>;
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions'>;
  deliveries: Pick<DeliveryStore, 'getDeliveries'>;
  retries: WorkQueue;
}

/** A younger event may be on its way still: its fan-out, or the message of its first attempt. */
export const ON_ITS_WAY_MS = 15 * 60_000;

const EVENTS_PAGE = 25;
const SUBSCRIPTIONS_PAGE = 100;
/** Tenants without an event in the range that one page passes. */
const TENANTS_PAGE = 50;

/** Some of one tenant's events, and some of its subscriptions. Null: its first ones. */
interface Place {
  tenantId: string;
  events: string | null;
  subscriptions: string | null;
  /** Where the list of tenants goes on; null after the last. */
  tenants: { after: string | null } | null;
}

/** Posthorn's own events have subscriptions, too. */
const START: Place = { tenantId: SYSTEM_TENANT, events: null, subscriptions: null, tenants: { after: null } };

/**
 * A page of what the journal has an event of and no delivery: the fan-out was lost, or the message of the first attempt. Each
 * subscription that existed when the event came, and wants it, gets it. Deliveries on record wake by themselves: each
 * carries when it is due, and `sweep` finds it.
 */
export async function recoverPage(ports: RecoverPorts, job: Job, { filter }: TaskOf<'recover'>): Promise<JobPage> {
  let place: Place | null = job.cursor === null ? START : JSON.parse(job.cursor);
  for (let passed = 0; place !== null && passed < TENANTS_PAGE; passed += 1) {
    const events = await listEvents(ports, place, {
      ...filter,
      to: Math.min(filter.to, job.createdAt - ON_ITS_WAY_MS),
    });
    if (events.values.length > 0) return recoverEvents(ports, job, { place, events, dryRun: filter.dryRun });
    place = events.next === null ? await nextTenant(ports, place) : { ...place, events: events.next };
  }
  return { done: 0, failed: 0, cursor: place === null ? null : JSON.stringify(place) };
}

function listEvents({ events }: RecoverPorts, place: Place, { from, to }: { from: number; to: number }) {
  const options = { limit: EVENTS_PAGE, after: place.events, from, to, oldestFirst: true };
  return events.listEvents(place.tenantId, options, (event) => event.data !== null && !isTestEvent(event));
}

async function recoverEvents(
  ports: RecoverPorts,
  job: Job,
  { place, events, dryRun }: { place: Place; events: Page<Event>; dryRun: boolean },
): Promise<JobPage> {
  const { tenantId } = place;
  const subscriptions = await ports.subscriptions.pageSubscriptions(
    tenantId,
    SUBSCRIPTIONS_PAGE,
    place.subscriptions,
    null,
  );
  const { wanted, failed } = matchAll(events.values, subscriptions.values);
  const known = await ports.deliveries.getDeliveries(
    wanted.map(({ subscription, event }) => refOf(subscription, event)),
  );
  const missing = wanted.filter((_, index) => known[index] === null);
  if (!dryRun) await sendFirstAttempts(ports.retries, job, missing, 'automatic');
  const next = await nextPlace(ports, place, { events: events.next, subscriptions: subscriptions.next });
  return { done: missing.length, failed, cursor: next === null ? null : JSON.stringify(next) };
}

function matchAll(events: readonly Event[], subscriptions: readonly Subscription[]) {
  const contents = events.map((event) => new FilteredContent(() => JSON.parse(event.data ?? 'null')));
  let failed = 0;
  const wanted = subscriptions.flatMap((subscription) => {
    const match = createMatcher(subscription);
    return events
      .filter((event, index) => {
        const content = contents[index];
        const verdict = content === undefined ? 'no_match' : match(event, true, content);
        if (verdict === 'over_budget') failed += 1;
        return verdict === 'match';
      })
      .map((event) => ({ subscription, event }));
  });
  return { wanted, failed };
}

/** The same events with the next subscriptions, then the next events, then the next tenant. */
async function nextPlace(
  ports: RecoverPorts,
  place: Place,
  { events, subscriptions }: Pick<Place, 'events' | 'subscriptions'>,
): Promise<Place | null> {
  if (subscriptions !== null) return { ...place, subscriptions };
  if (events !== null) return { ...place, events, subscriptions: null };
  return nextTenant(ports, place);
}

async function nextTenant(ports: RecoverPorts, place: Place): Promise<Place | null> {
  let { tenants } = place;
  while (tenants !== null) {
    const { values, next } = await ports.tenants.listTenants(1, tenants.after);
    tenants = next === null ? null : { after: next };
    const tenant = values.find(({ id }) => id !== SYSTEM_TENANT);
    if (tenant !== undefined) return { tenantId: tenant.id, events: null, subscriptions: null, tenants };
  }
  return null;
}
