import { limitsOf } from '../subscription/limits.ts';
import type { Admitted } from './admit.ts';
import type { Delivery } from './delivery.ts';
import type { RateLimitStore } from './rate-limit.ts';
import { scheduleAttempt, type WaitPolicy } from './wake.ts';

export interface LimiterPorts {
  rates: RateLimitStore;
  now: () => number;
}

/** When an attempt may be made; epoch milliseconds. `slot`: at that time. `turn`: it comes back then, and asks for a slot. */
export interface Turn {
  kind: 'slot' | 'turn';
  at: number;
}

/** No turn is further away: the journal must not forget what waits. What comes back without a slot gets another turn. */
const MAX_TURN_MS = 24 * 60 * 60_000;

/**
 * Reserves what the attempts of a batch need of their subscriptions' limits: one update a limited subscription. Attempts
 * without a limit are not in the answer.
 */
export function takeTurns<One extends Admitted>(ports: LimiterPorts, batch: readonly One[]): Map<One, Promise<Turn>> {
  const limited = batch.flatMap((admitted) => {
    const { maxPerSecond } = limitsOf(admitted.subscription, admitted.profile);
    return maxPerSecond === null ? [] : [{ admitted, maxPerSecond }];
  });
  const turns = new Map<One, Promise<Turn>>();
  for (const [subscriptionId, group] of Map.groupBy(limited, ({ admitted }) => admitted.subscription.id)) {
    const admitted = group.map((one) => one.admitted);
    const inOrder = [...admitted.filter(goesFirst), ...admitted.filter((one) => !goesFirst(one))];
    // Deliveries keep the profile that they began with, so the limit need not be the same for all.
    const maxPerSecond = Math.min(...group.map((one) => one.maxPerSecond));
    const taken = takeOf(ports, subscriptionId, inOrder, maxPerSecond);
    for (const [index, one] of inOrder.entries())
      turns.set(
        one,
        taken.then((turnAt) => turnAt(index)),
      );
  }
  return turns;
}

/** The turn of each by its place. */
async function takeOf(
  { rates, now }: LimiterPorts,
  subscriptionId: string,
  inOrder: readonly Admitted[],
  maxPerSecond: number,
): Promise<(index: number) => Turn> {
  const at = now();
  const ready = inOrder.filter(goesFirst).length;
  // Whole microseconds, so that sums stay short.
  const intervalMs = Math.ceil(1_000_000 / maxPerSecond) / 1_000;
  const request = { ready, fresh: inOrder.length - ready, intervalMs, now: at };
  const { slots, firstSlotAt, firstTurnAt } = await rates.reserveSlots(subscriptionId, request);
  return (index) =>
    index < slots
      ? { kind: 'slot', at: firstSlotAt + index * intervalMs }
      : { kind: 'turn', at: Math.min(firstTurnAt + (index - slots) * intervalMs, at + MAX_TURN_MS) };
}

/** What has waited, and what a person waits for, takes slots before the line. */
function goesFirst({ delivery, trigger }: Admitted): boolean {
  return delivery.limitedSince !== null || trigger === 'manual' || trigger === 'test';
}

/**
 * The delivery as it waits for its turn. It comes back in the second before, because SQS counts in seconds: slots are then
 * waited for to the millisecond, and none stays unused.
 */
export function waitForTurn({ delivery, trigger }: Admitted, turnAt: number, now: number, waits: WaitPolicy): Delivery {
  const at = now + Math.max(1_000, Math.floor((turnAt - now) / 1_000) * 1_000);
  const { status, completedAt } = delivery;
  const waiting = {
    ...scheduleAttempt(delivery, at, now, waits),
    parkedAt: null,
    limitedSince: delivery.limitedSince ?? now,
  };
  // Its next message says nothing of what it was asked by.
  const asked = { ...waiting, requested: trigger === 'automatic' ? delivery.requested : trigger };
  // A success that is sent again stays one.
  return status === 'succeeded' ? { ...asked, status, completedAt } : { ...asked, statusReason: null };
}
