import type { ProfileSource } from '../profile/profile-source.ts';
import { markSlow } from '../subscription/health.ts';
import { type Admission, type Admitted, admit } from './admit.ts';
import { claimDelivery, releaseClaim } from './claim.ts';
import { type Change, type CommitPorts, commit, withFreshTicket } from './commit.ts';
import type { DeliveryStore } from './delivery-store.ts';
import { leaveFastLane } from './fast-lane.ts';
import { findingOf } from './health-change.ts';
import { createLimiter, type Limiter, type LimiterPorts, waitForTurn } from './limiter.ts';
import { type AttemptDeps, makeAttempt } from './make-attempt.ts';
import { chooseProbes, leaseProbe, waitForProbe } from './probe.ts';
import { wholeSeconds } from './queue-message.ts';
import { NEAR_MS } from './rate-limit.ts';
import { type LoadedMessage, readBatch } from './read-batch.ts';
import { type Decision, isCarrier, type ReceivedMessage } from './received-message.ts';
import { settle } from './settle.ts';
import { waitsInQueue } from './wake.ts';

export interface DeliverDeps extends AttemptDeps, CommitPorts, LimiterPorts {
  store: AttemptDeps['store'] & CommitPorts['store'] & Pick<DeliveryStore, 'loadForMessages'>;
  profiles: ProfileSource;
  /** Resolves when the attempts of a batch that are over are not to wait any longer for those that are not. */
  patience: () => Promise<void>;
  /** Whether all answers that have come have been looked at; false if this process is too busy to tell. */
  hasCaughtUp: () => Promise<boolean>;
  /** Unique within a delivery. */
  newAttemptId: () => string;
  /** For how long all attempts may fail before a subscription is disabled, in milliseconds. */
  disableAfterMs: number;
}

/** Kept back from an invocation for what follows an attempt. */
const COMMIT_RESERVE_MS = 5_000;

/** A claim ends this long after the longest attempt: the invocation that made it is over then. */
const CLAIM_RESERVE_MS = 30_000;

/** After this an attempt that found no free connection looks for one again. */
const NOT_SENT_PAUSE_MS = 5_000;

const ACK: Decision = { kind: 'ack' };

/**
 * Makes the attempts that a batch of messages asks for, and says what becomes of each message, in their order. Stages:
 * read, admit, change lanes, limit, claim, send, settle, commit.
 */
export async function deliverBatch(deps: DeliverDeps, batch: readonly ReceivedMessage[]): Promise<Decision[]> {
  const decisions = new Map<ReceivedMessage, Decision>();
  const ready: Change[] = [];
  const commitReady = async (): Promise<void> => {
    for (const [{ received }, decision] of await commit(deps, ready.splice(0))) decisions.set(received, decision);
  };
  /** Does a step of one message. Its failure is no other's. */
  const attend = async (received: ReceivedMessage, step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      deps.report({ kind: 'error', about: received.message, error });
      decisions.set(received, { kind: 'fail' });
    }
  };
  const admitted = new Map<ReceivedMessage, Admission>();
  await Promise.all(
    (await readBatch(deps.store, batch, deps.now())).map((loaded) =>
      attend(loaded.received, async () => {
        admitted.set(loaded.received, await admitMessage(deps, loaded));
      }),
    ),
  );
  const probed = chooseProbes(admitted, deps.now(), deps.random);
  const moved = await leaveFastLane(deps, probed);
  for (const [received, decision] of moved) decisions.set(received, decision);
  const admissions = new Map([...probed].filter(([received]) => !moved.has(received)));
  const limiter = createLimiter(
    deps,
    [...admissions.values()].filter((one) => one.kind === 'attempt'),
  );
  const underWay: UnderWay = new Map();
  const work = Promise.all(
    [...admissions].map(([received, admission]) =>
      attend(received, async () => {
        const step = await takeStep(deps, received, admission, limiter, underWay);
        if ('kind' in step) decisions.set(received, step);
        else ready.push(step);
      }),
    ),
  );
  // Mostly all attempts end together, and share one write. One that hangs must not keep the others off the record.
  await Promise.race([work, deps.patience()]);
  await Promise.all([commitReady(), markSlowOnes(deps, underWay)]);
  await work;
  await commitReady();
  // A message without a decision was a second one for a delivery of this batch.
  return batch.map((received) => decisions.get(received) ?? ACK);
}

async function admitMessage(deps: DeliverDeps, { received, ...loaded }: LoadedMessage): Promise<Admission> {
  const { delivery, subscription } = loaded;
  const name = delivery?.profile ?? subscription?.profile ?? null;
  const profile = name === null ? null : await deps.profiles.get(name, delivery?.profileVersion ?? null);
  const neededMs = NEAR_MS + deps.attemptTimeoutMs + COMMIT_RESERVE_MS;
  const time = { now: deps.now(), remainingMs: deps.remainingMs(), neededMs, random: deps.random };
  return admit({ ...loaded, message: received.message, profile }, time);
}

