import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import { Attempt } from '../../core/delivery/attempt.ts';
import { Delivery } from '../../core/delivery/delivery.ts';
import { Event } from '../../core/event/event.ts';
import { RejectedEvent } from '../../core/event/rejected-event.ts';
import type { RecordedEvent } from '../../core/ingest/ingest.ts';
import { BUILT_IN_PROFILES } from '../../core/profile/built-in-profiles.ts';
import { MATCHABLE_FIELDS, type MatchableSubscription } from '../../core/subscription/match.ts';
import { Subscription } from '../../core/subscription/subscription.ts';
import {
  deliveryKey,
  duePartition,
  eventItemKey,
  eventListKey,
  type Item,
  parseDeliveryKey,
  profileUsers,
  rejectedKey,
  statusPartition,
  subscriptionKey,
  timeKey,
} from './keys.ts';

/** The version that every stored document carries, so that a later one can tell. */
const VERSION = 1;

/** Texts from this length on are compressed: below it, DynamoDB's write units (1 KB) leave nothing to save. */
const COMPRESS_FROM = 512;
/** One attempt with a short answer is about this long; it is not worth the CPU. */
const COMPRESS_ATTEMPTS_FROM = 1_024;

function pack(text: string, from = COMPRESS_FROM): string | Uint8Array {
  return text.length < from ? text : deflateRawSync(text, { level: constants.Z_BEST_SPEED });
}

/** A packed text, unpacked. */
const Packed = z.union([
  z.string(),
  z.instanceof(Uint8Array).transform((bytes) => inflateRawSync(bytes).toString('utf8')),
]);

/** @param expiresAt epoch seconds: when the journal may forget it */
export function eventItem(event: Event, expiresAt: number): Item {
  const { data, tenantId, id, ...rest } = event;
  return {
    ...eventItemKey(tenantId, id),
    v: VERSION,
    tenantId,
    id,
    ...rest,
    data: data === null ? null : pack(data),
    ...eventListKey(tenantId, id, event.acceptedAt),
    expiresAt,
  };
}

const EventItem = Event.extend({
  data: Packed.nullable(),
  fanOutCursor: z.string().nullable().default(null),
}).transform(({ fanOutCursor, ...event }): RecordedEvent => ({ event, fanOutCursor }));

export function parseEvent(item: Item): RecordedEvent {
  return EventItem.parse(item);
}

/** Attributes that are left out while they have these values, which they mostly have. */
const DELIVERY_DEFAULTS = {
  profile: 'standard',
  profileVersion: 1,
  statusReason: null,
  attempts: '[]',
  nextAttemptAt: null,
  completedAt: null,
  requested: null,
  ticket: 0,
  dueAt: null,
};

/** Deliveries that did not succeed are in the list index, those that wait for something in the due index. */
export function deliveryItem(delivery: Delivery, expiresAt: number): Item {
  const { subscriptionId, eventId, eventAt, ...attributes } = delivery;
  const key = deliveryKey(delivery);
  // Attempts are written whole and read whole. As text a long history can be compressed.
  const attempts = pack(JSON.stringify(delivery.attempts), COMPRESS_ATTEMPTS_FROM);
  const item: Item = { ...key, v: VERSION, ...attributes, attempts, expiresAt };
  if (delivery.status !== 'succeeded') {
    item.listPk = statusPartition(subscriptionId, delivery.status);
    item.listSk = key.sk;
  }
  if (delivery.dueAt !== null) item.duePk = duePartition(eventId);
  for (const name of ['statusReason', 'nextAttemptAt', 'completedAt', 'requested', 'dueAt'] as const) {
    if (delivery[name] === null) delete item[name];
  }
  if (delivery.ticket === 0) delete item.ticket;
  if (delivery.profile === DELIVERY_DEFAULTS.profile && delivery.profileVersion === DELIVERY_DEFAULTS.profileVersion) {
    delete item.profile;
    delete item.profileVersion;
  }
  return item;
}

export function parseDelivery(item: Item): Delivery {
  const { pk, sk } = ItemKey.parse(item);
  return DeliveryItem.parse({ ...DELIVERY_DEFAULTS, ...item, ...parseDeliveryKey({ pk, sk }) });
}

const DeliveryItem = Delivery.extend({
  attempts: Packed.transform((text): unknown => JSON.parse(text)).pipe(z.array(Attempt)),
});

const ItemKey = z.object({ pk: z.string(), sk: z.string() });

/** Only profiles of the company's own are looked up by use, so only their users are in the list index. */
export function subscriptionItem(subscription: Subscription): Item {
  const { filter, ...rest } = subscription;
  const item = {
    ...subscriptionKey(subscription.tenantId, subscription.id),
    v: VERSION,
    ...rest,
    // As text: DynamoDB's numbers end at 38 digits and at 1e126, a filter's need not.
    filter: filter === null ? null : JSON.stringify(filter),
  };
  return BUILT_IN_PROFILES.has(subscription.profile)
    ? item
    : { ...item, listPk: profileUsers(subscription.profile), listSk: timeKey(subscription.createdAt, subscription.id) };
}

/** The filter was checked when it was written; only its form is looked at here, which also keeps a member called __proto__. */
const SubscriptionItem = Subscription.extend({
  filter: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null))
    .nullable()
    .default(null),
});

const MatchableItem = SubscriptionItem.pick(
  Object.fromEntries(MATCHABLE_FIELDS.map((field) => [field, true])) as Record<(typeof MATCHABLE_FIELDS)[number], true>,
);

export function parseMatchable(item: Item): MatchableSubscription {
  return MatchableItem.parse(item);
}

export function parseSubscription(item: Item): Subscription {
  return SubscriptionItem.parse(item);
}

export function rejectedItem(rejected: RejectedEvent, expiresAt: number): Item {
  return {
    ...rejectedKey(rejected.id, rejected.rejectedAt),
    v: VERSION,
    ...rejected,
    body: pack(rejected.body),
    expiresAt,
  };
}

const RejectedItem = RejectedEvent.extend({ body: Packed });

export function parseRejected(item: Item): RejectedEvent {
  return RejectedItem.parse(item);
}
