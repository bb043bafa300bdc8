import * as z from 'zod';
import type { HttpTarget, TargetPort } from './target.ts';

/** What became of one HTTP request to a receiver. */
export const ATTEMPT_OUTCOMES = [
  'success',
  'http_error',
  'timeout',
  'connection_refused',
  'connection_reset',
  'dns_error',
  'tls_error',
  'protocol_error',
  'blocked_address',
] as const;
export const AttemptOutcome = z.enum(ATTEMPT_OUTCOMES);
export type AttemptOutcome = z.infer<typeof AttemptOutcome>;

/** The receiver's answer, as far as it is kept: `body` is at most 2 KiB of text. */
export const ReceiverResponse = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  truncated: z.boolean(),
});
export type ReceiverResponse = z.infer<typeof ReceiverResponse>;

/** Why there was no answer, or no usable one: a stable code, and words that a customer understands. */
export const AttemptError = z.object({ code: z.string(), message: z.string() });
export type AttemptError = z.infer<typeof AttemptError>;

/** One request to a receiver, complete: what is in `body` is what is sent. */
export interface WebhookRequest {
  /** POST for deliveries; handshakes use the others, without a body. */
  method?: 'POST' | 'GET' | 'OPTIONS';
  /** Lower-case names of response headers to keep besides the usual ones. */
  alsoKeep?: readonly string[];
  /** Absolute URL; userinfo in it is sent as basic auth. */
  url: string;
  headers: Record<string, string>;
  body: string;
  /** For everything together: name lookup, connecting, headers, body. It starts when the request can leave. */
  timeoutMs: number;
  /** How long the request may wait for one of our connections to be free before that; 5 s if it is left out. */
  maxWaitMs?: number;
}

/** What became of a request that left, or that could not leave because of the receiver's address. */
export interface WebhookResult {
  outcome: AttemptOutcome;
  /** From the moment the request could leave. */
  durationMs: number;
  response: ReceiverResponse | null;
  error: AttemptError | null;
}

/** Nothing was sent: all our connections to the receiver stayed busy. It says nothing about the receiver. */
export interface NotSent {
  outcome: 'not_sent';
  reason: 'no_connection';
}

export type SendResult = WebhookResult | NotSent;

/** The port through which requests leave. Status decides nothing here: `http_error` is anything that is not 2xx. */
export type WebhookSender = Pick<TargetPort<HttpTarget, WebhookRequest>, 'send'>;
