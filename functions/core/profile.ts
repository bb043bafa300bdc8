import type { WebhookResult } from './attempt.ts';
import type { Random } from './ids.ts';

/** How a subscription's deliveries behave. */
export interface Profile {
  name: string;
  retry: RetryPolicy;
  responses: {
    /** Statuses that mean: never again. They disable the subscription. */
    deactivate: readonly number[];
  };
}

export interface RetryPolicy {
  /** Seconds from an attempt's end to the next; as many retries as there are gaps. */
  gapsSeconds: readonly number[];
  /** 0.2 spreads each gap over ±20 %, so that deliveries that failed together do not return together. */
  jitter: number;
  /** Statuses whose Retry-After is honoured, never sooner than the planned gap, at most `retryAfterMaxSeconds`. */
  retryAfterStatuses: readonly number[];
  retryAfterMaxSeconds: number;
}

const MINUTE = 60;
const HOUR = 3_600;

/** Standard Webhooks 1.0: the schedule is the one that its specification gives as an example, 410 is its clause on disabling. */
export const STANDARD: Profile = {
  name: 'standard',
  retry: {
    gapsSeconds: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
    jitter: 0.2,
    retryAfterStatuses: [429, 503],
    retryAfterMaxSeconds: 24 * HOUR,
  },
  responses: { deactivate: [410] },
};

export type RetryPlan = { kind: 'retry'; at: number } | { kind: 'exhausted' };

/**
 * When a failed delivery is tried again.
 * @param failures how many automatic attempts have failed, this one included
 * @param now when the attempt ended, epoch milliseconds
 */
export function planRetry(
  policy: RetryPolicy,
  failures: number,
  result: Pick<WebhookResult, 'response'>,
  now: number,
  random: Random,
): RetryPlan {
  const gap = policy.gapsSeconds[Math.max(failures, 1) - 1];
  if (gap === undefined) return { kind: 'exhausted' };
  const planned = gap * (1 + policy.jitter * (2 * random() - 1));
  const asked = retryAfterSeconds(policy, result, now);
  return { kind: 'retry', at: now + Math.round(Math.max(planned, asked) * 1_000) };
}

/** RFC 9110 §10.2.3: seconds, or an HTTP date. 0 if there is none, or it cannot be read. */
function retryAfterSeconds(policy: RetryPolicy, { response }: Pick<WebhookResult, 'response'>, now: number): number {
  if (response === null || !policy.retryAfterStatuses.includes(response.status)) return 0;
  const value = response.headers['retry-after']?.trim() ?? '';
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1_000;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), policy.retryAfterMaxSeconds);
}
