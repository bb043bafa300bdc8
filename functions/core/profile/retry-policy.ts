import * as z from 'zod';
import type { Random } from '../ids.ts';
import { statusClass } from '../target/status-class.ts';
import type { WebhookResult } from '../target/webhook.ts';
import { parseRetryAfter } from './retry-after.ts';

/** A status, or a class of them as in `5xx`. */
export const StatusPattern = z
  .string()
  .regex(/^[1-5](?:[0-9][0-9]|xx)$/, 'must be a status like 410, or a class like 5xx');

export function matchesStatus(patterns: readonly string[], status: number): boolean {
  return patterns.includes(String(status)) || patterns.includes(statusClass(status));
}

const WEEK_SECONDS = 604_800;

/** When a delivery is tried again, and for what. */
export const RetryPolicy = z.strictObject({
  gapsSeconds: z
    .array(z.number().positive().max(WEEK_SECONDS))
    // A delivery keeps 40 attempts, by which its failures are counted; some are left for those by hand.
    .max(25)
    .meta({ description: 'Seconds from an attempt’s end to the next; as many retries as there are gaps.' }),
  jitter: z.number().min(0).max(0.5).default(0).meta({
    description: '0.2 spreads each gap over ±20 %, so that deliveries that failed together do not return together.',
  }),
  deadlineSeconds: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .meta({ description: 'No attempt begins later than this after the first one began.' }),
  timeoutSeconds: z
    .number()
    .positive()
    .max(20)
    .nullable()
    .default(null)
    .meta({ description: 'For one attempt, everything together; the deployment’s own if null or longer.' }),
  on: z
    .strictObject({
      network: z.boolean().default(true).meta({ description: 'No answer, or none that is HTTP.' }),
      timeout: z.boolean().default(true),
      statuses: z.array(StatusPattern).nullable().default(null).meta({
        description: 'Of those that are failures; null means all.',
      }),
    })
    .prefault({}),
  retryAfter: z
    .strictObject({ statuses: z.array(StatusPattern), maxSeconds: z.number().positive().max(WEEK_SECONDS) })
    .nullable()
    .default(null)
    .meta({ description: 'Statuses whose Retry-After is honoured, never sooner than the planned gap.' }),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

export type RetryPlan = { kind: 'retry'; at: number } | { kind: 'exhausted' } | { kind: 'not_retried' };

export interface FailedAttempts {
  /** How many automatic attempts have failed, the last one included. */
  failures: number;
  /** When the first attempt began, epoch milliseconds. */
  firstStartedAt: number;
}

/**
 * When a failed delivery is tried again.
 * @param now when the attempt ended, epoch milliseconds
 */
export function planRetry(
  policy: RetryPolicy,
  { failures, firstStartedAt }: FailedAttempts,
  result: Pick<WebhookResult, 'outcome' | 'response'>,
  now: number,
  random: Random,
): RetryPlan {
  if (!isRetried(policy, result)) return { kind: 'not_retried' };
  const gap = policy.gapsSeconds[Math.max(failures, 1) - 1];
  if (gap === undefined) return { kind: 'exhausted' };
  const planned = gap * (1 + policy.jitter * (2 * random() - 1));
  const at = now + Math.round(Math.max(planned, retryAfterSeconds(policy, result, now)) * 1_000);
  return isTooLate(policy, firstStartedAt, at) ? { kind: 'exhausted' } : { kind: 'retry', at };
}

/** Whether an attempt at that time would be past the deadline. Epoch milliseconds. */
export function isTooLate({ deadlineSeconds }: RetryPolicy, firstStartedAt: number, at: number): boolean {
  return deadlineSeconds !== null && at - firstStartedAt > deadlineSeconds * 1_000;
}

/** How long a schedule can take: each gap at its longest, by jitter or by the receiver's Retry-After. In seconds. */
export function longestSpanSeconds({ gapsSeconds, jitter, retryAfter, deadlineSeconds }: RetryPolicy): number {
  const longest = gapsSeconds.map((gap) => Math.max(gap * (1 + jitter), retryAfter?.maxSeconds ?? 0));
  const span = longest.reduce((sum, gap) => sum + gap, 0);
  return Math.min(span, deadlineSeconds ?? Number.POSITIVE_INFINITY);
}

function isRetried({ on }: RetryPolicy, { outcome, response }: Pick<WebhookResult, 'outcome' | 'response'>): boolean {
  if (outcome === 'timeout') return on.timeout;
  if (outcome === 'http_error' && response !== null) {
    return on.statuses === null || matchesStatus(on.statuses, response.status);
  }
  return on.network;
}

function retryAfterSeconds(
  { retryAfter }: RetryPolicy,
  { response }: Pick<WebhookResult, 'response'>,
  now: number,
): number {
  if (retryAfter === null || response === null || !matchesStatus(retryAfter.statuses, response.status)) return 0;
  return Math.min(parseRetryAfter(response.headers['retry-after'] ?? '', now), retryAfter.maxSeconds);
}
