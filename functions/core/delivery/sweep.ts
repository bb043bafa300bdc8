import { deliverMessage } from './deliver.ts';
import type { DueStore } from './due-store.ts';
import type { WorkQueue } from './queue-message.ts';

export interface SweepDeps {
  store: DueStore;
  retries: WorkQueue;
  now: () => number;
  hasTime: () => boolean;
}

/**
 * How long a woken delivery is left alone. If its message is lost, or still queued behind others by then, the next
 * sweep sends another; a message too many is dropped by its ticket.
 */
const LEASE_MS = 15 * 60_000;

/** Puts every delivery that is due on the retries queue; returns how many. The lease comes first: a crash costs a delay. */
export async function sweepDue(deps: SweepDeps): Promise<number> {
  const counts = await Promise.all(deps.store.shards.map((shard) => sweepShard(deps, shard)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sweepShard(deps: SweepDeps, shard: string): Promise<number> {
  let woken = 0;
  while (deps.hasTime()) {
    const now = deps.now();
    const entries = await deps.store.listDueDeliveries(shard, now);
    if (entries.length === 0) break;
    const leased = (await Promise.all(entries.map((entry) => deps.store.leaseDelivery(entry, now + LEASE_MS)))).filter(
      (one) => one !== null,
    );
    await deps.retries.send(leased.map((delivery) => ({ message: deliverMessage(delivery), delaySeconds: 0 })));
    woken += leased.length;
    // All of a page moved by somebody else: the index lags behind, and the next run will see it as it is.
    if (leased.length === 0) break;
  }
  return woken;
}
