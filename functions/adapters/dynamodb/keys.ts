import type { NativeAttributeValue } from '@aws-sdk/lib-dynamodb';
import { type DeliveryRef, timeOfEventId, timeOfId } from '../../core/ids.ts';

/*
 * Every key of both tables. Nothing else builds one, so a query without its tenant or subscription cannot be written.
 * Partitions that take a tenant's whole write rate are spread over shards: DynamoDB gives one partition 1,000 writes a second.
 */

export type Item = Record<string, NativeAttributeValue>;
export interface Key extends Record<string, string> {
  pk: string;
  sk: string;
}

/** An item with its key. */
export type KeyedItem = Item & { pk: string; sk: string };

const DELIVERY_SHARDS = 4;
const EVENT_SHARDS = 4;
const DUE_SHARDS = 8;
const REJECTED_SHARDS = 4;
const JOB_SHARDS = 4;
const STATS_SHARDS = 8;
const STATS_RECORD_SHARDS = 4;

// Catalog
export const tenantKey = (tenantId: string): Key => ({ pk: tenantPartition(tenantId), sk: 'A#TENANT' });
export const subscriptionKey = (tenantId: string, subscriptionId: string): Key => ({
  pk: tenantPartition(tenantId),
  sk: subscriptionId,
});
/** Holds the tenant itself (first, by its sort key) and its subscriptions, which one query reads. */
export const tenantPartition = (tenantId: string): string => `T#${tenantId}`;
/** Partition of the Catalog's list index. */
export const TENANT_LIST = 'TENANT';
export const EVENT_TYPES = 'EVENT_TYPE';
export const eventTypeKey = (name: string): Key => ({ pk: EVENT_TYPES, sk: name });
/** The latest version of a profile of the company's own; its versions beside it stay, for the deliveries that began with them. */
export const profileKey = (name: string): Key => ({ pk: `PROFILE#${name}`, sk: 'LATEST' });
export const profileVersionKey = (name: string, version: number): Key => ({
  pk: `PROFILE#${name}`,
  sk: `V#${String(version).padStart(6, '0')}`,
});
export const PROFILE_LIST = 'PROFILE';
/** Partition of the Catalog's list index: the subscriptions that use a profile of the company's own. */
export const profileUsers = (name: string): string => `PROFILE#${name}`;
/** The company's and the tenants' keys. Their ids sort by time, so the table itself lists them. */
export const API_KEYS = 'API_KEY';
export const apiKeyKey = (id: string): Key => ({ pk: API_KEYS, sk: id });
export const dataKeyKey = (id: string): Key => ({ pk: 'DATA_KEY', sk: id });

// Journal
/**
 * An event whose id is one of ours holds its time, so the table itself lists it. Ids of a publisher's own sort by nothing:
 * those events are found by id, and listed by an index, which costs a write more.
 */
export const eventItemKey = (tenantId: string, eventId: string): Key => {
  const at = timeOfEventId(eventId);
  return at === null
    ? { pk: `E#${tenantId}#${eventId}`, sk: 'EVENT' }
    : { pk: eventPartition(tenantId, eventId), sk: timeKey(at, eventId) };
};
/** An id of our form that was made by somebody else, or long before its event came, says nothing of when that was. */
const SAME_TIME_MS = 60_000;

/** The key in the list index; null for an event that the table itself lists. */
export const eventListKey = (
  tenantId: string,
  eventId: string,
  acceptedAt: number,
): { listPk: string; listSk: string } | null => {
  const at = timeOfEventId(eventId);
  return at !== null && Math.abs(at - acceptedAt) <= SAME_TIME_MS
    ? null
    : { listPk: eventPartition(tenantId, eventId), listSk: timeKey(acceptedAt, eventId) };
};
const eventPartition = (tenantId: string, eventId: string): string => `T#${tenantId}#${hash(eventId) % EVENT_SHARDS}`;
/** The partitions of both, in the table and in the index. */
export const eventPartitions = (tenantId: string): string[] =>
  shards(EVENT_SHARDS, (shard) => `T#${tenantId}#${shard}`);

