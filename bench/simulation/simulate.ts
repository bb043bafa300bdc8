import { type Delivery, newDelivery } from '../../functions/core/delivery/delivery.ts';
import { wholeSeconds } from '../../functions/core/delivery/queue-message.ts';
import { LEASE_MS } from '../../functions/core/delivery/sweep.ts';
import {
  LOST_AFTER_MS,
  SWEEP_LOOK_AHEAD_MS,
  scheduleAttempt,
  waitsInQueue,
} from '../../functions/core/delivery/wake.ts';
import type { Random } from '../../functions/core/ids.ts';
import type { ProfileDocument } from '../../functions/core/profile/profile.ts';
import { planRetry } from '../../functions/core/profile/retry-policy.ts';
import {
  askBreaker,
  type Health,
  healthOf,
  heldUntil,
  isSlowOrFailing,
  recordVerdict,
  takeProbe,
  verdictOf,
} from '../../functions/core/subscription/health.ts';
import type { WebhookResult } from '../../functions/core/target/webhook.ts';

/*
 * Queues, workers and sweeps as events on a clock of their own. When something is attempted, waits, or is woken, the
 * core decides, as it does in the functions. Requests and stores take the time that is given, and never fail.
 */

export interface Scenario {
  deliveries: number;
  subscriptions: number;
  profile: Pick<ProfileDocument, 'retry' | 'breaker'>;
  /** What every receiver answers, and after how long; or what one of the subscriptions does at a second. */
  result: WebhookResult | ((subscription: number, seconds: number) => WebhookResult);
  /** Over which the events come evenly, or how many have come by a second; and how long all is watched, in seconds. */
  publishSeconds: number | ((seconds: number) => number);
  /** Which subscription a delivery is for. @default each in turn */
  subscriptionOf?: (delivery: number) => number;
  seconds: number;
  random: Random;
}

/** The defaults of a deployment (docs/configuration.md). */
const WORKERS = { firsts: 200, retries: 50 };
/** Concurrent invocations of an event source of SQS when there is something to do, and how many more a minute (AWS). */
const SOURCE_STARTS_WITH = 5;
const SOURCE_GROWS_BY = 300;
const BATCH = 10;
const WAITS = { maxQueueWaitMs: 120_000, lostAfterMs: LOST_AFTER_MS };
const DISABLE_AFTER_MS = 5 * 24 * 3_600_000;
/** A probe's lease: the attempt's timeout and what `deliver` adds to it. */
const PROBE_LEASE_MS = 45_000;

const TICK_MS = 100;
const SWEEP_EVERY_MS = 60_000;
/** One run of `sweep` has 50 seconds and eight shards. */
const WOKEN_IN_A_SWEEP = 40_000;
/** For a batch that makes no attempt: to read, write and acknowledge. */
const STORE_MS = 100;

interface Subscription {
  index: number;
  health: Health;
}

interface Entry {
  delivery: Delivery;
  subscription: Subscription;
  failures: number;
  firstStartedAt: number;
  isUnderWay: boolean;
  /** An open breaker kept it waiting. */
  wasHeld: boolean;
}

interface Message {
  entry: Entry;
  ticket: number;
  sentAt: number;
}

/** How it stood at a moment. */
export interface Sample {
  seconds: number;
  /** On the retries queue. */
  inFlight: number;
  delayed: number;
  visible: number;
  /** Requests to the receivers in the minute before. */
  requests: number;
  firsts: { inFlight: number; visible: number };
  /** How long the oldest visible message of each queue had waited at most in the minute before, in seconds. */
  ages: { firsts: number; retries: number };
}

export interface Outcome {
  samples: Sample[];
  /** The most messages of the retries queue in flight at any moment. */
  mostInFlight: number;
  requests: number;
  /** Messages that were received without an attempt. */
  looks: number;
  /** Deliveries whose schedule is used up. */
  exhausted: number;
  succeeded: number;
  /** How many first attempts began after so many whole seconds, of deliveries that no breaker held. */
  firstDelays: number[];
}

/** What becomes due at a time, in the order in which it was put there. */
class Timeline<T> {
  private readonly slots = new Map<number, T[]>();
  size = 0;

  add(at: number, value: T): void {
    const slot = Math.ceil(at / TICK_MS);
    const values = this.slots.get(slot);
    if (values === undefined) this.slots.set(slot, [value]);
    else values.push(value);
    this.size += 1;
  }

  /** What is due at this tick. */
  take(now: number): T[] {
    const slot = Math.round(now / TICK_MS);
    const values = this.slots.get(slot) ?? [];
    this.slots.delete(slot);
    this.size -= values.length;
    return values;
  }
}

/** First in, first out. */
class Fifo<T> {
  private values: T[] = [];
  private head = 0;

