import type { Random } from '../ids.ts';
import { type CurrentLimits, limitsOf, lower } from '../subscription/limits.ts';
import { waitsByOldLimit } from '../subscription/subscription.ts';
import type { Admitted } from './admit.ts';
import type { Delivery } from './delivery.ts';
import type { InFlightStore, Lease } from './in-flight.ts';
import { NEAR_MS, type RateLimitStore } from './rate-limit.ts';
import { scheduleAttempt, type WaitPolicy } from './wake.ts';

export interface LimiterPorts {
  rates: RateLimitStore;
  inFlight: InFlightStore;
  now: () => number;
  random: Random;
  /** Resolves after that many milliseconds. */
  sleep: (ms: number) => Promise<void>;
  /** How long this invocation may still run, in milliseconds. */
  remainingMs: () => number;
}

/** The limits do not let an attempt be made now. It comes back at that time (epoch milliseconds), and asks again. */
export interface NotNow {
  notBefore: number;
}

/** Makes an attempt once its subscription's limits let it, unless that takes longer than an invocation should wait. */
export type Limiter = <T>(admitted: Admitted, attempt: () => Promise<T>) => Promise<T | NotNow>;

/** No turn is further away: the journal must not forget what waits. What comes back without a slot gets another turn. */
const MAX_TURN_MS = 24 * 60 * 60_000;

/** While a receiver recovers, what finds no slot comes back within this. */
const RECOVERY_SPREAD_MS = 60_000;
/** The line of one that recovers, and has no other limit, ends soon. */
const RECOVERED_PER_SECOND = 1_000;

const FIRST_TRY_MS = 1_000;
const LAST_TRY_MS = 5 * 60_000;

/**
 * Takes what the attempts of a batch need of their subscriptions' limits, at the same time for all: one reservation of slots, and one
 * lease of places, a limited subscription. Attempts without a limit are made without delay.
 */
export function createLimiter(ports: LimiterPorts, batch: readonly Admitted[]): Limiter {
  const limiters = new Map<Admitted, Promise<Limiter>>();
  for (const group of Map.groupBy(batch, ({ subscription }) => subscription.id).values()) {
    const now = ports.now();
    const limits = strictestOf(group.map(({ subscription, profile }) => limitsOf(subscription, profile, now)));
    if (Object.values(limits).every((limit) => limit === null)) continue;
    const limiter = limitGroup(ports, group, limits);
    for (const admitted of group) limiters.set(admitted, limiter);
  }
  return async (admitted, attempt) => {
    const limiter = await limiters.get(admitted);
    return limiter === undefined ? attempt() : limiter(admitted, attempt);
  };
}

/** Deliveries keep the profile that they began with, so the limits of one subscription's need not be the same. */
function strictestOf(limits: readonly CurrentLimits[]): CurrentLimits {
  const lowest = (name: keyof CurrentLimits): number | null => limits.map((one) => one[name]).reduce(lower, null);
  return {
    maxPerSecond: lowest('maxPerSecond'),
    maxConcurrent: lowest('maxConcurrent'),
    recoveringPerSecond: lowest('recoveringPerSecond'),
  };
}

async function limitGroup(ports: LimiterPorts, group: readonly Admitted[], limits: CurrentLimits): Promise<Limiter> {
  const inOrder = [...group.filter(goesFirst), ...group.filter((one) => !goesFirst(one))];
  const lease = limits.maxConcurrent === null ? null : await takePlaces(ports, inOrder, limits.maxConcurrent);
  if (lease?.places === 0) return async ({ delivery }) => ({ notBefore: nextTry(ports, delivery) });
  const turns = await takeTurns(ports, inOrder, limits);
  const pass = lease === null ? null : createGate(lease.places);
  const until = ports.now() + NEAR_MS;

  async function inTurn<T>(admitted: Admitted, attempt: () => Promise<T>): Promise<T | NotNow> {
    const turn = turns?.get(admitted);
    if (turn?.kind === 'line') return { notBefore: turn.at };
    if (turn !== undefined) await ports.sleep(turn.at - ports.now());
    if (pass === null) return attempt();
    return pass(async () => (ports.now() > until ? { notBefore: nextTry(ports, admitted.delivery) } : attempt()));
  }
  let left = inOrder.length;
  return async (admitted, attempt) => {
    try {
      return await inTurn(admitted, attempt);
    } finally {
      left -= 1;
      // If this fails, the lease ends by its time.
      if (left === 0 && lease !== null) await ports.inFlight.giveBack(subscriptionOf(inOrder), lease).catch(() => {});
    }
  };
}

