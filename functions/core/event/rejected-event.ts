import * as z from 'zod';

export const REJECTION_CODES = [
  'malformed_json',
  'invalid_event',
  'payload_too_large',
  'unknown_event_type',
  'invalid_data',
  'schema_over_budget',
  'id_reused',
  'reserved_tenant',
] as const;

export const RejectionReason = z.object({
  code: z.enum(REJECTION_CODES),
  message: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type RejectionReason = z.infer<typeof RejectionReason>;

/** A message that was not an event, with the original body. */
export const RejectedEvent = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  rejectedAt: z.number(),
  reason: RejectionReason,
  body: z.string(),
  /** True if the body was too long to be kept whole. */
  bodyTruncated: z.boolean(),
  /** Of the message as it was first sent: published again, it makes the same event. Null in records from before. */
  messageId: z.string().nullable(),
  /** When it was last published again; null if it was rejected since, or never was. Epoch milliseconds. */
  republishedAt: z.number().nullable(),
});
export type RejectedEvent = z.infer<typeof RejectedEvent>;
