import type { Event } from '../event/event.ts';
import type { DeliveryRef, Random } from '../ids.ts';
import type { ProfileDocument } from '../profile/profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { isTooLate } from '../profile/retry-policy.ts';
import { hasExpired, type StatusReason, type Subscription } from '../subscription/subscription.ts';
import type { Attempt } from './attempt.ts';
import {
  afterAttempt,
  cancel,
  type Delivery,
  exhaust,
  isOpen,
  type MadeAttempt,
  newDelivery,
  park,
  release,
  type WaitPolicy,
} from './delivery.ts';
import { type AttemptDeps, makeAttempt, type TenantKeys } from './make-attempt.ts';
import { type DeliverMessage, MAX_DELAY_SECONDS, releaseMessage, type WorkQueue } from './queue-message.ts';

/** Everything that a message needs; what is null was not found. */
export interface Loaded {
  delivery: Delivery | null;
  subscription: Subscription | null;
  event: Event | null;
}

/** What `deliver` needs of the two tables. */
export interface DeliverStore extends TenantKeys {
  /** One read for the whole batch, in the order of the messages. */
  load(messages: readonly DeliverMessage[], consistent: boolean): Promise<Loaded[]>;
  /**
   * One write for the whole batch, overwriting: for deliveries that succeeded at their first attempt. The stored revision
   * is one that nobody can have read before.
   */
  putSucceeded(deliveries: readonly Delivery[]): Promise<void>;
  /** False, and nothing written, unless the stored revision is the given one (0: there is none). Stores revision + 1. */
  save(delivery: Delivery, revision: number): Promise<boolean>;
  /** Consistent. */
  getDelivery(ref: DeliveryRef): Promise<Delivery | null>;
  /** Consistent. */
  getSubscription(tenantId: string, subscriptionId: string): Promise<Subscription | null>;
  disableSubscription(tenantId: string, subscriptionId: string, reason: StatusReason): Promise<void>;
  removeSubscription(tenantId: string, subscriptionId: string): Promise<void>;
}

export interface DeliverDeps extends AttemptDeps {
  store: DeliverStore;
  retries: WorkQueue;
  profiles: ProfileSource;
  waits: WaitPolicy;
  /** Resolves when the attempts of a batch that are over are not to wait any longer for those that are not. */
  patience: () => Promise<void>;
  random: Random;
  report: (report: DeliverReport) => void;
}

/** For metrics and logs. `error` is for faults of ours alone. */
export type DeliverReport =
  | { kind: 'attempt'; delivery: Delivery; attempt: Attempt }
  | { kind: 'disabled'; subscriptionId: string; tenantId: string }
  | { kind: 'error'; message: DeliverMessage; error: unknown };

export interface ReceivedMessage {
  message: DeliverMessage;
  /** Whether the message waits in the retries queue, where it can be hidden again. */
  fromRetries: boolean;
  /** SQS has handed it out before, so somebody may have written what a stale read would miss. */
  receivedBefore: boolean;
}

/** What becomes of a message. `hide`: it comes back after that many seconds. `fail`: a fault of ours; it comes back by itself. */
export type Decision = { kind: 'ack' } | { kind: 'hide'; seconds: number } | { kind: 'fail' };

const ACK: Decision = { kind: 'ack' };

interface Work extends ReceivedMessage, Loaded {}

/** A delivery after its attempt, not yet written. */
interface Finished {
  work: Work;
  base: Delivery;
  made: MadeAttempt;
  profile: ProfileDocument;
}

/**
 * Makes the attempts that a batch of messages asks for, and says what becomes of each message, in their order.
 * Order of work: read, POST, write the journal, enqueue the retry, and only then may the caller acknowledge. A crash
 * between any two of these loses nothing; between POST and journal it repeats the POST.
 */
export async function deliverBatch(deps: DeliverDeps, received: readonly ReceivedMessage[]): Promise<Decision[]> {
  const decisions = new Map<DeliverMessage, Decision>();
  const works = await loadAll(deps, latestOfEach(received));
  const finished: Finished[] = [];
  const attempts = Promise.all(
    works.map((work) =>
      guarded(deps, decisions, work, async () => {
        const step = await begin(deps, work);
        if (step.kind === 'made') finished.push({ work, ...step });
        else decisions.set(work.message, step);
      }),
    ),
  );
  // Mostly all are over at once, and share one write. One that hangs must not keep the others off the record.
  await Promise.race([attempts, deps.patience()]);
  await recordAll(deps, finished.splice(0), decisions);
  await attempts;
  await recordAll(deps, finished.splice(0), decisions);
  // What is left out here was a second message for a delivery in this batch.
  return received.map(({ message }) => decisions.get(message) ?? ACK);
}

/** Deliveries that succeeded at once share one write. */
async function recordAll(
  deps: DeliverDeps,
  finished: readonly Finished[],
  decisions: Map<DeliverMessage, Decision>,
): Promise<void> {
  const [first, others] = partition(
    finished,
    ({ base, made }) => base.revision === 0 && made.result.outcome === 'success',
  );
  await Promise.all([
    putSucceeded(deps, first, decisions),
    ...others.map((one) =>
      guarded(deps, decisions, one.work, async () => decisions.set(one.work.message, await conclude(deps, one))),
    ),
  ]);
}

