import * as z from 'zod';
import { AttemptError, AttemptOutcome, ReceiverResponse } from '../target/webhook.ts';

export const ATTEMPT_TRIGGERS = ['automatic', 'manual', 'test', 'replay'] as const;
export const AttemptTrigger = z.enum(ATTEMPT_TRIGGERS);
export type AttemptTrigger = z.infer<typeof AttemptTrigger>;

/** One HTTP request of a delivery. Times are epoch milliseconds. `request.url` never carries credentials. */
export const Attempt = z.object({
  number: z.int().positive(),
  trigger: AttemptTrigger,
  startedAt: z.number(),
  durationMs: z.number(),
  outcome: AttemptOutcome,
  request: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  response: ReceiverResponse.nullable(),
  error: AttemptError.nullable(),
});
export type Attempt = z.infer<typeof Attempt>;