async function takeStep(
  deps: DeliverDeps,
  received: ReceivedMessage,
  admission: Admission,
  limiter: Limiter,
  underWay: UnderWay,
): Promise<Change | Decision> {
  switch (admission.kind) {
    case 'drop':
      return ACK;
    case 'return':
      return { kind: 'hide', seconds: 0 };
    case 'wait': {
      const { delivery: waiting } = admission;
      const seconds = wholeSeconds((waiting.nextAttemptAt ?? 0) - deps.now());
      return waitsInQueue(waiting) && isCarrier(received, waiting) ? { kind: 'hide', seconds } : ACK;
    }
    case 'owe':
      return { received, base: admission.delivery, write: null, made: null };
    case 'change':
      return change(received, admission);
    case 'attempt': {
      const step = await limiter(admission, () => attempt(deps, received, admission, underWay));
      if (!('notBefore' in step)) return step;
      const { delivery: base } = admission;
      const waiting = waitForTurn(admission, step.notBefore, deps.now(), deps.waits);
      return { received, base, made: null, write: () => withFreshTicket(received, base, waiting) };
    }
    default:
      return admission satisfies never;
  }
}

function change(received: ReceivedMessage, { delivery, next }: Extract<Admission, { kind: 'change' }>): Change {
  return { received, base: delivery, write: () => next, made: null };
}

/** Claims the delivery, if it is on record, and makes the attempt. */
async function attempt(
  deps: DeliverDeps,
  received: ReceivedMessage,
  ready: Admitted,
  underWay: UnderWay,
): Promise<Change | Decision> {
  const { delivery, subscription, profile, trigger } = ready;
  const startedAt = deps.now();
  const begun = { id: deps.newAttemptId(), trigger, startedAt, url: subscription.url };
  const endsAt = startedAt + deps.attemptTimeoutMs + CLAIM_RESERVE_MS;
  const admitted = ready.isProbe ? await leaseProbe(deps.store, ready, begun.id, endsAt) : ready;
  if (admitted === null) return change(received, waitForProbe(ready, startedAt, deps.random));
  let base = delivery;
  // A first attempt is not claimed: that would cost every delivery a write.
  if (delivery.revision > 0) {
    const claimed = claimDelivery(delivery, begun, endsAt);
    // Written meanwhile, by another message or by the API: what wrote it has its own message or wake-up.
    if (!(await deps.store.saveDelivery(claimed, delivery.revision))) return ACK;
    base = { ...claimed, revision: delivery.revision + 1 };
  }
  const maxWaitMs = deps.remainingMs() - deps.attemptTimeoutMs - COMMIT_RESERVE_MS;
  underWay.set(admitted, startedAt);
  const made = await makeAttempt(deps, { ...admitted, delivery: base }, begun, maxWaitMs)
    .catch(async (error) => {
      // The sender never rejects, so nothing was sent (a key could not be opened, say): it must not count as interrupted.
      const now = deps.now();
      if (base.claim !== null) await deps.store.saveDelivery(releaseClaim(base, now, now, deps.waits), base.revision);
      throw error;
    })
    .finally(() => underWay.delete(admitted));
  if (made === null) {
    // On record, also if it was not before: waits alone would wear out the message of a first attempt.
    const now = deps.now();
    const waiting = releaseClaim(base, now + NOT_SENT_PAUSE_MS, now, deps.waits);
    const requested = trigger === 'automatic' ? base.requested : trigger;
    // Its turn had come: it does not begin anew at the end of the line.
    const asked = { ...waiting, requested, limitedSince: delivery.limitedSince };
    return { received, base, made, write: () => withFreshTicket(received, base, asked) };
  }
  const { document } = profile;
  const context = { profile: document, waits: deps.waits, random: deps.random };
  const policy = { breaker: document.breaker, disableAfterMs: deps.disableAfterMs };
  return {
    received,
    base,
    made,
    finding: findingOf(made, document, admitted.health, policy),
    write: (current, signals) => withFreshTicket(received, current, settle(current, made, context, signals)),
  };
}

/** Attempts that wait for their answers, with when they began. */
type UnderWay = Map<Admitted, number>;

/** An attempt that has been waiting for so long is slow. */
const SLOW_AFTER_MS = 750;

/**
 * Marks the subscriptions whose attempts are slow, long before they time out: one write each, unless the mark is there. What a process
 * that is too busy has not read is no receiver's failure.
 */
async function markSlowOnes({ store, now, hasCaughtUp, report }: DeliverDeps, underWay: UnderWay): Promise<void> {
  if (underWay.size === 0 || !(await hasCaughtUp())) return;
  const slow = [...underWay].flatMap(([one, startedAt]) => (now() - startedAt >= SLOW_AFTER_MS ? [one] : []));
  const subscriptions = new Map(slow.map((one) => [`${one.subscription.tenantId} ${one.subscription.id}`, one]));
  await Promise.all(
    [...subscriptions.values()].map(async ({ subscription: { tenantId, id }, health, delivery }) => {
      const marked = markSlow(health, now());
      if (marked === health) return;
      // If another worker wrote its health meanwhile, the next slow attempt marks it.
      await store.saveHealth(tenantId, id, marked).catch((error) => report({ kind: 'error', about: delivery, error }));
    }),
  );
}
