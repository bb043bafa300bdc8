import type { RecordedWrite } from '../delivery/commit.ts';
import { statusClass } from '../target/status-class.ts';
import { latencyCounter } from './latency.ts';

/** How often each thing happened, by its name; what is absent did not happen. */
export type Counters = Readonly<Record<string, number>>;

/** Deliveries that came to an end. */
export const ENDS = ['succeeded', 'failed'] as const;

/** What a subscription's counters grow by. */
export interface CountedSubscription {
  tenantId: string;
  subscriptionId: string;
  counters: Counters;
}

/** What these writes add to the counters: one entry a subscription, none for one of which nothing is to be counted. */
export function countWrites(writes: readonly RecordedWrite[]): CountedSubscription[] {
  return [...Map.groupBy(writes, ({ delivery }) => `${delivery.tenantId} ${delivery.subscriptionId}`).values()].flatMap(
    (ofOne) => {
      const [first] = ofOne;
      const counters = mergeCounters(ofOne.map(countWrite));
      if (first === undefined || Object.keys(counters).length === 0) return [];
      const { tenantId, subscriptionId } = first.delivery;
      return [{ tenantId, subscriptionId, counters }];
    },
  );
}

function countWrite({ before, delivery, made }: RecordedWrite): Counters {
  const names: string[] = ENDS.filter((end) => delivery.status === end && before.status !== end);
  if (made !== null) {
    const { outcome, durationMs, response } = made.result;
    names.push(outcome, latencyCounter(durationMs));
    if (response !== null) names.push(statusClass(response.status));
  }
  return Object.fromEntries(names.map((name) => [name, 1]));
}

export function mergeCounters(all: readonly Counters[]): Counters {
  const merged = new Map<string, number>();
  for (const counters of all) {
    for (const [name, count] of Object.entries(counters)) merged.set(name, (merged.get(name) ?? 0) + count);
  }
  return Object.fromEntries(merged);
}
