import * as z from 'zod';
import { REJECTION_CODES } from '../event/rejected-event.ts';

const ofCompany = { tenantId: z.null(), subscriptionId: z.null() };
const ofTenant = { tenantId: z.string(), subscriptionId: z.null() };
const ofSubscription = { tenantId: z.string(), subscriptionId: z.string() };

/** Which deliveries a range takes in, by when Posthorn accepted their events. Times are epoch milliseconds, both inclusive. */
const Range = z.object({
  from: z.number(),
  to: z.number(),
  /** Patterns, of which one must match; empty: any type. */
  eventTypes: z.array(z.string()),
  /** Only counts. */
  dryRun: z.boolean(),
});
export type Range = z.infer<typeof Range>;

export const REPLAY_STATUSES = ['failed', 'parked', 'missing', 'all'] as const;

/** Of what waits. */
export const CANCELLATION_STATUSES = ['pending', 'parked', 'all'] as const;

/** What a job does, with all that it needs to know. `missing`: events that the subscription would get today and never got. */
export const JobTask = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('replay'),
    ...ofSubscription,
    filter: Range.extend({
      status: z.enum(REPLAY_STATUSES),
      /** What the last attempt was answered; absent: anything, or nothing. */
      responseStatus: z.string().optional(),
    }),
  }),
  z.object({
    kind: z.literal('cancel'),
    ...ofSubscription,
    filter: Range.extend({ status: z.enum(CANCELLATION_STATUSES) }),
  }),
  z.object({
    kind: z.literal('replay_event'),
    tenantId: z.string(),
    /** Null: each of the tenant's. */
    subscriptionId: z.string().nullable(),
    filter: z.object({ eventId: z.string() }),
  }),
  /** What waits for a subscription that is active again, or deleted, and is too much to be woken at once. */
  z.object({ kind: z.literal('settle_parked'), ...ofSubscription, filter: z.object({}) }),
  /** The rest of a fan-out that was too long for one invocation. */
  z.object({ kind: z.literal('fan_out'), ...ofTenant, filter: z.object({ eventIds: z.array(z.string()) }) }),
  z.object({
    kind: z.literal('delete_tenant'),
    ...ofTenant,
    /** Epoch milliseconds. */
    filter: z.object({ until: z.number() }),
  }),
  z.object({
    kind: z.literal('erase'),
    ...ofTenant,
    filter: z.object({
      /** What is younger belongs to a tenant of the same name that came afterwards. Epoch milliseconds. */
      until: z.number(),
      /** Leaves the skeleton of the log: that there were events, deliveries and attempts, without what was in them. */
      keepLog: z.boolean(),
    }),
  }),
  z.object({
    kind: z.literal('recover'),
    ...ofCompany,
    /** Epoch milliseconds, both inclusive. */
    filter: z.object({ from: z.number(), to: z.number(), dryRun: z.boolean() }),
  }),
  z.object({
    kind: z.literal('republish'),
    ...ofCompany,
    filter: z.object({
      from: z.number(),
      to: z.number(),
      code: z.enum(REJECTION_CODES).nullable(),
      dryRun: z.boolean(),
    }),
  }),
]);
export type JobTask = z.infer<typeof JobTask>;
export type TaskOf<Kind extends JobTask['kind']> = Extract<JobTask, { kind: Kind }>;

export const JOB_KINDS = JobTask.options.map(({ shape }) => shape.kind.value);
