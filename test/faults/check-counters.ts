import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import type { Delivery } from '../../functions/core/delivery/delivery.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import { type Counters, mergeCounters } from '../../functions/core/stats/counters.ts';
import { latencyCounter } from '../../functions/core/stats/latency.ts';
import { statusClass } from '../../functions/core/target/status-class.ts';
import { ATTEMPT_OUTCOMES } from '../../functions/core/target/webhook.ts';
import { type CampaignRecord, overwrittenAttempts, sinceEnd } from './campaign-record.ts';
import type { Report } from './findings.ts';

/** An invocation that is killed takes with it what it wrote: it counts at its end, after its last attempt. */
const COUNTED_WITHIN_MS = 30_000;
/** The answer to a write of an attempt is lost this long after its end at most: it is tried again for some seconds. */
const WRITTEN_WITHIN_MS = 20_000;

/**
 * The statistics of each subscription say what the journal says of its attempts and of its successes: not less than what was
 * lost on the way to them, not more than what a twin overwrote in the journal.
 */
export function checkCounters(record: CampaignRecord, report: Report): void {
  const deliveries = Map.groupBy(record.deliveries, ({ subscriptionId }) => subscriptionId);
  const counters = sumsOf(record.counters);
  const lost = sumsOf(record.lostCounts);
  const overwritten = overwrittenAttempts(record);
  for (const id of new Set([...deliveries.keys(), ...counters.keys()])) {
    const own = deliveries.get(id) ?? [];
    const counted = counters.get(id) ?? {};
    const known = mergeCounters(own.map(countDelivery));
    const maybeLost = mergeCounters([
      lost.get(id) ?? {},
      ...own.map((delivery) => countDelivery({ ...delivery, attempts: uncountedOf(record, delivery) })),
    ]);
    const twins = own.reduce((sum, delivery) => sum + (overwritten.get(deliveryId(delivery)) ?? 0), 0);
    // A delivery can fail more than once, and the journal knows of its last end only.
    const names = new Set([...Object.keys(known), ...Object.keys(counted)].filter((name) => name !== 'failed'));
    for (const name of names) {
      const { [name]: is = 0 } = counted;
      const { [name]: should = 0 } = known;
      const least = should - (maybeLost[name] ?? 0);
      if (is < least || is > should + twins)
        report(
          'counted_wrong',
          id,
          `${name} is ${is}, the journal has ${should}, of which ${should - least} may be lost`,
        );
    }
    const [outcomes, latencies] = [totalOf(counted, isOutcome), totalOf(counted, isLatency)];
    if (outcomes !== latencies)
      report('counted_wrong', id, `${outcomes} attempts are counted by outcome, ${latencies} by how long they took`);
  }
}

function sumsOf(all: CampaignRecord['counters']): Map<string, Counters> {
  const groups = Map.groupBy(all, ({ subscriptionId }) => subscriptionId);
  return new Map([...groups].map(([id, ofOne]) => [id, mergeCounters(ofOne.map(({ counters }) => counters))]));
}

/** What the journal says of it. An attempt whose end is on no record is not counted. */
function countDelivery({ status, attempts }: Pick<Delivery, 'status' | 'attempts'>): Counters {
  const names = attempts.flatMap(({ outcome, durationMs, response }) =>
    outcome === 'interrupted'
      ? []
      : [outcome, latencyCounter(durationMs), ...(response === null ? [] : [statusClass(response.status)])],
  );
  const ends = status === 'succeeded' && attempts.some(({ outcome }) => outcome === 'success') ? [status] : [];
  return mergeCounters([...names, ...ends].map((name) => ({ [name]: 1 })));
}

/** Attempts that are on record though what recorded them cannot have known it: it did not count them. */
function uncountedOf(record: CampaignRecord, delivery: Delivery): Attempt[] {
  const refused = record.refusedWrites.get(deliveryId(delivery)) ?? [];
  return delivery.attempts.filter((attempt) => {
    const isWithin = (at: number, limitMs: number): boolean => {
      const afterMs = sinceEnd(record, attempt, at);
      return afterMs >= -attempt.durationMs && afterMs < limitMs;
    };
    return (
      refused.some((at) => isWithin(at, WRITTEN_WITHIN_MS)) ||
      record.uncountedEnds.some((at) => isWithin(at, COUNTED_WITHIN_MS))
    );
  });
}

const isOutcome = (name: string): boolean => ATTEMPT_OUTCOMES.some((outcome) => outcome === name);
const isLatency = (name: string): boolean => name.startsWith('ms_');

function totalOf(counters: Counters, isWanted: (name: string) => boolean): number {
  return Object.entries(counters).reduce((sum, [name, count]) => (isWanted(name) ? sum + count : sum), 0);
}
