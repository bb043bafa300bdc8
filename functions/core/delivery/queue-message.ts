import * as z from 'zod';
import { AttemptTrigger } from './attempt.ts';

/** On the deliveries queue (the first attempt) and on the retries queue (every later one): look at this delivery. */
export const DeliverMessage = z.object({
  v: z.literal(1),
  kind: z.literal('deliver'),
  tenantId: z.string(),
  subscriptionId: z.string(),
  eventId: z.string(),
  eventAt: z.number(),
  ticket: z.int(),
  /** What a first attempt counts as; later ones go by the journal. */
  trigger: AttemptTrigger,
});
export type DeliverMessage = z.infer<typeof DeliverMessage>;

/** On the retries queue: a subscription is active again, or deleted; see to its parked deliveries, oldest first. */
export const ReleaseMessage = z.object({
  v: z.literal(1),
  kind: z.literal('release'),
  tenantId: z.string(),
  subscriptionId: z.string(),
  parked: z.enum(['deliver', 'discard']),
  /** Epoch milliseconds: parked deliveries of older events are discarded. */
  since: z.number().nullable(),
  cursor: z.string().nullable(),
});
export type ReleaseMessage = z.infer<typeof ReleaseMessage>;

/** On the retries queue: a tenant was deleted; delete the subscriptions that it had. */
export const DeleteTenantMessage = z.object({
  v: z.literal(1),
  kind: z.literal('delete_tenant'),
  tenantId: z.string(),
  /** Epoch milliseconds: younger subscriptions stay. */
  createdUntil: z.number(),
  cursor: z.string().nullable(),
});
export type DeleteTenantMessage = z.infer<typeof DeleteTenantMessage>;

export const WorkMessage = z.discriminatedUnion('kind', [DeliverMessage, ReleaseMessage, DeleteTenantMessage]);
export type WorkMessage = z.infer<typeof WorkMessage>;

/** A message to be sent, to become visible after `delaySeconds` (SQS: 0 to 900). */
export interface Outgoing {
  message: WorkMessage;
  delaySeconds: number;
}

/** The port to a queue. */
export interface WorkQueue {
  /** Tries every message. Rejects with a `PartialFailure` of those that were not sent, unless all are durably queued. */
  send(messages: readonly Outgoing[]): Promise<void>;
}

export const MAX_DELAY_SECONDS = 900;

export function releaseMessage(
  { tenantId, id }: { tenantId: string; id: string },
  parked: ReleaseMessage['parked'],
  since: number | null,
): Outgoing {
  const message: ReleaseMessage = { v: 1, kind: 'release', tenantId, subscriptionId: id, parked, since, cursor: null };
  return { message, delaySeconds: 0 };
}

export function deleteTenantMessage(task: Omit<DeleteTenantMessage, 'v' | 'kind'>): Outgoing {
  return { message: { v: 1, kind: 'delete_tenant', ...task }, delaySeconds: 0 };
}
