import * as z from 'zod';
import { ATTEMPT_OUTCOMES, AttemptError, ReceiverResponse } from '../target/webhook.ts';

export const ATTEMPT_TRIGGERS = ['automatic', 'manual', 'test', 'replay'] as const;
export const AttemptTrigger = z.enum(ATTEMPT_TRIGGERS);
export type AttemptTrigger = z.infer<typeof AttemptTrigger>;

/** `interrupted`: the attempt began, and its end was never recorded. The receiver may or may not have got the request. */
export const RecordedOutcome = z.enum([...ATTEMPT_OUTCOMES, 'interrupted']);

/** One HTTP request of a delivery. Times are epoch milliseconds. `request.url` never carries credentials. */
export const Attempt = z.object({
  /** Unique within its delivery: an attempt is recorded once, however often it is written. */
  id: z.string(),
  number: z.int().positive(),
  trigger: AttemptTrigger,
  startedAt: z.number(),
  durationMs: z.number(),
  outcome: RecordedOutcome,
  request: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  response: ReceiverResponse.nullable(),
  error: AttemptError.nullable(),
});
export type Attempt = z.infer<typeof Attempt>;
