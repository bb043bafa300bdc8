import * as z from 'zod';
import { EventId, SYSTEM_TENANT, TenantId } from '../ids.ts';
import { Refusal } from '../refusal.ts';
import { Environment } from './environment.ts';

/** An event in the journal. `data` is JSON text; null once it has been expunged. Times are epoch milliseconds. */
export const Event = z.object({
  tenantId: TenantId,
  id: EventId,
  type: z.string(),
  environment: Environment,
  occurredAt: z.number(),
  /** When the API made its id, or the queue took it: part of its deliveries' keys. */
  acceptedAt: z.number(),
  /** When it was first written: a repetition goes only to subscriptions that are older. */
  recordedAt: z.number(),
  /** Empty for Posthorn's own: system events, and those of tests. */
  contentHash: z.string(),
  data: z.string().nullable(),
  /** The trace that its publisher was in, as W3C writes it; absent if it named none. */
  traceparent: z.string().optional(),
});
export type Event = z.infer<typeof Event>;

/** Whether it was made for a test: it goes to the subscription under test alone. */
export function isTestEvent({ contentHash, tenantId }: Pick<Event, 'contentHash' | 'tenantId'>): boolean {
  return contentHash === '' && tenantId !== SYSTEM_TENANT;
}

/** The answer to whoever asks to send it again. */
export const DATA_EXPUNGED = new Refusal(
  'conflict',
  'The data of the event was expunged, so there is nothing to send.',
);
