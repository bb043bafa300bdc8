import { undoneOf } from '../partial-failure.ts';
import { type HealthSignal, healthOf } from '../subscription/health.ts';
import type { SubscriptionStore } from '../subscription/subscription-store.ts';
import { emitSystemEvent } from '../system-event/emit.ts';
import { systemEventId } from '../system-event/system-event.ts';
import { type TellPorts, tellCompany } from '../system-event/tell.ts';
import type { Delivery } from './delivery.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Effect } from './effect.ts';
import { changeHealth, type Finding, latestSeen, writeHealth } from './health-change.ts';
import { deliverMessage, type Outgoing, settleParkedMessage, type WorkQueue, wholeSeconds } from './queue-message.ts';
import { type Decision, isCarrier, mayHaveTwin, type ReceivedMessage } from './received-message.ts';
import { clearEffects, type MadeAttempt } from './settle.ts';
import { type WaitPolicy, waitsInQueue } from './wake.ts';

/** What a message makes of a delivery. */
export interface Change {
  received: ReceivedMessage;
  /** As it was read; revision 0 if it is not on record. */
  base: Delivery;
  /** What becomes of it, as it stands now. Null if it is on record already. */
  write: ((current: Delivery, signals: readonly HealthSignal[]) => Delivery) | null;
  /** The attempt that this records. It is recorded whatever another writer did meanwhile. */
  made: MadeAttempt | null;
  /** What the attempt says of the subscription's health. */
  finding?: Finding | null;
}

/** Where a crash can part the writes of `commit`; the named part has been done then. */
export type CommitStep = 'recorded' | 'health_written' | 'effects_done' | 'effects_cleared' | 'queued';

export interface CommitPorts {
  store: Pick<DeliveryStore, 'getDelivery' | 'saveDelivery' | 'putSucceededDeliveries'> &
    Pick<SubscriptionStore, 'disableSubscription' | 'getSubscription' | 'removeSubscription' | 'saveHealth'>;
  retries: WorkQueue;
  systemEvents: TellPorts;
  waits: WaitPolicy;
  now: () => number;
  report: (report: DeliverReport) => void;
  /** Called after each step, for tests that stop there. */
  reached?: (step: CommitStep) => Promise<void> | void;
}

/** A delivery that is on record as it should be, by this write or already. */
export interface RecordedWrite {
  kind: 'recorded';
  /** What this write replaced. */
  before: Delivery;
  delivery: Delivery;
  /** The attempt that this write recorded. */
  made: MadeAttempt | null;
}

/** For metrics, logs and statistics. */
export type DeliverReport =
  | RecordedWrite
  | { kind: 'deactivated'; tenantId: string; subscriptionId: string }
  | { kind: 'breaker'; state: 'open' | 'closed'; tenantId: string; subscriptionId: string }
  /** A fault of ours. What it held up is repeated. */
  | { kind: 'error'; about: Pick<Delivery, 'tenantId' | 'subscriptionId' | 'eventId'>; error: unknown };

/** A change that is on record. */
interface Recorded {
  change: Change;
  before: Delivery;
  delivery: Delivery;
}

const ACK: Decision = { kind: 'ack' };

/**
 * Writes what a batch of messages comes to, and says what becomes of each message. This is the only writer: the journal
 * first, then the health of the subscriptions, then the effects, then the queue. A crash between any two of these loses nothing, and nothing is attempted again.
 * One change that cannot be written does not hold up another.
 */
export async function commit(ports: CommitPorts, changes: readonly Change[]): Promise<Map<Change, Decision>> {
  const decisions = new Map<Change, Decision>(changes.map((change) => [change, ACK]));
  const told = signalsOf(changes);
  const recorded = await recordAll(ports, changes, told, decisions);
  await writeAllHealth(ports, recorded, told);
  const settled = await Promise.all(
    recorded.map(async (one) => ({ ...one, delivery: await doEffects(ports, one.delivery) })),
  );
  await queueWaits(ports, settled, decisions);
  return decisions;
}

type Told = ReadonlyMap<Finding, readonly HealthSignal[]>;

/** What the batch's attempts make of the health of their subscriptions, as far as it is to be told: it goes on record with them. */
function signalsOf(changes: readonly Change[]): Told {
  const told = new Map<Finding, HealthSignal[]>();
  for (const { findings } of findingsOf(changes)) {
    const seen = latestSeen(findings);
    if (seen === null) continue;
    for (const [finding, signals] of changeHealth(findings, seen).signals) told.set(finding, signals);
  }
  return told;
}

/** The findings of each subscription. */
function findingsOf(changes: readonly Change[]): { of: Delivery; findings: Finding[] }[] {
  const found = changes.flatMap(({ base, finding }) => (finding ? [{ base, finding }] : []));
  const groups = Map.groupBy(found, ({ base }) => `${base.tenantId} ${base.subscriptionId}`);
  return [...groups.values()].flatMap((group) =>
    group[0] === undefined ? [] : [{ of: group[0].base, findings: group.map(({ finding }) => finding) }],
  );
}

