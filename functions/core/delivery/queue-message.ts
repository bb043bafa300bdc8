import * as z from 'zod';
import { SYSTEM_TENANT } from '../ids.ts';
import { TellCountedMessage } from '../system-event/counted.ts';
import { AttemptTrigger } from './attempt.ts';
import type { Delivery } from './delivery.ts';

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
  /** The event was published or fanned out before, so another message may have made this delivery's first attempt. */
  repeated: z.literal(true).optional(),
  /** Why there is to be no attempt: the delivery is to be recorded as cancelled. */
  cancel: z.literal('filter_over_budget').optional(),
});
export type DeliverMessage = z.infer<typeof DeliverMessage>;

/** On the retries queue: a subscription is active again, its breaker has closed, its limit is raised, or it is deleted; look at what waits for it. */
export const SettleParkedMessage = z.object({
  v: z.literal(1),
  kind: z.literal('settle_parked'),
  tenantId: z.string(),
  subscriptionId: z.string(),
});
export type SettleParkedMessage = z.infer<typeof SettleParkedMessage>;

export const WorkMessage = z.discriminatedUnion('kind', [DeliverMessage, SettleParkedMessage, TellCountedMessage]);
export type WorkMessage = z.infer<typeof WorkMessage>;

/** What messages are grouped by: fair queues. */
export function groupOf(message: WorkMessage): string {
  switch (message.kind) {
    case 'tell_counted':
      return SYSTEM_TENANT;
    default:
      return message.subscriptionId;
  }
}

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

/** Rounded up: a message that wakes too early would be received for nothing. */
export function wholeSeconds(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms / 1_000), 0), MAX_DELAY_SECONDS);
}

/** The message that carries a delivery. */
export function deliverMessage({ tenantId, subscriptionId, eventId, eventAt, ticket }: Delivery): DeliverMessage {
  return { v: 1, kind: 'deliver', tenantId, subscriptionId, eventId, eventAt, ticket, trigger: 'automatic' };
}

export function settleParkedMessage({ tenantId, id }: { tenantId: string; id: string }): Outgoing {
  return { message: { v: 1, kind: 'settle_parked', tenantId, subscriptionId: id }, delaySeconds: 0 };
}
