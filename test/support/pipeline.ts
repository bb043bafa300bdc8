import type { Attempt } from '../../functions/core/delivery/attempt.ts';
import { type DeliverDeps, deliverBatch } from '../../functions/core/delivery/deliver.ts';
import { type Delivery, requestAttempt } from '../../functions/core/delivery/delivery.ts';
import type { Loaded } from '../../functions/core/delivery/delivery-store.ts';
import {
  type DeliverMessage,
  deliverMessage,
  type Outgoing,
  settleParkedMessage,
  type WorkMessage,
} from '../../functions/core/delivery/queue-message.ts';
import { settleParked } from '../../functions/core/delivery/settle-parked.ts';
import { sweepDue, wakeDeliveries } from '../../functions/core/delivery/sweep.ts';
import type { Health } from '../../functions/core/subscription/health.ts';
import { discardParked, nextGeneration, type Subscription } from '../../functions/core/subscription/subscription.ts';
import type { SavedHealth } from '../../functions/core/subscription/subscription-store.ts';
import { tellCounted } from '../../functions/core/system-event/counted.ts';
import type { WebhookResult } from '../../functions/core/target/webhook.ts';
import { DISABLE_AFTER_MS, WAITS } from './deliver-setup.ts';
import { MINUTE, makeEvent, makeSubscription, NOW } from './domain.ts';
import { HealthWatch } from './health-watch.ts';
import { MemoryCounts } from './memory-counts.ts';
import { MemoryInFlight } from './memory-in-flight.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryRateLimits } from './memory-rate-limits.ts';
import { builtIn, makeProfile } from './profiles.ts';

/** A message in one of the queues, as SQS keeps it. */
interface Queued {
  message: WorkMessage;
  fromRetries: boolean;
  visibleAt: number;
  receives: number;
}

const VISIBILITY_MS = 90_000;

/**
 * How one invocation goes, by the number of a call to the outside. `crashAt`: that call never happens, nor any after it.
 * `failAt`: it is refused. `loseAt`: it has its effect, and its answer is an error.
 */
export interface Fate {
  crashAt: number | null;
  failAt: number | null;
  loseAt: number | null;
  /** How long each call takes, in turns of the event loop's microtasks, over and over. */
  pace: readonly number[];
}

/** `standard` with a breaker that opens soon: these histories are short. */
const PROFILE = makeProfile({
  ...builtIn('standard').document,
  breaker: { failures: 1, pauseSeconds: 30, maxPauseSeconds: 900 },
});

const SMOOTH: Fate = { crashAt: null, failAt: null, loseAt: null, pace: [0] };

/** The URL tells the generation. */
const urlOf = (generation: number): string => `https://receiver.example/${generation}`;

/**
 * Everything behind ingest, in memory: the functions themselves over two queues that hand messages out at least once,
 * in invocations that interleave and crash wherever they are told to.
 */
export class Pipeline {
  now = NOW;
  readonly journal = new MemoryJournal();
  readonly rates = new MemoryRateLimits();
  readonly inFlight = new MemoryInFlight();
  readonly queue: Queued[] = [];
  readonly counts = new MemoryCounts();
  /** Bodies sent to the events queue. */
  readonly published: string[] = [];
  /** Successes that were written over by something else. */
  readonly undone: Delivery[] = [];
  /** Claimed attempts by the schedule that began before their time. */
  readonly early: Attempt[] = [];
  /** Generations of the subscription that a receiver's 410 disabled or removed. */
  readonly disabled = new Set<number>();
  /** A first success wrote, without looking, over a twin that owed effects: the price of its single write. */
  overwroteEffects = false;
  /** Generations of the subscription to which a receiver's 410, on record, belongs. */
  readonly gone = new Set<number>();
  readonly health = new HealthWatch(() => this.now);
  /** When requests were sent, epoch milliseconds. */
  readonly sentAt: number[] = [];
  /** Requests under way, and the most there were at the same moment. */
  underWay = 0;
  mostUnderWay = 0;
  private readonly generations = new Map<WebhookResult['response'], number>();
  private attempts = 0;

