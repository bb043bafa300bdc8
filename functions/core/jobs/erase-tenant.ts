import type { ApiKeyStore } from '../access/api-key-store.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import type { EventStore } from '../event/event-store.ts';
import type { RejectedEventStore } from '../event/rejected-event-store.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import type { Tenant } from '../tenant/tenant.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import type { Job, JobError, JobPage } from './job.ts';
import type { TaskOf } from './job-task.ts';
import { skeletonOf } from './skeleton.ts';
import type { TenantDataStore, TenantRecord } from './tenant-data.ts';

export interface EraseTenantPorts {
  tenantData: TenantDataStore;
  tenants: Pick<TenantStore, 'deleteTenant'> & {
    getTenant(tenantId: string): Promise<Pick<Tenant, 'createdAt'> | null>;
  };
  apiKeys: Pick<ApiKeyStore, 'listApiKeys' | 'deleteApiKey'>;
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions' | 'removeSubscription'>;
  events: Pick<EventStore, 'expungeEvent'>;
  deliveries: Pick<DeliveryStore, 'saveDelivery'>;
  rejectedEvents: Pick<RejectedEventStore, 'putRejectedEvents'>;
}

const PAGE = 100;

/** Attempts under way when their subscription went are on record by then. */
const PASS_PAUSE_MS = 60_000;

/** Something keeps writing what is erased, if so many passes do not suffice. */
const MAX_PASSES = 20;

const NOT_ERASED: JobError = {
  code: 'not_erased',
  message: `The last of ${MAX_PASSES} passes over the journal still found data: something keeps writing it. Stop its publishers, then start the erasure again.`,
};

/** Where an erasure is: what is erased next, after which item, and what the pass over the journal has found so far. */
interface Place {
  stage: 'subscriptions' | 'keys' | 'journal';
  after: string | null;
  pass: number;
  found: number;
}

const START: Place = { stage: 'subscriptions', after: null, pass: 0, found: 0 };

/**
 * A page of the erasure of a tenant: its subscriptions, its keys and itself, then all that the journal has of it. Passes
 * over the journal are repeated until one finds nothing: that is the proof.
 */
export async function erasePage(ports: EraseTenantPorts, job: Job, task: TaskOf<'erase'>): Promise<JobPage | JobError> {
  const place: Place = job.cursor === null ? START : JSON.parse(job.cursor);
  switch (place.stage) {
    case 'subscriptions':
      return eraseSubscriptions(ports, place, task);
    case 'keys':
      return eraseKeys(ports, place, task);
    case 'journal':
      return eraseJournal(ports, place, task);
    default:
      return place.stage satisfies never;
  }
}

async function eraseSubscriptions(
  { subscriptions, tenants }: EraseTenantPorts,
  place: Place,
  { tenantId, filter: { until } }: TaskOf<'erase'>,
): Promise<JobPage> {
  const page = await subscriptions.pageSubscriptions(
    tenantId,
    PAGE,
    place.after,
    ({ createdAt }) => createdAt <= until,
  );
  await Promise.all(page.values.map(({ id }) => subscriptions.removeSubscription(tenantId, id, null)));
  if (page.next !== null) return pageAt({ ...place, after: page.next }, page.values.length);
  const tenant = await tenants.getTenant(tenantId);
  if (tenant !== null && tenant.createdAt <= until) await tenants.deleteTenant(tenantId);
  return pageAt({ ...place, stage: 'keys', after: null }, page.values.length);
}

async function eraseKeys(
  { apiKeys }: EraseTenantPorts,
  place: Place,
  { tenantId, filter: { until } }: TaskOf<'erase'>,
): Promise<JobPage> {
  const page = await apiKeys.listApiKeys(PAGE, place.after);
  const own = page.values.filter((key) => key.tenantId === tenantId && key.createdAt <= until);
  await Promise.all(own.map(({ id }) => apiKeys.deleteApiKey(id)));
  if (page.next !== null) return pageAt({ ...place, after: page.next }, own.length);
  return pageAt({ ...place, stage: 'journal', after: null, pass: 1 }, own.length);
}

async function eraseJournal(
  ports: EraseTenantPorts,
  place: Place,
  { tenantId, filter }: TaskOf<'erase'>,
): Promise<JobPage | JobError> {
  const page = await ports.tenantData.scanTenantData(tenantId, place.after);
  const old = page.records.filter((record) => timeOf(record) <= filter.until);
  const kept = filter.keepLog ? old.filter(({ kind }) => kind !== 'token' && kind !== 'audit_record') : [];
  const holding = kept.filter(holdsContent);
  const removed = [...page.expired, ...old.filter((record) => !kept.includes(record))];
  await Promise.all([ports.tenantData.removeTenantData(removed), ...holding.map((record) => strip(ports, record))]);
  const done = removed.length + holding.length;
  const found = place.found + done;
  if (page.next !== null) return pageAt({ ...place, after: page.next, found }, done);
  const result = { passes: place.pass, left: found };
  // The first pass erases; only a later one can prove.
  if (found === 0 && place.pass > 1) return { done, failed: 0, cursor: null, result };
  if (place.pass === MAX_PASSES) return NOT_ERASED;
  const next: Place = { stage: 'journal', after: null, pass: place.pass + 1, found: 0 };
  return { ...pageAt(next, done), pauseMs: PASS_PAUSE_MS, result };
}

function pageAt(place: Place, done: number): JobPage {
  return { done, failed: 0, cursor: JSON.stringify(place) };
}

/** When the thing came about that the record tells of. */
function timeOf({ kind, value }: TenantRecord): number {
  switch (kind) {
    case 'event':
      return value.acceptedAt;
    case 'delivery':
      return value.eventAt;
    case 'rejected_event':
      return value.rejectedAt;
    case 'token':
      return value.createdAt;
    case 'audit_record':
      return value.at;
    default:
      return kind satisfies never;
  }
}

function holdsContent({ kind, value }: TenantRecord): boolean {
  switch (kind) {
    case 'event':
      return value.data !== null;
    case 'delivery':
      return skeletonOf(value) !== value;
    case 'rejected_event':
      return value.body !== '';
    case 'token':
    case 'audit_record':
      return true;
    default:
      return kind satisfies never;
  }
}

/** What another writer changes meanwhile is found by the next pass. */
async function strip(ports: EraseTenantPorts, { kind, value }: TenantRecord): Promise<unknown> {
  switch (kind) {
    case 'event':
      return ports.events.expungeEvent(value);
    case 'delivery':
      return ports.deliveries.saveDelivery(skeletonOf(value), value.revision);
    case 'rejected_event':
      return ports.rejectedEvents.putRejectedEvents([
        { ...value, body: '', bodyTruncated: true, reason: { ...value.reason, message: '', errors: [] } },
      ]);
    case 'token':
      return ports.tenantData.removeTenantData([{ kind, value }]);
    case 'audit_record':
      return ports.tenantData.removeTenantData([{ kind, value }]);
    default:
      return kind satisfies never;
  }
}