export const deliveryKey = ({ subscriptionId, eventId, eventAt }: DeliveryRef): Key => ({
  pk: `S#${subscriptionId}#${hash(eventId) % DELIVERY_SHARDS}`,
  sk: timeKey(eventAt, eventId),
});
export const deliveryPartitions = (subscriptionId: string): string[] =>
  shards(DELIVERY_SHARDS, (shard) => `S#${subscriptionId}#${shard}`);
/** Partitions of the list index that hold a subscription's deliveries of one status other than succeeded. */
export const statusPartitions = (subscriptionId: string, status: string): string[] =>
  shards(DELIVERY_SHARDS, (shard) => statusShard(subscriptionId, status, shard));
export const statusPartition = ({ subscriptionId, eventId }: DeliveryRef, status: string): string =>
  statusShard(subscriptionId, status, hash(eventId) % DELIVERY_SHARDS);
const statusShard = (subscriptionId: string, status: string, shard: number): string =>
  `S#${subscriptionId}#${status}#${shard}`;

/** What `deliveryKey` has put into a key. */
export function parseDeliveryKey({ pk, sk }: { pk: string; sk: string }): DeliveryRef {
  const separator = sk.indexOf('#');
  return {
    subscriptionId: pk.slice(2, pk.lastIndexOf('#')),
    eventAt: Date.parse(sk.slice(0, separator)),
    eventId: sk.slice(separator + 1),
  };
}

export const duePartition = (eventId: string): string => `DUE#${hash(eventId) % DUE_SHARDS}`;
export const duePartitions = (): string[] => shards(DUE_SHARDS, (shard) => `DUE#${shard}`);

export const rejectedKey = (id: string, rejectedAt: number): Key => ({
  pk: `REJECTED#${hash(id) % REJECTED_SHARDS}`,
  sk: timeKey(rejectedAt, id),
});
/** Its id holds the time of its record. */
export const rejectedKeyOf = (id: string): Key => rejectedKey(id, timeOfId(id));
export const rejectedPartitions = (): string[] => shards(REJECTED_SHARDS, (shard) => `REJECTED#${shard}`);

/** How often something happened in the minute that begins then. */
export const countKey = (subject: string, startsAt: number): Key => ({
  pk: `COUNT#${subject}`,
  sk: new Date(startsAt).toISOString(),
});
export const jobKey = (jobId: string): Key => ({
  pk: `JOB#${hash(jobId) % JOB_SHARDS}`,
  sk: timeKey(timeOfId(jobId), jobId),
});
export const jobPartitions = (): string[] => shards(JOB_SHARDS, (shard) => `JOB#${shard}`);
/** Partition of the list index that holds a tenant's jobs. */
export const tenantJobs = (tenantId: string): string => `JOBS#${tenantId}`;
/** Partition of the due index. A job is written once a page, so one partition takes them all. */
export const DUE_JOBS = 'DUE_JOBS';
/** What a rate-limited subscription has reserved. */
export const rateLimitKey = (subscriptionId: string): Key => ({ pk: `RATE#${subscriptionId}`, sk: 'RESERVATIONS' });

/** One subscription's counters of one hour. The day comes first, for a tenant's range; then the subscription, for its own. */
export const statsKey = (tenantId: string, subscriptionId: string, hour: number): Key => ({
  pk: statsPartition(tenantId, hash(subscriptionId) % STATS_SHARDS),
  sk: `${statsDay(hour)}#${subscriptionId}#${new Date(hour).toISOString().slice(11, 13)}`,
});
const statsPartition = (tenantId: string, shard: number): string => `STATS#${tenantId}#${shard}`;
const statsDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
export const statsPartitions = (tenantId: string): string[] =>
  shards(STATS_SHARDS, (shard) => statsPartition(tenantId, shard));
/** Sort keys of all subscriptions' counters, from the day of one hour to that of another. */
export const statsDays = (firstHour: number, lastHour: number) => ({
  from: statsDay(firstHour),
  to: `${statsDay(lastHour)}~`,
});
/** The hour that `statsKey` has put into a key, epoch milliseconds. */
export const parseStatsHour = (sk: string): number => Date.parse(`${sk.slice(0, 10)}T${sk.slice(-2)}:00:00.000Z`);