/** One write a subscription whose health changes. A failure costs the next attempts a moment: they find the same. */
async function writeAllHealth(ports: CommitPorts, recorded: readonly Recorded[], told: Told): Promise<void> {
  const found = findingsOf(recorded.map(({ change }) => change));
  await Promise.all(
    found.map(async ({ of, findings }) => {
      try {
        const written = await writeHealth(ports.store, of, findings, told);
        if (written === null) return;
        const { tenantId, subscriptionId } = of;
        const { state } = written.next.breaker;
        if (state === written.seen.breaker.state) return;
        ports.report({ kind: 'breaker', state, tenantId, subscriptionId });
        // What waits for the breaker would look again by itself, later.
        if (state === 'closed') await ports.retries.send([settleParkedMessage({ tenantId, id: subscriptionId })]);
      } catch (error) {
        ports.report({ kind: 'error', about: of, error });
      }
    }),
  );
  if (found.length > 0) await ports.reached?.('health_written');
}

async function recordAll(
  ports: CommitPorts,
  changes: readonly Change[],
  told: Told,
  decisions: Map<Change, Decision>,
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const fail = (change: Change, error: unknown): void => {
    ports.report({ kind: 'error', about: change.base, error });
    decisions.set(change, { kind: 'fail' });
  };
  const signalsFor = ({ finding }: Change): readonly HealthSignal[] => (finding ? (told.get(finding) ?? []) : []);
  // One that owes something is written with a revision that is known.
  const firsts = changes.filter((change) => isFirstSuccess(change) && signalsFor(change).length === 0);
  const others = changes.filter((change) => !firsts.includes(change));

  async function recordFirsts(): Promise<void> {
    if (firsts.length === 0) return;
    const written = firsts.map((change): Recorded => {
      const { base, write } = change;
      return { change, before: base, delivery: write?.(base, []) ?? base };
    });
    const deliveries = written.map(({ delivery }) => delivery);
    let unwritten: Delivery[] = [];
    try {
      await ports.store.putSucceededDeliveries(deliveries);
    } catch (error) {
      unwritten = undoneOf(error, deliveries);
      for (const { change, delivery } of written) if (unwritten.includes(delivery)) fail(change, error);
    }
    recorded.push(...written.filter(({ delivery }) => !unwritten.includes(delivery)));
  }

  async function recordOne(change: Change): Promise<void> {
    try {
      const written = await record(ports, change, signalsFor(change));
      // Null: another message decided what becomes of the delivery, and the delivery has its own wake-up.
      if (written !== null) recorded.push({ change, ...written });
    } catch (error) {
      fail(change, error);
    }
  }

  await Promise.all([recordFirsts(), ...others.map(recordOne)]);
  for (const { change, before, delivery } of recorded) {
    ports.report({ kind: 'recorded', before, delivery, made: change.made });
  }
  await ports.reached?.('recorded');
  return recorded;
}

/** Such deliveries share one write, which overwrites: nothing else can have been written of them. */
function isFirstSuccess({ received, base, made }: Change): boolean {
  return base.revision === 0 && made?.result.outcome === 'success' && !mayHaveTwin(received);
}

/**
 * How often another write may come between before it counts as a fault. Each time another writer has got its write done, and those are
 * few: requests by hand, which give up after five, and twins. An attempt that is not recorded would stand as interrupted, and be made again.
 */
const MAX_CONFLICTS = 30;

async function record(
  { store }: CommitPorts,
  { base, write, made }: Change,
  signals: readonly HealthSignal[],
): Promise<Pick<Recorded, 'before' | 'delivery'> | null> {
  if (write === null) return { before: base, delivery: base };
  let current = base;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const next = write(current, signals);
    if (await store.saveDelivery(next, current.revision)) {
      return { before: current, delivery: { ...next, revision: current.revision + 1 } };
    }
    if (made === null) return null;
    // A request by hand, a twin of this message: the attempt is added to what stands now.
    current = (await store.getDelivery(base)) ?? { ...base, revision: 0 };
  }
  throw new Error(`the delivery changed ${MAX_CONFLICTS} times while its attempt was being recorded`);
}

/** Does what the delivery owes. What fails stays on record, and `sweep` brings it back within a minute or two. */
async function doEffects(ports: CommitPorts, delivery: Delivery): Promise<Delivery> {
  if (delivery.effects.length === 0) return delivery;
  try {
    for (const effect of delivery.effects) await doEffect(ports, delivery, effect);
    await ports.reached?.('effects_done');
    const cleared = clearEffects(delivery, ports.now(), ports.waits);
    const saved = await ports.store.saveDelivery(cleared, delivery.revision);
    await ports.reached?.('effects_cleared');
    // Written meanwhile: `sweep` finds the effects again, and doing them again changes nothing.
    return saved ? { ...cleared, revision: delivery.revision + 1 } : delivery;
  } catch (error) {
    ports.report({ kind: 'error', about: delivery, error });
    return delivery;
  }
}

