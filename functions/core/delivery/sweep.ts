import type { DueEntry, DueStore } from './due-store.ts';
import { deliverMessage, type Outgoing, type WorkQueue, wholeSeconds } from './queue-message.ts';
import { SWEEP_LOOK_AHEAD_MS } from './wake.ts';

export interface SweepDeps {
  store: DueStore;
  retries: WorkQueue;
  now: () => number;
  hasTime: () => boolean;
}

/**
 * How long after its time a woken delivery is left alone. If its message is lost, or still queued behind others by then,
 * the next sweep sends another; a message too many is dropped by its ticket.
 */
export const LEASE_MS = 15 * 60_000;

/**
 * Puts every delivery that is due before the next run on the retries queue, to arrive when it is due. Returns how many.
 * The lease comes before the message: a crash costs a delay. What fails does not hold up the rest; it is thrown at the end.
 */
export async function sweepDue(deps: SweepDeps): Promise<number> {
  const failures: unknown[] = [];
  const counts = await Promise.all(deps.store.shards.map((shard) => sweepShard(deps, shard, failures)));
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} due deliveries could not be woken`);
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sweepShard(deps: SweepDeps, shard: string, failures: unknown[]): Promise<number> {
  let woken = 0;
  while (deps.hasTime()) {
    const entries = await deps.store.listDueDeliveries(shard, deps.now() + SWEEP_LOOK_AHEAD_MS);
    if (entries.length === 0) break;
    const leased = await Promise.allSettled(entries.map((entry) => lease(deps, entry)));
    failures.push(...leased.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
    const messages = leased.flatMap((one) => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
    try {
      await deps.retries.send(messages);
    } catch (error) {
      failures.push(error);
      break;
    }
    woken += messages.length;
    // Other writes moved the whole page: the index lags behind, and the next run sees it as it is.
    if (messages.length === 0) break;
  }
  return woken;
}

async function lease({ store, now }: SweepDeps, entry: DueEntry): Promise<Outgoing | null> {
  const at = Math.max(entry.dueAt, now());
  const delivery = await store.leaseDelivery(entry, at + LEASE_MS);
  return delivery === null ? null : { message: deliverMessage(delivery), delaySeconds: wholeSeconds(at - now()) };
}