/** What one batch adds to the statistics. Every second's records are spread over the partitions, and sort by time in each. */
export const statsRecordKey = (at: number, id: string): Key => ({
  pk: `STATS_RECORD#${hash(id) % STATS_RECORD_SHARDS}`,
  sk: timeKey(at, id),
});
export const statsRecordPartitions = (): string[] => shards(STATS_RECORD_SHARDS, (shard) => `STATS_RECORD#${shard}`);
/** The time that `statsRecordKey` has put into a sort key. */
export const parseStatsRecordTime = (sk: string): number => Date.parse(sk.slice(0, sk.indexOf('#')));
/** How far the records have been added to the counters. */
export const STATS_FOLDED: Key = { pk: 'STATS_RECORD', sk: 'FOLDED' };

/** Which of a subscription's attempts are under way. */
export const inFlightKey = (subscriptionId: string): Key => ({ pk: `RATE#${subscriptionId}`, sk: 'IN_FLIGHT' });

/** That a subscription of the tenant was about to be written then. */
export const changePartition = (tenantId: string): string => `CHANGED#${tenantId}`;
/** With the revision that it makes, null for a deletion: of two at the same moment neither takes the other's place. */
export const changeKey = (tenantId: string, subscriptionId: string, revision: number | null, at: number): Key => ({
  pk: changePartition(tenantId),
  sk: `${timeKey(at, subscriptionId)}#${revision ?? DELETED}`,
});
const DELETED = 'deleted';
/** What `changeKey` has put into a sort key. */
export function parseChangeKey(sk: string): { id: string; revision: number | null } {
  const [, id = '', revision = DELETED] = sk.split('#');
  return { id, revision: revision === DELETED ? null : Number(revision) };
}

export const idempotencyKey = (hashed: string): Key => ({ pk: `I#${hashed}`, sk: 'IDEMPOTENCY' });
/** When the tenant of this name was deleted last. */
export const forgottenAnswersKey = (tenantId: string): Key => ({ pk: `I#${tenantId}`, sk: 'FORGOTTEN' });

/** A tenant's tokens. Their ids sort by time, so the table itself lists them. */
export const tokenPartition = (tenantId: string): string => `TOKEN#${tenantId}`;
export const tokenKey = (tenantId: string, id: string): Key => ({ pk: tokenPartition(tenantId), sk: id });

/** A tenant's part of the audit trail lies together; the list index has the whole trail. */
export const auditPartition = (tenantId: string | null): string => `AUDIT#${tenantId ?? ''}`;
const AUDIT_SHARDS = 4;
export const auditListPartitions = (): string[] => shards(AUDIT_SHARDS, (shard) => `AUDIT_LIST#${shard}`);
export const auditItemKeys = ({ id, at, tenantId }: { id: string; at: number; tenantId: string | null }) => ({
  pk: auditPartition(tenantId),
  sk: timeKey(at, id),
  listPk: `AUDIT_LIST#${hash(id) % AUDIT_SHARDS}`,
  listSk: timeKey(at, id),
});

/** What the partition keys of a tenant's records in the journal begin with. */
export const RECORD_PREFIXES = [
  { prefix: 'E#', kind: 'event' },
  { prefix: 'T#', kind: 'event' },
  { prefix: 'S#', kind: 'delivery' },
  { prefix: 'REJECTED#', kind: 'rejected_event' },
  { prefix: 'TOKEN#', kind: 'token' },
  { prefix: 'AUDIT#', kind: 'audit_record' },
] as const;

/** A key as one text, for maps. */
export const keyText = ({ pk, sk }: Item): string => `${pk} ${sk}`;

/** Sorts by time. RFC 3339 in UTC has one length, so its order is that of time. */
export const timeKey = (at: number, id: string): string => `${new Date(at).toISOString()}#${id}`;

function shards(count: number, name: (shard: number) => string): string[] {
  return Array.from({ length: count }, (_, shard) => name(shard));
}

/** FNV-1a, 32 bits: spreads ids evenly; nothing secret depends on it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value;
}