  get size(): number {
    return this.values.length - this.head;
  }

  peek(): T | undefined {
    return this.values[this.head];
  }

  push(value: T): void {
    this.values.push(value);
  }

  take(count: number): T[] {
    const taken = this.values.slice(this.head, this.head + count);
    this.head += taken.length;
    if (this.head > 100_000) {
      this.values = this.values.slice(this.head);
      this.head = 0;
    }
    return taken;
  }
}

type Lane = 'firsts' | 'retries';

export function simulate(scenario: Scenario): Outcome {
  const { profile, random, result, publishSeconds } = scenario;
  const resultOf = typeof result === 'function' ? result : () => result;
  const publishedBy =
    typeof publishSeconds === 'function'
      ? publishSeconds
      : (seconds: number) => (scenario.deliveries * seconds) / publishSeconds;
  const firsts = new Fifo<Message>();
  const retries = new Fifo<Message>();
  const delayed = new Timeline<Message>();
  /** By when it is due; a delivery that has moved since is not due here. */
  const due = new Timeline<{ entry: Entry; dueAt: number }>();
  /** What a sweep did not get to, or looks ahead to. */
  let overdue: { entry: Entry; dueAt: number }[] = [];
  const endings = new Timeline<() => void>();
  const outcome: Outcome = {
    samples: [],
    mostInFlight: 0,
    requests: 0,
    looks: 0,
    exhausted: 0,
    succeeded: 0,
    firstDelays: [],
  };
  const busy = { firsts: 0, retries: 0 };
  const allowed = { firsts: SOURCE_STARTS_WITH, retries: SOURCE_STARTS_WITH };
  const inFlight = { firsts: 0, retries: 0 };
  let now = 0;

  const store = (entry: Entry, delivery: Delivery): void => {
    entry.delivery = delivery;
    if (delivery.dueAt !== null)
      due.add(Math.max(delivery.dueAt - SWEEP_LOOK_AHEAD_MS, now + TICK_MS), { entry, dueAt: delivery.dueAt });
  };
  const send = (entry: Entry, delaySeconds: number): void => {
    const visibleAt = now + delaySeconds * 1_000;
    const message = { entry, ticket: entry.delivery.ticket, sentAt: visibleAt };
    if (delaySeconds === 0) retries.push(message);
    else delayed.add(visibleAt, message);
  };
  /** As `commit` does: a wait that the queue carries is a new message, any other is in the due index. */
  const waitUntil = (entry: Entry, delivery: Delivery): void => {
    store(entry, delivery);
    if (waitsInQueue(delivery)) send(entry, wholeSeconds((delivery.nextAttemptAt ?? now) - now));
  };

  /** What one message leads to: the end of an attempt that begins now, or nothing more. */
  function receive({ entry, ticket }: Message, lane: Lane): { end: () => void; durationMs: number } | null {
    const { delivery, subscription } = entry;
    outcome.looks += 1;
    if (delivery.status !== 'pending' || entry.isUnderWay) return null;
    if (delivery.nextAttemptAt !== null && delivery.nextAttemptAt > now) {
      if (waitsInQueue(delivery) && ticket === delivery.ticket) send(entry, wholeSeconds(delivery.nextAttemptAt - now));
      return null;
    }
    const gate = profile.breaker === null ? 'closed' : askBreaker(subscription.health, now);
    if (gate === 'open') {
      entry.wasHeld = true;
      const triedAt = delivery.attempts.at(-1)?.startedAt ?? null;
      store(entry, { ...delivery, nextAttemptAt: null, dueAt: heldUntil(subscription.health, now, random, triedAt) });
      return null;
    }
    // As deliver does with what ingest queued before it was known.
    if (lane === 'firsts' && isSlowOrFailing({ generation: 0, health: subscription.health }, now)) {
      send(entry, 0);
      return null;
    }
    const id = String(outcome.requests);
    if (gate === 'probe') subscription.health = takeProbe(subscription.health, id, now + PROBE_LEASE_MS);
    outcome.looks -= 1;
    outcome.requests += 1;
    entry.isUnderWay = true;
    const startedAt = now;
    const result = resultOf(subscription.index, startedAt / 1_000);
    if (entry.failures === 0) noteFirst(entry, startedAt);
    const end = () => {
      entry.isUnderWay = false;
      const verdict = verdictOf({ id, startedAt, result });
      const policy = { breaker: profile.breaker, disableAfterMs: DISABLE_AFTER_MS };
      subscription.health = recordVerdict(subscription.health, verdict, policy).health;
      if (result.outcome === 'success') {
        outcome.succeeded += 1;
        entry.delivery = { ...entry.delivery, status: 'succeeded', nextAttemptAt: null, dueAt: null };
        return;
      }
      entry.failures += 1;
      const plan = planRetry(profile.retry, entry, result, now, random);
      if (plan.kind === 'retry') waitUntil(entry, scheduleAttempt(entry.delivery, plan.at, now, WAITS));
      else {
        outcome.exhausted += 1;
        entry.delivery = { ...entry.delivery, status: 'failed', nextAttemptAt: null, dueAt: null };
      }
    };
    return { end, durationMs: result.durationMs };
  }

  function noteFirst(entry: Entry, startedAt: number): void {
    entry.firstStartedAt = startedAt;
    if (entry.wasHeld) return;
    const seconds = Math.floor((startedAt - entry.delivery.eventAt) / 1_000);
    outcome.firstDelays[seconds] = (outcome.firstDelays[seconds] ?? 0) + 1;
  }

  function work(lane: Lane, queue: Fifo<Message>): void {
    while (busy[lane] < Math.floor(allowed[lane]) && queue.size > 0) {
      const batch = queue.take(BATCH);
      const attempts = batch.map((message) => receive(message, lane)).filter((attempt) => attempt !== null);
      busy[lane] += 1;
      inFlight[lane] += batch.length;
      const slowest = Math.max(0, ...attempts.map(({ durationMs }) => durationMs));
      endings.add(now + slowest + STORE_MS, () => {
        busy[lane] -= 1;
        inFlight[lane] -= batch.length;
        for (const { end } of attempts) end();
      });
    }
    // An event source that does not keep up is given more, little by little.
    if (queue.size > 0) allowed[lane] = Math.min(WORKERS[lane], allowed[lane] + (SOURCE_GROWS_BY * TICK_MS) / 60_000);
  }

  function sweep(): void {
    const listed = overdue.filter(({ entry, dueAt }) => entry.delivery.dueAt === dueAt);
    for (const { entry, dueAt } of listed.slice(0, WOKEN_IN_A_SWEEP)) {
      const at = Math.max(dueAt, now);
      store(entry, { ...entry.delivery, dueAt: at + LEASE_MS, ticket: entry.delivery.ticket + 1 });
      send(entry, wholeSeconds(at - now));
    }
    overdue = listed.slice(WOKEN_IN_A_SWEEP);
  }

  const subscriptions = Array.from(
    { length: scenario.subscriptions },
    (_, index): Subscription => ({
      index,
      health: healthOf({ generation: 0, health: null }),
    }),
  );
  const publish = (index: number): void => {
    const subscription = subscriptions[subscriptionOf(index)];
    if (subscription === undefined) return;
    const origin = { tenantId: '', subscriptionId: '', eventId: '', eventAt: now, eventType: '' };
    const delivery = newDelivery({ ...origin, profile: '', profileVersion: 1 });
    const entry = { delivery, subscription, failures: 0, firstStartedAt: now, isUnderWay: false, wasHeld: false };
    // As ingest does: who is slow or fails stays out of the lane of first attempts.
    const lane = isSlowOrFailing({ generation: 0, health: subscription.health }, now) ? retries : firsts;
    lane.push({ entry, ticket: 0, sentAt: now });
  };

  const subscriptionOf = scenario.subscriptionOf ?? ((index: number) => index % subscriptions.length);
  const ageOf = (queue: Fifo<Message>): number => (now - (queue.peek()?.sentAt ?? now)) / 1_000;
  let ages = { firsts: 0, retries: 0 };
  let published = 0;
  let requestsBefore = 0;
  for (now = 0; now <= scenario.seconds * 1_000; now += TICK_MS) {
    const until = Math.min(scenario.deliveries, publishedBy(now / 1_000));
    for (; published < until; published += 1) publish(published);
    for (const message of delayed.take(now)) retries.push(message);
    for (const end of endings.take(now)) end();
    for (const listed of due.take(now)) overdue.push(listed);
    if (now % SWEEP_EVERY_MS === 0) sweep();
    work('firsts', firsts);
    work('retries', retries);
    ages = { firsts: Math.max(ages.firsts, ageOf(firsts)), retries: Math.max(ages.retries, ageOf(retries)) };
    outcome.mostInFlight = Math.max(outcome.mostInFlight, inFlight.retries);
    if (now % 60_000 === 0) {
      const requests = outcome.requests - requestsBefore;
      requestsBefore = outcome.requests;
      outcome.samples.push({
        seconds: now / 1_000,
        inFlight: inFlight.retries,
        delayed: delayed.size,
        visible: retries.size,
        requests,
        firsts: { inFlight: inFlight.firsts, visible: firsts.size },
        ages,
      });
      ages = { firsts: 0, retries: 0 };
    }
  }
  return outcome;
}
