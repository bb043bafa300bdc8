import { createHash } from 'node:crypto';
import * as z from 'zod';
import { EventId } from '../ids.ts';

const Timestamp = z.iso.datetime();

/** Whom an event is about. `url` never carries credentials. */
const SUBSCRIPTION = { tenantId: z.string(), subscriptionId: z.string(), url: z.string() };

/** The last attempt that failed. `status`: the receiver's answer, if there was one. */
export const LastFailure = z.object({
  outcome: z.string(),
  status: z.int().nullable(),
  message: z.string(),
  at: Timestamp,
});

const Reason = z.object({ code: z.string(), message: z.string() });

/** How many such things this event stands for. */
const Count = z.int().positive();

/** A job as the API shows it. */
const Job = z.object({
  id: z.string(),
  kind: z.string(),
  /** With `dryRun: true` the job has only counted. */
  filter: z.record(z.string(), z.unknown()),
  status: z.string(),
  progress: z.object({ done: z.int(), failed: z.int(), total: z.int().nullable() }),
  createdAt: Timestamp,
  endedAt: Timestamp,
  error: Reason.nullable(),
});

/** What can happen thousands of times a minute, and is told once a minute (counted.ts). */
export const CountedSystemEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('posthorn.delivery.exhausted'),
    data: z.object({
      ...SUBSCRIPTION,
      deliveryId: z.string(),
      eventId: z.string(),
      eventType: z.string(),
      attempts: z.int(),
      lastFailure: LastFailure.nullable(),
      count: Count,
    }),
  }),
  z.object({
    type: z.literal('posthorn.event.rejected'),
    /** `tenantId` is null if the message named none. */
    data: z.object({ tenantId: z.string().nullable(), rejectedEventId: z.string(), reason: Reason, count: Count }),
  }),
]);
export type CountedSystemEvent = z.infer<typeof CountedSystemEvent>;

/** What Posthorn tells of itself, each with its data: a closed list. docs/system-events.md explains each. */
export const SystemEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('posthorn.subscription.failing'),
    data: z.object({
      ...SUBSCRIPTION,
      since: Timestamp,
      failures: z.int().positive(),
      lastFailure: LastFailure,
      /** Null if it stays active however long it fails. */
      disablesAt: Timestamp.nullable(),
    }),
  }),
  z.object({
    type: z.literal('posthorn.subscription.recovered'),
    data: z.object({ ...SUBSCRIPTION, failedSince: Timestamp }),
  }),
  z.object({
    type: z.literal('posthorn.subscription.disabled'),
    /** `since`: when it was disabled. */
    data: z.object({ ...SUBSCRIPTION, reason: Reason, since: Timestamp }),
  }),
  ...CountedSystemEvent.options,
  z.object({
    type: z.literal('posthorn.job.ended'),
    data: z.object({ tenantId: z.string().nullable(), subscriptionId: z.string().nullable(), job: Job }),
  }),
]);
export type SystemEvent = z.infer<typeof SystemEvent>;

export const SYSTEM_EVENT_TYPES = SystemEvent.options.map(({ shape }) => shape.type.value);

/** A system event that is owed. The id alone says which it is. `at` in epoch milliseconds. */
export const OwedSystemEvent = z.object({ id: EventId, at: z.number(), event: SystemEvent });
export type OwedSystemEvent = z.infer<typeof OwedSystemEvent>;

/** @param occasion names what happened uniquely, as in `sub_… disabled in generation 3`: told again, it has the same id */
export function systemEventId(occasion: string): string {
  return `sys_${createHash('sha256').update(occasion).digest('base64url').slice(0, 22)}`;
}