  constructor(rest: Partial<Subscription> = {}) {
    this.journal.add(makeSubscription({ url: urlOf(0), ...rest }), makeEvent());
    this.journal.catchUpIndexes();
    const { store, disableSubscription } = this.journal;
    this.journal.disableSubscription = async (tenantId, id, reason, generation) => {
      const isDisabled = await disableSubscription.call(this.journal, tenantId, id, reason, generation);
      if (isDisabled) this.disabled.add(generation);
      return isDisabled;
    };
    this.journal.store = (delivery) => {
      const before = this.journal.delivery(delivery);
      if (before !== undefined && before.effects.length > 0 && delivery.revision !== before.revision + 1) {
        this.overwroteEffects = true;
      }
      if (before?.status === 'succeeded' && delivery.status !== 'succeeded') this.undone.push(delivery);
      const known = new Set(before?.attempts.map(({ id }) => id));
      const planned = before?.nextAttemptAt ?? 0;
      this.early.push(
        ...delivery.attempts.filter(
          ({ id, trigger, outcome, startedAt }) =>
            trigger === 'automatic' && outcome === 'interrupted' && !known.has(id) && startedAt < planned,
        ),
      );
      for (const { response } of delivery.attempts) {
        const generation = this.generations.get(response);
        if (response?.status === 410 && generation !== undefined) this.gone.add(generation);
      }
      return store.call(this.journal, delivery);
    };
  }

  enqueue(message: WorkMessage, fromRetries: boolean, delaySeconds = 0): void {
    this.queue.push({ message, fromRetries, visibleAt: this.now + delaySeconds * 1_000, receives: 0 });
  }

  /** Hands out a message that is visible. A twin: SQS hands it out although another invocation has it. */
  async receive(pick: number, twin: boolean, answer: WebhookResult, fate: Fate): Promise<void> {
    const ready = this.queue.filter(({ visibleAt }) => twin || visibleAt <= this.now);
    const entry = ready[pick % Math.max(ready.length, 1)];
    if (entry === undefined) return;
    entry.visibleAt = this.now + VISIBILITY_MS;
    entry.receives += 1;
    const { message, fromRetries } = entry;
    const deps = this.deps(fate, answer);
    try {
      if (message.kind === 'settle_parked') {
        const goOn = () => Promise.reject(new Error('nothing waits here on more than two pages'));
        await settleParked({ ...deps, goOn }, message);
      } else if (message.kind === 'tell_counted') await tellCounted(deps.systemEvents, message);
      else if (message.kind === 'deliver') {
        const [decision] = await deliverBatch(deps, [{ message, fromRetries, receivedBefore: entry.receives > 1 }]);
        if (deps.crashed() || decision?.kind === 'fail') return;
        if (decision?.kind === 'hide') {
          entry.visibleAt = this.now + decision.seconds * 1_000;
          return;
        }
      }
      if (!deps.crashed()) this.queue.splice(this.queue.indexOf(entry), this.queue.includes(entry) ? 1 : 0);
    } catch {
      // It crashed: the message comes back when its visibility timeout ends.
    }
  }

  async sweep(fate: Fate): Promise<void> {
    const deps = this.deps(fate);
    await sweepDue({ ...deps, wake: wakeDeliveries(deps.retries), hasTime: () => true }).catch(() => {});
  }

  /** The API's retry: the journal first, then the message. */
  async retryByHand(ref: DeliverMessage, fate: Fate): Promise<void> {
    const { store, retries } = this.deps(fate);
    try {
      const current = await store.getDelivery(ref);
      const subscription = await store.getSubscription(ref.tenantId, ref.subscriptionId);
      if (current === null || subscription?.status !== 'active') return;
      const asked = requestAttempt(current, 'manual', this.now, WAITS);
      if (await store.saveDelivery(asked, current.revision)) {
        await retries.send([{ message: deliverMessage(asked), delaySeconds: 0 }]);
      }
    } catch {
      // The caller got no answer.
    }
  }

  get subscription(): Subscription | undefined {
    return this.journal.subscriptions.get(`acme ${makeSubscription().id}`);
  }

  /** What the API does to a subscription. `isTold`: the message by which waiting deliveries are settled is sent. */
  change(kind: 'pause' | 'resume' | 'discard' | 'move' | 'delete', isTold: boolean): void {
    const { subscription: current } = this;
    if (current === undefined) return;
    if (kind === 'delete') this.journal.subscriptions.delete(`${current.tenantId} ${current.id}`);
    else {
      const next: Subscription = { ...current, ...this.edit(kind, current) };
      const generation = nextGeneration(current, next);
      this.journal.add({ ...next, generation, url: urlOf(generation) });
    }
    if (isTold && kind !== 'pause' && kind !== 'move') this.enqueue(settleParkedMessage(current).message, true);
  }