function takePlaces(ports: LimiterPorts, inOrder: readonly Admitted[], max: number): Promise<Lease> {
  const now = ports.now();
  const request = { count: inOrder.length, max, endsAt: now + ports.remainingMs(), now };
  return ports.inFlight.takePlaces(subscriptionOf(inOrder), request);
}

/** Lets as many through at the same moment as there are places, in the order in which they come. */
function createGate(places: number): <T>(act: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (act) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

const subscriptionOf = ([first]: readonly Admitted[]): string => first?.subscription.id ?? '';

/** `slot`: when the attempt is made. `line`: when it comes back and asks for a slot. Epoch milliseconds. */
interface Turn {
  kind: 'slot' | 'line';
  at: number;
}

async function takeTurns(
  { rates, now, random }: LimiterPorts,
  inOrder: readonly Admitted[],
  { maxPerSecond, recoveringPerSecond }: CurrentLimits,
): Promise<Map<Admitted, Turn> | null> {
  const perSecond = lower(maxPerSecond, recoveringPerSecond);
  if (perSecond === null) return null;
  const at = now();
  const ready = inOrder.filter(goesFirst).length;
  const intervalMs = intervalOf(perSecond);
  const lineIntervalMs = intervalOf(maxPerSecond ?? RECOVERED_PER_SECOND);
  // The rate rises, so nothing can say when a slot will be free: what finds none comes back at any time.
  const spreadMs = recoveringPerSecond === null ? 0 : RECOVERY_SPREAD_MS;
  const { slots, firstSlotAt, firstTurnAt } = await rates.reserveSlots(subscriptionOf(inOrder), {
    ready,
    fresh: inOrder.length - ready,
    intervalMs,
    lineIntervalMs,
    now: at,
  });
  return new Map(
    inOrder.map((admitted, index) => [
      admitted,
      index < slots
        ? { kind: 'slot', at: firstSlotAt + index * intervalMs }
        : {
            kind: 'line',
            at: Math.min(firstTurnAt + (index - slots) * lineIntervalMs + random() * spreadMs, at + MAX_TURN_MS),
          },
    ]),
  );
}

/** Milliseconds from one to the next; whole microseconds, so that sums stay short. */
const intervalOf = (perSecond: number): number => Math.ceil(1_000_000 / perSecond) / 1_000;

/** What has waited, and what a person waits for, takes slots before the line. */
function goesFirst({ delivery, trigger }: Admitted): boolean {
  return delivery.limitedSince !== null || trigger === 'manual' || trigger === 'test';
}

/** Without a free place: after a second, then after half as long as it has waited, with jitter. */
function nextTry({ now, random }: LimiterPorts, { limitedSince }: Delivery): number {
  const at = now();
  const pause = Math.min(Math.max((at - (limitedSince ?? at)) / 2, FIRST_TRY_MS), LAST_TRY_MS);
  return at + pause * (0.75 + random() / 2);
}

/**
 * The delivery as it waits for a slot or a place. It comes back in the second before, because SQS counts in seconds: the
 * slot is then waited for to the millisecond, and none stays unused.
 */
export function waitForTurn(
  { delivery, subscription, trigger }: Admitted,
  turnAt: number,
  now: number,
  waits: WaitPolicy,
): Delivery {
  const at = now + Math.max(1_000, Math.floor((turnAt - now) / 1_000) * 1_000);
  const { status, completedAt } = delivery;
  const waiting = {
    ...scheduleAttempt(delivery, at, now, waits),
    parkedAt: null,
    limitedSince: waitsByOldLimit(subscription, delivery) ? now : (delivery.limitedSince ?? now),
  };
  // Its next message says nothing of what it was asked by.
  const asked = { ...waiting, requested: trigger === 'automatic' ? delivery.requested : trigger };
  // A success that is sent again stays one.
  return status === 'succeeded' ? { ...asked, status, completedAt } : { ...asked, statusReason: null };
}