async function doEffect(ports: CommitPorts, delivery: Delivery, effect: Effect): Promise<void> {
  switch (effect.kind) {
    case 'deactivate_subscription':
      return deactivateSubscription(ports, delivery, effect);
    case 'emit_system_event':
      return tellCompany(ports.systemEvents, effect);
    default:
      effect satisfies never;
  }
}

type Deactivation = Extract<Effect, { kind: 'deactivate_subscription' }>;

async function deactivateSubscription(
  { store, retries, systemEvents, report }: CommitPorts,
  { tenantId, subscriptionId }: Delivery,
  effect: Deactivation,
): Promise<void> {
  const { deactivation, generation, reason, url, at } = effect;
  if (await isDisproved(store, tenantId, subscriptionId, effect)) return;
  const deactivated =
    deactivation === 'disable'
      ? await store.disableSubscription(tenantId, subscriptionId, { ...reason, at }, generation)
      : await store.removeSubscription(tenantId, subscriptionId, generation);
  if (deactivation === 'remove') await retries.send([settleParkedMessage({ tenantId, id: subscriptionId })]);
  if (deactivated) report({ kind: 'deactivated', tenantId, subscriptionId });
  // An earlier try of this effect may have got as far as here.
  else if (!(await isDisabledBy(store, tenantId, subscriptionId, effect))) return;
  const data = { tenantId, subscriptionId, url, reason, since: new Date(at).toISOString() };
  const id = systemEventId(`${subscriptionId} disabled in generation ${generation}`);
  await emitSystemEvent(systemEvents, { id, at, event: { type: 'posthorn.subscription.disabled', data } });
}

/** Whether a delivery has succeeded before the subscription could be disabled for having had no success. */
async function isDisproved(
  store: CommitPorts['store'],
  tenantId: string,
  subscriptionId: string,
  { failingSince }: Deactivation,
): Promise<boolean> {
  if (failingSince === undefined) return false;
  const subscription = await store.getSubscription(tenantId, subscriptionId);
  return subscription?.status === 'active' && healthOf(subscription).failing?.since !== failingSince;
}

async function isDisabledBy(
  store: CommitPorts['store'],
  tenantId: string,
  subscriptionId: string,
  { reason, at }: Deactivation,
): Promise<boolean> {
  const subscription = await store.getSubscription(tenantId, subscriptionId);
  const current = subscription?.status === 'disabled' ? subscription.statusReason : null;
  return current?.code === reason.code && current.at === at;
}

/**
 * Sees that each next attempt is waited for by a new message. The one that came could be hidden until then, but what is
 * hidden is in flight, of which SQS allows 120,000; what is sent with a delay is not.
 */
async function queueWaits(
  ports: CommitPorts,
  recorded: readonly Recorded[],
  decisions: Map<Change, Decision>,
): Promise<void> {
  const enqueued: { change: Change; delivery: Delivery; outgoing: Outgoing }[] = [];
  for (const { change, delivery } of recorded) {
    if (!waitsInQueue(delivery)) continue; // `sweep` has it, or nothing is left to do
    if (change.write === null && !isCarrier(change.received, delivery)) continue; // another message has it
    const delaySeconds = wholeSeconds((delivery.nextAttemptAt ?? 0) - ports.now());
    enqueued.push({ change, delivery, outgoing: { message: deliverMessage(delivery), delaySeconds } });
  }
  if (enqueued.length === 0) return;
  try {
    await ports.retries.send(enqueued.map(({ outgoing }) => outgoing));
    await ports.reached?.('queued');
  } catch (error) {
    // The message comes back and finds the attempt due; so does `sweep`.
    const unsent = undoneOf(
      error,
      enqueued.map(({ outgoing }) => outgoing),
    );
    for (const { change, delivery, outgoing } of enqueued) {
      if (!unsent.includes(outgoing)) continue;
      ports.report({ kind: 'error', about: delivery, error });
      const seconds = outgoing.delaySeconds;
      decisions.set(change, isCarrier(change.received, delivery) ? { kind: 'hide', seconds } : { kind: 'fail' });
    }
  }
}

/** A new message will carry the delivery: its ticket makes older messages stale. */
export function withFreshTicket(received: ReceivedMessage, current: Delivery, next: Delivery): Delivery {
  const isOnRecord = current.revision > 0;
  return isOnRecord && waitsInQueue(next) && !isCarrier(received, current)
    ? { ...next, ticket: next.ticket + 1 }
    : next;
}
