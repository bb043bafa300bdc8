import type { ProfileDocument } from '../profile/profile.ts';
import {
  type Health,
  type HealthPolicy,
  type HealthSignal,
  healthOf,
  recordVerdict,
  type Verdict,
  verdictOf,
} from '../subscription/health.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { isRefusal, type MadeAttempt } from './settle.ts';

/** What an attempt says of the health of its subscription. */
export interface Finding {
  /** As the attempt found it. */
  seen: Health;
  verdict: Verdict;
  policy: HealthPolicy;
}

/** Null for a refusal: it deactivates the subscription, whose health does not matter then. */
export function findingOf(
  made: MadeAttempt,
  { responses }: Pick<ProfileDocument, 'responses'>,
  seen: Health,
  policy: HealthPolicy,
): Finding | null {
  return isRefusal(made.result, responses) ? null : { seen, verdict: verdictOf(made), policy };
}

/** The findings of one subscription and batch, with what follows from them. */
export interface HealthChange {
  /** The latest that one of the attempts found. */
  seen: Health;
  next: Health;
  /** By the finding that gives rise to them. */
  signals: Map<Finding, HealthSignal[]>;
}

/** Takes the findings in the order in which their attempts ended. */
export function changeHealth(findings: readonly Finding[], current: Health): HealthChange {
  const signals = new Map<Finding, HealthSignal[]>();
  let next = current;
  for (const finding of findings.toSorted((a, b) => a.verdict.endedAt - b.verdict.endedAt)) {
    const changed = recordVerdict(next, finding.verdict, finding.policy);
    next = changed.health;
    signals.set(finding, changed.signals);
  }
  return { seen: current, next, signals };
}

/** The latest health that one of the findings is based on: the one that was the probe wrote its lease. */
export function latestSeen(findings: readonly Finding[]): Health | null {
  return findings.reduce<Health | null>(
    (latest, { seen }) => (latest === null || seen.revision > latest.revision ? seen : latest),
    null,
  );
}

/** A failure that a success follows leaves a healthy receiver as it was. */
function isSame(one: Health, other: Health): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** How often another worker's write may come between. */
const MAX_CONFLICTS = 5;

/**
 * Writes what the findings of one subscription come to; nothing if they change nothing. Another worker's write is read and
 * taken into account. A change whose signals are not on record is left to the next attempt, so that none is lost; so is
 * one that others keep coming before.
 * @param told the signals that are on record, by finding
 * @returns what was written
 */
export async function writeHealth(
  store: Pick<SubscriptionStore, 'saveHealth'>,
  { tenantId, subscriptionId }: { tenantId: string; subscriptionId: string },
  findings: readonly Finding[],
  told: ReadonlyMap<Finding, readonly HealthSignal[]>,
): Promise<HealthChange | null> {
  let current = latestSeen(findings);
  for (let conflicts = 0; current !== null && conflicts < MAX_CONFLICTS; conflicts += 1) {
    const change = changeHealth(findings, current);
    const isTold = [...change.signals].every(([finding, signals]) =>
      signals.every(({ kind }) => told.get(finding)?.some((one) => one.kind === kind) === true),
    );
    if (isSame(change.next, current) || !isTold) return null;
    const { saved, subscription } = await store.saveHealth(tenantId, subscriptionId, change.next);
    if (saved) return change;
    // It was moved, resumed or verified meanwhile: the findings are not about it.
    if (subscription === null || subscription.generation !== current.generation) return null;
    current = healthOf(subscription);
  }
  return null;
}
