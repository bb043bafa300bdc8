import type { Delivery } from './delivery.ts';
import type { DueEntry, DueStore } from './due-store.ts';
import { deliverMessage, type WorkQueue, wholeSeconds } from './queue-message.ts';
import { OVERDUE_MS, SWEEP_LOOK_AHEAD_MS } from './wake.ts';

/** Something that is due after so many seconds. */
export interface Woken<Thing> {
  thing: Thing;
  delaySeconds: number;
}

export interface SweepDeps<Thing> {
  store: DueStore<Thing>;
  /** When it should have happened what a thing waits for, if that is not when it was due: a message may have been sent before. */
  plannedAt?: (thing: Thing) => number | null;
  /** Sends a message for each. */
  wake: (woken: readonly Woken<Thing>[]) => Promise<void>;
  now: () => number;
  hasTime: () => boolean;
}

/**
 * How long after its time something that was woken is left alone. If its message is lost, or still queued behind others
 * by then, the next sweep sends another; a message too many is dropped by its ticket.
 */
export const LEASE_MS = 15 * 60_000;

/**
 * Leases of one shard under way at the same time. All shards together stay below the connections that are kept open: with more, each
 * page would open and close hundreds.
 */
export const LEASES_AT_A_TIME = 6;

/** What a run found. */
export interface Swept {
  woken: number;
  /** How many of them came two minutes or more after their time. */
  overdue: number;
  /** How late the latest was, in milliseconds. */
  oldestOverdueMs: number;
}

/**
 * Sends a message for everything that is due before the next run, to arrive when it is due.
 * The lease comes before the message: a crash costs a delay. What fails does not hold up the rest; it is thrown at the end.
 */
export async function sweepDue<Thing>(deps: SweepDeps<Thing>): Promise<Swept> {
  const swept: Swept = { woken: 0, overdue: 0, oldestOverdueMs: 0 };
  const failures: unknown[] = [];
  await Promise.all(deps.store.shards.map((shard) => sweepShard(deps, shard, swept, failures)));
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} due things could not be woken`);
  return swept;
}

async function sweepShard<Thing>(
  deps: SweepDeps<Thing>,
  shard: string,
  swept: Swept,
  failures: unknown[],
): Promise<void> {
  while (deps.hasTime()) {
    const entries = await deps.store.listDue(shard, deps.now() + SWEEP_LOOK_AHEAD_MS);
    if (entries.length === 0) break;
    const leased: PromiseSettledResult<Woken<Thing> | null>[] = [];
    for (let first = 0; first < entries.length; first += LEASES_AT_A_TIME) {
      const some = entries.slice(first, first + LEASES_AT_A_TIME);
      leased.push(...(await Promise.allSettled(some.map((entry) => lease(deps, entry, swept)))));
    }
    failures.push(...leased.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
    const woken = leased.flatMap((one) => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
    try {
      await deps.wake(woken);
    } catch (error) {
      failures.push(error);
      break;
    }
    swept.woken += woken.length;
    // Other writes moved the whole page: the index lags behind, and the next run sees it as it is.
    if (woken.length === 0) break;
  }
}

async function lease<Thing>(
  { store, plannedAt, now }: SweepDeps<Thing>,
  entry: DueEntry,
  swept: Swept,
): Promise<Woken<Thing> | null> {
  const at = Math.max(entry.dueAt, now());
  const thing = await store.lease(entry, at + LEASE_MS);
  if (thing === null) return null;
  const lateMs = now() - (plannedAt?.(thing) ?? entry.dueAt);
  if (lateMs >= OVERDUE_MS) {
    swept.overdue += 1;
    swept.oldestOverdueMs = Math.max(swept.oldestOverdueMs, lateMs);
  }
  return { thing, delaySeconds: wholeSeconds(at - now()) };
}

/** Wakes deliveries by messages on the retries queue. */
export function wakeDeliveries(retries: WorkQueue): SweepDeps<Delivery>['wake'] {
  return (woken) =>
    retries.send(woken.map(({ thing, delaySeconds }) => ({ message: deliverMessage(thing), delaySeconds })));
}
