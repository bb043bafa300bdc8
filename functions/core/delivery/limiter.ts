import type { Random } from '../ids.ts';
import { effectiveRate } from '../subscription/health.ts';
import { limitsOf } from '../subscription/limits.ts';
import type { Admitted } from './admit.ts';
import type { Delivery } from './delivery.ts';
import type { RateLimitStore } from './rate-limit.ts';
import { scheduleAttempt, type WaitPolicy } from './wake.ts';

export interface LimiterPorts {
  rates: RateLimitStore;
  now: () => number;
  random: Random;
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
  const turns = new Map<One, Promise<Turn>>();
  const recovering = new Map<One, number>();
  const limited = batch.flatMap((admitted) => {
    const { maxPerSecond } = limitsOf(admitted.subscription, admitted.profile);
    const rate = effectiveRate(admitted.health, admitted.subscription, ports.now());
    if (rate !== null && (maxPerSecond === null || rate < maxPerSecond)) {
      recovering.set(admitted, rate);
      return [];
    }
    return maxPerSecond === null ? [] : [{ admitted, maxPerSecond }];
  });
  for (const [subscriptionId, group] of Map.groupBy(recovering, ([{ subscription }]) => subscription.id)) {
    const taken = takeRecoverySlots(ports, subscriptionId, group.length, group[0]?.[1] ?? 1);
    for (const [index, [one]] of group.entries())
      turns.set(
        one,
        taken.then((turnAt) => turnAt(index)),
      );
  }
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
  const intervalMs = intervalOf(maxPerSecond);
  const request = { ready, fresh: inOrder.length - ready, intervalMs, now: at };
  const { slots, firstSlotAt, firstTurnAt } = await rates.reserveSlots(subscriptionId, request);
  return (index) =>
    index < slots
      ? { kind: 'slot', at: firstSlotAt + index * intervalMs }
      : { kind: 'turn', at: Math.min(firstTurnAt + (index - slots) * intervalMs, at + MAX_TURN_MS) };
}

/** What gets no slot while a receiver recovers asks again within this time: the rate has doubled then. */
const RECOVERY_TURN_MS = 10_000;

/**
 * A recovering receiver's rate grows, so no one knows the turns of a line. Its slots are counted apart from those of its
 * own limit, whose line they would make too long.
 */
async function takeRecoverySlots(
  { rates, now, random }: LimiterPorts,
  subscriptionId: string,
  ready: number,
  perSecond: number,
): Promise<(index: number) => Turn> {
  const at = now();
  const intervalMs = intervalOf(perSecond);
  const request = { ready, fresh: 0, intervalMs, now: at };
  const { slots, firstSlotAt } = await rates.reserveSlots(`${subscriptionId} recovery`, request);
  return (index) =>
    index < slots
      ? { kind: 'slot', at: firstSlotAt + index * intervalMs }
      : { kind: 'turn', at: at + RECOVERY_TURN_MS * (0.5 + random() / 2) };
}

/** Whole microseconds, so that sums stay short. */
function intervalOf(perSecond: number): number {
  return Math.ceil(1_000_000 / perSecond) / 1_000;
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