async function guarded(
  deps: DeliverDeps,
  decisions: Map<DeliverMessage, Decision>,
  work: Work,
  run: () => Promise<unknown>,
) {
  try {
    await run();
  } catch (error) {
    deps.report({ kind: 'error', message: work.message, error });
    decisions.set(work.message, { kind: 'fail' });
  }
}

/** Of several messages for one delivery, the one with the latest ticket. */
function latestOfEach(received: readonly ReceivedMessage[]): ReceivedMessage[] {
  const latest = new Map<string, ReceivedMessage>();
  for (const one of received) {
    const key = `${one.message.subscriptionId} ${one.message.eventId}`;
    const other = latest.get(key);
    if (other === undefined || other.message.ticket < one.message.ticket) latest.set(key, one);
  }
  return [...latest.values()];
}

async function loadAll(deps: DeliverDeps, received: readonly ReceivedMessage[]): Promise<Work[]> {
  const messages = received.map(({ message }) => message);
  const consistent = received.some((one) => one.fromRetries || one.receivedBefore);
  const loaded = await deps.store.load(messages, consistent);
  const works = received.map(
    (one, index): Work => ({ delivery: null, subscription: null, event: null, ...loaded[index], ...one }),
  );
  // An absence is confirmed before anything is decided from it: what was written a moment ago may not have been seen.
  const unsure = works.filter((work) => work.subscription === null || work.event === null);
  if (consistent || unsure.length === 0) return works;
  const confirmed = await deps.store.load(
    unsure.map(({ message }) => message),
    true,
  );
  unsure.forEach((work, index) => {
    Object.assign(work, confirmed[index]);
  });
  return works;
}

type Step = Decision | { kind: 'made'; base: Delivery; made: MadeAttempt; profile: ProfileDocument };

/** Decides whether an attempt is due, and makes it. */
async function begin(deps: DeliverDeps, work: Work): Promise<Step> {
  const { message, subscription, event, delivery } = work;
  const now = deps.now();
  if (delivery !== null && !isOpen(delivery)) return ACK;
  if (subscription === null) return end(deps, delivery, now, 'subscription_deleted', 'The subscription was deleted.');
  if (hasExpired(subscription, now)) {
    return end(deps, delivery, now, 'subscription_expired', 'The subscription expired before this attempt.');
  }
  if (event === null || event.data === null) {
    return end(deps, delivery, now, 'event_gone', 'The event is no longer in the journal.');
  }
  const profile = await deps.profiles.get(delivery?.profile ?? subscription.profile, delivery?.profileVersion ?? null);
  if (profile === null) {
    // On record even if nothing was before: the tenant should see why nothing arrives.
    const origin = { ...message, eventType: event.type, profile: subscription.profile, profileVersion: 0 };
    return end(deps, delivery ?? newDelivery(origin), now, 'profile_gone', 'The profile no longer exists.');
  }
  const { document, version } = profile;
  const base =
    delivery ?? newDelivery({ ...message, eventType: event.type, profile: document.name, profileVersion: version });
  const trigger = base.requested ?? (base.attempts.length === 0 ? message.trigger : 'automatic');
  if (subscription.status !== 'active' && trigger !== 'test') return parkIt(deps, base, subscription);
  if (base.nextAttemptAt !== null && base.nextAttemptAt > now) return wait(deps, work, base, now);
  if (trigger === 'automatic' && isTooLate(document.retry, base.attempts[0]?.startedAt ?? now, now)) {
    await deps.store.save(exhaust(base, now), base.revision);
    return ACK;
  }
  const made = await makeAttempt(deps, profile, base, subscription, { ...event, data: event.data }, trigger);
  if ('reason' in made) return waitForConnection(deps, work);
  return { kind: 'made', base, made, profile: document };
}

/** A delivery that can never be made: on record as cancelled, if it is on record at all. */
async function end(
  deps: DeliverDeps,
  delivery: Delivery | null,
  now: number,
  code: string,
  reason: string,
): Promise<Decision> {
  if (delivery !== null) await deps.store.save(cancel(delivery, now, code, reason), delivery.revision);
  return ACK;
}

async function parkIt(deps: DeliverDeps, base: Delivery, { tenantId, id, status }: Subscription): Promise<Decision> {
  const remedy = status === 'unverified' ? 'Verify' : 'Resume';
  const parked = park(base, `The subscription is ${status}. ${remedy} it to deliver what is parked.`);
  const saved = await deps.store.save(parked, base.revision);
  if (parked.status !== 'parked') return ACK;
  // Resuming and deleting look for parked deliveries once; one that is parked at that very moment sees to itself.
  const current = await deps.store.getSubscription(tenantId, id);
  if (!saved || (current !== null && current.status !== 'active')) return ACK;
  const stored = { ...parked, revision: base.revision + 1 };
  if (current === null) return end(deps, stored, deps.now(), 'subscription_deleted', 'The subscription was deleted.');
  const released = release(stored, deps.now(), deps.waits);
  if (await deps.store.save(released, stored.revision)) await enqueue(deps, released, 0);
  return ACK;
}