  private edit(kind: 'pause' | 'resume' | 'discard' | 'move', current: Subscription): Partial<Subscription> {
    switch (kind) {
      case 'pause':
        return current.status === 'active' ? { status: 'paused' } : {};
      case 'resume':
        return { status: 'active' };
      case 'discard':
        return discardParked({ ...current, status: 'active' }, this.now, null);
      case 'move':
        return { url: 'https://elsewhere.example/' };
      default:
        return kind satisfies never;
    }
  }

  /** Everything works from here on: time passes until nothing is left to do. */
  async settle(answer: WebhookResult): Promise<void> {
    for (let minutes = 0; minutes < 3 * 24 * 60; minutes += 15) {
      this.journal.catchUpIndexes();
      await this.sweep(SMOOTH);
      while (this.queue.some(({ visibleAt }) => visibleAt <= this.now)) await this.receive(0, false, answer, SMOOTH);
      this.now += 15 * MINUTE;
    }
  }

  private deps(
    { crashAt, failAt, loseAt, pace }: Fate,
    answer?: WebhookResult,
  ): DeliverDeps & { store: MemoryJournal; crashed(): boolean } {
    let calls = 0;
    let crashed = false;
    let slept = 0;
    const now = (): number => this.now + slept;
    const turn = async (): Promise<void> => {
      for (let turns = pace[calls % pace.length] ?? 0; turns > 0; turns -= 1) await Promise.resolve();
      crashed ||= calls === crashAt;
      calls += 1;
      if (crashed) throw new Error('crashed');
      if (calls - 1 === failAt) throw new Error('throttled');
    };
    /** The call has had its effect. */
    const lose = (): void => {
      if (calls - 1 === loseAt) throw new Error('the answer was lost');
    };
    const health = this.health.begin();
    const store = new Proxy(this.journal, {
      get: (journal, name) => {
        const member: unknown = Reflect.get(journal, name, journal);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await turn();
          const before = this.subscription?.health ?? null;
          const answer: unknown = await Reflect.apply(member, journal, args);
          if (name === 'loadForMessages') for (const loaded of answer as Loaded[]) health.loaded(loaded);
          if (name === 'saveHealth' && (answer as SavedHealth).saved) health.saved(before, args[2] as Health);
          lose();
          return answer;
        };
      },
    });
    const retries = {
      send: async (messages: readonly Outgoing[]) => {
        await turn();
        for (const { message, delaySeconds } of messages) this.enqueue(message, true, delaySeconds);
        lose();
      },
    };
    return {
      store,
      crashed: () => crashed,
      retries,
      systemEvents: {
        events: store,
        now: () => this.now,
        counts: {
          addToWindow: async (...args) => {
            await turn();
            const begunBy = await this.counts.addToWindow(...args);
            lose();
            return begunBy;
          },
          closeWindow: async (window) => {
            await turn();
            const count = await this.counts.closeWindow(window);
            lose();
            return count;
          },
        },
        later: retries,
        publish: async (messages) => {
          await turn();
          this.published.push(...messages.map(({ body }) => body));
          lose();
        },
      },
      sender: {
        send: async ({ url }) => {
          this.sentAt.push(now());
          this.underWay += 1;
          this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
          await turn().finally(() => {
            this.underWay -= 1;
          });
          const result = answer ?? { outcome: 'success', durationMs: 1, response: null, error: null };
          // A fresh object for each answer, by which the attempt on record is told apart.
          const response = result.response === null ? null : { ...result.response };
          const generation = Number(url.split('/').at(-1));
          this.generations.set(response, generation);
          health.sending(generation, result);
          return { ...result, response };
        },
      },
      opener: { open: async (sealed) => sealed },
      profiles: { get: async () => PROFILE },
      waits: WAITS,
      attemptTimeoutMs: 15_000,
      disableAfterMs: DISABLE_AFTER_MS,
      userAgent: 'Posthorn/test',
      remainingMs: () => 30_000,
      newAttemptId: () => `attempt ${this.attempts++}`,
      now,
      rates: {
        reserveSlots: async (...request) => {
          await turn();
          const reservation = await this.rates.reserveSlots(...request);
          lose();
          return reservation;
        },
      },
      inFlight: {
        takePlaces: async (...request) => {
          await turn();
          const lease = await this.inFlight.takePlaces(...request);
          lose();
          return lease;
        },
        giveBack: async (...lease) => {
          await turn();
          await this.inFlight.giveBack(...lease);
          lose();
        },
      },
      sleep: async (ms) => {
        slept += Math.max(0, ms);
      },
      patience: () => new Promise<void>(() => {}),
      hasCaughtUp: async () => true,
      random: () => 0.5,
      report: () => {},
    };
  }
}
