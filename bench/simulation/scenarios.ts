import { compileProfile } from '../../functions/core/profile/compile-profile.ts';
import type { ProfileDocument } from '../../functions/core/profile/profile.ts';
import standard from '../../functions/core/profile/standard.json' with { type: 'json' };
import type { WebhookResult } from '../../functions/core/target/webhook.ts';
import keypay from '../../functions/vendors/keypay/profile.json' with { type: 'json' };
import staffology from '../../functions/vendors/staffology/profile.json' with { type: 'json' };
import type { Scenario } from './simulate.ts';

export interface DeadReceivers {
  name: string;
  profile: ProfileDocument;
  result: WebhookResult;
}

const failure = (outcome: 'timeout' | 'connection_refused', durationMs: number): WebhookResult => ({
  outcome,
  durationMs,
  response: null,
  error: { code: outcome, message: 'No answer.' },
});

/** The ways to be dead that strain the retries queue most: refusing makes most retries, hanging holds most workers. */
export const DEAD_RECEIVERS: readonly DeadReceivers[] = [
  { name: 'refuse, KeyPay (no breaker)', profile: documentOf(keypay), result: failure('connection_refused', 100) },
  { name: 'hang, Staffology (no breaker)', profile: documentOf(staffology), result: failure('timeout', 15_000) },
  { name: 'refuse, standard', profile: documentOf(standard), result: failure('connection_refused', 100) },
  { name: 'hang, standard', profile: documentOf(standard), result: failure('timeout', 15_000) },
];

/** A load on the defaults of a deployment, with most receivers well. */
export interface Load {
  name: string;
  scenario: Omit<Scenario, 'random'>;
}

const standardProfile = documentOf(standard);
const success: WebhookResult = {
  outcome: 'success',
  durationMs: 200,
  response: { status: 200, headers: {}, body: '', truncated: false },
  error: null,
};
const MINUTE = 60;

/** @param scale multiplies how many there are, and not how they come about */
export function loadsOf(scale: number): Load[] {
  const usual = 100 * scale;
  const steady = { subscriptions: 500, profile: standardProfile };
  const largest = (delivery: number): number => (delivery % 5 < 2 ? 0 : 1 + (delivery % 499));
  return [
    {
      name: 'a burst of 40 times the usual, for a minute',
      scenario: {
        ...steady,
        deliveries: usual * (19 + 40) * MINUTE,
        seconds: 20 * MINUTE,
        result: success,
        publishSeconds: (seconds) => usual * (seconds + 39 * Math.min(Math.max(seconds - 5 * MINUTE, 0), MINUTE)),
      },
    },
    {
      name: 'an outage of the largest receiver (two fifths of all), which hangs for 20 minutes',
      scenario: {
        ...steady,
        deliveries: usual * 60 * MINUTE,
        seconds: 60 * MINUTE,
        subscriptionOf: largest,
        result: (subscription, seconds) =>
          subscription === 0 && seconds >= 5 * MINUTE && seconds < 25 * MINUTE ? failure('timeout', 15_000) : success,
        publishSeconds: (seconds) => usual * seconds,
      },
    },
    {
      name: 'a region’s worth of retries: every receiver refuses for 30 minutes',
      scenario: {
        ...steady,
        deliveries: usual * 90 * MINUTE,
        seconds: 90 * MINUTE,
        result: (_, seconds) =>
          seconds >= 5 * MINUTE && seconds < 35 * MINUTE ? failure('connection_refused', 100) : success,
        publishSeconds: (seconds) => usual * seconds,
      },
    },
  ];
}

function documentOf(document: unknown): ProfileDocument {
  const compiled = compileProfile(document, 1);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.profile.document;
}