/** Came before its time: the message that carries the delivery goes on waiting, any other is dropped. */
function wait(deps: DeliverDeps, { message, fromRetries }: Work, delivery: Delivery, now: number): Decision {
  const waitMs = (delivery.nextAttemptAt ?? now) - now;
  const carries = fromRetries && message.ticket === delivery.ticket;
  return carries && waitMs <= deps.waits.maxQueueWaitMs ? { kind: 'hide', seconds: wholeSeconds(waitMs) } : ACK;
}

const CONNECTION_WAIT_SECONDS = 5;

/** All connections to the receiver are busy: the message comes back, and nothing is recorded. */
async function waitForConnection(deps: DeliverDeps, { message, fromRetries }: Work): Promise<Decision> {
  if (fromRetries) return { kind: 'hide', seconds: CONNECTION_WAIT_SECONDS };
  await deps.retries.send([{ message, delaySeconds: CONNECTION_WAIT_SECONDS }]);
  return ACK;
}

async function putSucceeded(
  deps: DeliverDeps,
  finished: readonly Finished[],
  decisions: Map<DeliverMessage, Decision>,
) {
  if (finished.length === 0) return;
  const deliveries = finished.map(
    ({ base, made, profile }) => afterAttempt(base, made, profile, deps.waits, deps.random).delivery,
  );
  try {
    await deps.store.putSucceeded(deliveries);
    for (const delivery of deliveries) reportAttempt(deps, delivery);
  } catch (error) {
    for (const { work } of finished) {
      deps.report({ kind: 'error', message: work.message, error });
      decisions.set(work.message, { kind: 'fail' });
    }
  }
}

/** How often somebody else's write may come between before it counts as a fault. */
const MAX_CONFLICTS = 5;

async function conclude(deps: DeliverDeps, { work, base, made, profile }: Finished): Promise<Decision> {
  let current = base;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const { delivery, deactivates } = afterAttempt(current, made, profile, deps.waits, deps.random);
    if (await deps.store.save(delivery, current.revision)) {
      reportAttempt(deps, delivery);
      if (deactivates) await deactivate(deps, delivery, profile);
      const waitMs = delivery.nextAttemptAt === null ? null : delivery.nextAttemptAt - deps.now();
      return waitMs === null ? ACK : await carryOn(deps, work, delivery, current.revision === 0, waitMs);
    }
    // Somebody else has written (a request by hand, a twin of this message): the attempt is added to what stands now.
    current = (await deps.store.getDelivery(current)) ?? { ...base, revision: 0 };
  }
  throw new Error(`delivery changed ${MAX_CONFLICTS} times while its attempt was being recorded`);
}

/**
 * See that the next attempt is waited for.
 * @param isNew nothing was on record of the delivery before; otherwise a message of its own is on its way already
 */
async function carryOn(
  deps: DeliverDeps,
  { message, fromRetries }: Work,
  delivery: Delivery,
  isNew: boolean,
  waitMs: number,
): Promise<Decision> {
  if (waitMs > deps.waits.maxQueueWaitMs) return ACK; // the due index has it
  const seconds = wholeSeconds(waitMs);
  if (fromRetries && message.ticket === delivery.ticket) return { kind: 'hide', seconds };
  if (!fromRetries && isNew) await enqueue(deps, delivery, seconds);
  return ACK;
}

async function deactivate(
  deps: DeliverDeps,
  { tenantId, subscriptionId, statusReason }: Delivery,
  { responses }: ProfileDocument,
): Promise<void> {
  const { code = 'receiver_gone', message = '' } = statusReason ?? {};
  if (responses.deactivation === 'remove') {
    await deps.store.removeSubscription(tenantId, subscriptionId);
    await deps.retries.send([releaseMessage({ tenantId, id: subscriptionId }, 'discard', null)]);
  } else await deps.store.disableSubscription(tenantId, subscriptionId, { code, message, at: deps.now() });
  deps.report({ kind: 'disabled', tenantId, subscriptionId });
}

async function enqueue(deps: DeliverDeps, delivery: Delivery, delaySeconds: number): Promise<void> {
  await deps.retries.send([{ message: deliverMessage(delivery), delaySeconds }]);
}

/** The message that carries a delivery. */
export function deliverMessage({ tenantId, subscriptionId, eventId, eventAt, ticket }: Delivery): DeliverMessage {
  return { v: 1, kind: 'deliver', tenantId, subscriptionId, eventId, eventAt, ticket, trigger: 'automatic' };
}

/** Rounded up: a message that wakes too early would be received for nothing. */
function wholeSeconds(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms / 1_000), 0), MAX_DELAY_SECONDS);
}

function reportAttempt(deps: DeliverDeps, delivery: Delivery): void {
  const made = delivery.attempts.at(-1);
  if (made !== undefined) deps.report({ kind: 'attempt', delivery, attempt: made });
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
