import { decodeTime, encodeTime, ulid } from 'ulid';
import * as z from 'zod';

/** The company's own name for its customer. */
export const TenantId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
/** Reserved for Posthorn's own events. */
export const SYSTEM_TENANT = 'posthorn';
/** An event's id: the publisher's own (its idempotency key), or one of ours. */
export const EventId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
export const SubscriptionId = z.string().regex(/^sub_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be an id like sub_01J…');

/** Holds the time when the job was started. */
export const JobId = z.string().regex(/^job_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be an id like job_01J…');

export const RejectedEventId = z.string().regex(/^rej_[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be an id like rej_01J…');

/** The time that an id of ours holds, epoch milliseconds. */
export function timeOfId(id: string): number {
  return decodeTime(id.slice(id.indexOf('_') + 1));
}

/** Randomness as the domain takes it: a number from 0 up to but not including 1. */
export type Random = () => number;

/** A new id that sorts by time. `now` in epoch milliseconds. */
export function newId(
  prefix: 'sub' | 'evt' | 'rej' | 'ptk' | 'key' | 'aud' | 'job',
  now: number,
  random: Random,
): string {
  return `${prefix}_${ulid(now, random)}`;
}

/** The latest time that an id can hold, in the year 10889. The earliest is the first millisecond of 1970: the library takes 0 for now. */
const MAX_ID_TIME = 2 ** 48 - 1;

/**
 * An id that follows from a message: a message that SQS hands out twice keeps its id.
 * @param sentAt epoch milliseconds; of one that no id can hold, the nearest that it can
 * @param seed what names the message uniquely, as bytes (at least 16, as an id takes)
 */
export function deriveId(prefix: 'evt' | 'rej', sentAt: number, seed: Uint8Array): string {
  let next = 0;
  return newId(prefix, Math.min(Math.max(sentAt, 1), MAX_ID_TIME), () => (seed[next++ % seed.length] ?? 0) / 256);
}

const OWN_EVENT_ID = /^evt_([0-7][0-9A-HJKMNP-TV-Z]{25})$/;

/** When an id of our form was made, epoch milliseconds; null for an id of any other form. */
export function timeOfEventId(id: string): number | null {
  const [, text] = OWN_EVENT_ID.exec(id) ?? [];
  return text === undefined ? null : decodeTime(text);
}

/** What identifies a delivery; `eventAt` is when Posthorn accepted the event (epoch milliseconds). */
export interface DeliveryRef {
  subscriptionId: string;
  eventId: string;
  eventAt: number;
}

/** Holds everything that finds the delivery again, so that no index is needed for it. Opaque to callers. */
export function deliveryId({ subscriptionId, eventId, eventAt }: DeliveryRef): string {
  return `dlv_${subscriptionId.slice('sub_'.length)}${encodeTime(eventAt, 10)}_${eventId}`;
}

const DELIVERY_ID = /^dlv_([0-9A-HJKMNP-TV-Z]{26})([0-7][0-9A-HJKMNP-TV-Z]{9})_([A-Za-z0-9_-]{1,64})$/;

export const DeliveryId = z.string().regex(DELIVERY_ID, 'must be an id like dlv_01J…');

/** Null for anything that `deliveryId` has not made. */
export function parseDeliveryId(id: string): DeliveryRef | null {
  const [, subscription, time, eventId] = DELIVERY_ID.exec(id) ?? [];
  if (subscription === undefined || time === undefined || eventId === undefined) return null;
  return { subscriptionId: `sub_${subscription}`, eventId, eventAt: decodeTime(`${time}${'0'.repeat(16)}`) };
}
