import { deliverBatch } from '../../functions/core/delivery/deliver.ts';
import { isFinished, isParked } from '../../functions/core/delivery/delivery.ts';
import { WorkMessage } from '../../functions/core/delivery/queue-message.ts';
import { settleParked } from '../../functions/core/delivery/settle-parked.ts';
import { sweepDue, wakeDeliveries } from '../../functions/core/delivery/sweep.ts';
import { compileDataCheck } from '../../functions/core/event/validate-data.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import { type FanOutRest, ingestBatch } from '../../functions/core/ingest/ingest.ts';
import { fanOutPage } from '../../functions/core/jobs/fan-out.ts';
import { JobMessage, wakeJobs } from '../../functions/core/jobs/job-store.ts';
import { replayPage } from '../../functions/core/jobs/replay.ts';
import { runJobPage } from '../../functions/core/jobs/run-page.ts';
import { settleParkedPage } from '../../functions/core/jobs/settle-parked.ts';
import { type CompiledProfile, compileProfile } from '../../functions/core/profile/compile-profile.ts';
import { type CountedSubscription, countWrites } from '../../functions/core/stats/counters.ts';
import { foldStats } from '../../functions/core/stats/fold-stats.ts';
import { healthOf } from '../../functions/core/subscription/health.ts';
import { createMatcher } from '../../functions/core/subscription/match.ts';
import { tellCounted } from '../../functions/core/system-event/counted.ts';
import { MINUTE, NOW, SECOND } from '../support/domain.ts';
import { MemoryCounts } from '../support/memory-counts.ts';
import { MemoryInFlight } from '../support/memory-in-flight.ts';
import { MemoryJobs } from '../support/memory-jobs.ts';
import { MemoryRateLimits } from '../support/memory-rate-limits.ts';
import { MemoryStats } from '../support/memory-stats.ts';
import { type CampaignRecord, recordedEvent } from './campaign-record.ts';
import { MemoryQueue, type QueuedMessage } from './memory-queue.ts';
import { type Choices, createChoices } from './random.ts';
import { PROFILE_NAMES, profileDocument } from './traffic-profiles.ts';
import { type Invocation, invoke, pause } from './world-invocation.ts';
import { WorldReceivers } from './world-receivers.ts';
import { WorldStore } from './world-store.ts';
import { WorldTenants } from './world-tenants.ts';

/** What was done to the system, by name. */
export type WorldCounts = Record<string, number>;

export interface WorldRun {
  record: CampaignRecord;
  /** Whether it came to rest. */
  quiet: boolean;
  counts: WorldCounts;
}

const BREAKER = { failures: 3, pauseSeconds: 5, maxPauseSeconds: 60 };
/** So few that a minute's records take several pages. */
const MAX_SUMS = 3;

/**
 * The whole system in memory: the core's own ingest, delivery, sweep and control over stores and queues that fail as AWS does.
 * The same seed does the same to the letter.
 */
export class World {
  now = NOW;
  isFaulty = true;
  readonly counts: WorldCounts = {};
  readonly choices: Choices;
  readonly store: WorldStore;
  readonly rates = new MemoryRateLimits();
  readonly inFlight = new MemoryInFlight();
  readonly windows = new MemoryCounts();
  readonly jobs = new MemoryJobs(() => this.now);
  readonly stats = new MemoryStats(() => this.now);
  readonly queues = {
    events: new MemoryQueue(),
    deliveries: new MemoryQueue(),
    retries: new MemoryQueue(),
    jobs: new MemoryQueue(),
  };
  readonly profiles: Map<string, CompiledProfile>;
  readonly receivers = new WorldReceivers(this);
  readonly tenants: WorldTenants;
  readonly kills: number[] = [];
  readonly doubled = new Set<string>();
  readonly refusedWrites = new Map<string, number[]>();
  readonly lostCounts: CountedSubscription[] = [];
  /** By the subscription's id. */
  readonly unwrittenHealth = new Map<string, number[]>();
  private restedAt = Number.POSITIVE_INFINITY;
  serial = 0;

  constructor(seed: number) {
    this.tenants = new WorldTenants(this, seed % 2 === 0);
    this.choices = createChoices(seed);
    this.store = new WorldStore(() => this.now, {
      isStale: () => this.isFaulty && this.strikes('stale read', 0.3),
      isRepeated: () => this.isFaulty && this.strikes('call repeated', 0.06),
    });
    this.profiles = new Map(
      PROFILE_NAMES.map((name) => {
        // The breaker is for one of them: the schedules of the others are promises.
        const breaker = name === 'indexed' ? BREAKER : null;
        const compiled = compileProfile({ ...profileDocument(name), breaker }, 1);
        if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
        return [`faults-${name}`, compiled.profile];
      }),
    );
    this.tenants.subscribeAll();
    this.store.remember();
    this.store.catchUpIndexes();
  }

  count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  strikes(name: string, probability: number): boolean {
    const struck = this.choices.chance(probability);
    if (struck) this.count(name);
    return struck;
  }

  async ingest(): Promise<void> {
    const batch = this.queues.events.receive(this.now, this.choices);
    const { call, crashed, deps, deliveries, goOn } = invoke(this);
    const messages = batch.map(({ id, body, madeId, sentAt, receives }) => ({
      messageId: id,
      body,
      sentAt,
      origin: null,
      madeId,
      receivedBefore: receives > 1,
    }));
    try {
      const { store } = deps;
      const ports = {
        ...deps,
        store,
        deliveries,
        systemEventCounts: deps.systemEvents.counts,
        putOnBus: null,
        eventTypes: 'open' as const,
        checkOf: compileDataCheck,
        matcherOf: createMatcher,
        goOn: (rest: FanOutRest) => {
          this.count('went on with a fan-out');
          return goOn.fanOut(rest);
        },
      };
      const result = await ingestBatch(
        { ...ports, pause: async () => {}, giveWay: async () => {}, report: () => {} },
        messages,
      );
      if (crashed()) return;
      await call(() => {});
      for (const message of batch) if (!result.retry.has(message.id)) this.queues.events.delete(message);
    } catch {
      // It crashed: the messages come back when their visibility timeout ends.
    }
  }

  /** One invocation for messages of one queue. */
  async deliver(queue: 'deliveries' | 'retries', given?: QueuedMessage[]): Promise<void> {
    const { [queue]: from } = this.queues;
    const batch = (given ?? from.receive(this.now, this.choices)).map((one) => ({
      one,
      message: WorkMessage.parse(JSON.parse(one.body)),
    }));
    const { crashed, call, deps, goOn, stats, recorded } = invoke(this);
    const fromRetries = queue === 'retries';
    const done: QueuedMessage[] = [];
    try {
      for (const { one, message } of batch) {
        if (message.kind === 'settle_parked') await settleParked({ ...deps, goOn: goOn.settling }, message);
        else if (message.kind === 'tell_counted') await tellCounted(deps.systemEvents, message);
        else continue;
        done.push(one);
      }
      const deliver = batch.flatMap(({ one, message }) => (message.kind === 'deliver' ? [{ one, message }] : []));
      const decisions = await deliverBatch(
        deps,
        deliver.map(({ one, message }) => ({ message, fromRetries, receivedBefore: one.receives > 1 })),
      );
      if (crashed()) return;
      await call(() => {});
      for (const [index, { one }] of deliver.entries()) {
        const decision = decisions[index];
        if (decision?.kind === 'ack') done.push(one);
        else if (decision?.kind === 'hide') from.hide(one, this.now + decision.seconds * SECOND);
      }
      const counted = countWrites(recorded);
      if (counted.length > 0) await stats.putRecord(this.now, counted);
      recorded.length = 0;
    } catch {
      // It crashed, or could not read: its messages come back. What it could not count is lost.
    } finally {
      this.lostCounts.push(...countWrites(recorded));
      if (crashed())
        for (const { message } of batch) if (message.kind === 'deliver') this.noteUnwritten(message.subscriptionId);
    }
    if (!crashed()) for (const one of done) from.delete(one);
  }

  /** The health of a subscription may not have been written. */
  noteUnwritten(subscriptionId: string): void {
    const before = this.unwrittenHealth.get(subscriptionId) ?? [];
    this.unwrittenHealth.set(subscriptionId, [...before, this.now]);
  }

  /** The visibility of a message ends early: another invocation gets it, too. */
  async double(): Promise<void> {
    const queue = this.choices.pick(['deliveries', 'retries'] as const);
    const messages = [...this.queues[queue].messages.values()];
    if (messages.length === 0) return;
    const message = this.choices.pick(messages);
    const work = WorkMessage.parse(JSON.parse(message.body));
    // The first to get it may be at it still, and knows of no other.
    if (work.kind === 'deliver' && message.receives <= 1 && !work.repeated) this.doubled.add(deliveryId(work));
    this.count('handed out twice');
    const copies = [this.queues[queue].handOut(message, this.now), this.queues[queue].handOut(message, this.now)];
    await Promise.all(
      copies.map(async (copy) => {
        await pause(this.choices.whole(0, 80));
        await this.deliver(queue, [copy]);
      }),
    );
  }

  async sweep(): Promise<void> {
    const { deps, jobs, stats } = invoke(this);
    await sweepDue({ ...deps, wake: wakeDeliveries(deps.retries) }).catch(() => {});
    await sweepDue({ ...deps, store: jobs.store, wake: wakeJobs(jobs.queue) }).catch(() => {});
    await this.addUpStats({ deps, stats });
  }

  private async addUpStats({ deps, stats }: Pick<Invocation, 'deps' | 'stats'>): Promise<void> {
    await foldStats({ store: stats, maxSums: MAX_SUMS, now: deps.now, hasTime: deps.hasTime }).catch(() => {});
  }

  async runJobs(): Promise<void> {
    const batch = this.queues.jobs.receive(this.now, this.choices);
    for (const one of batch) {
      const { crashed, deps, jobs } = invoke(this);
      const { store, retries, waits, now, systemEvents } = deps;
      const ports = { deliveries: store, events: store, subscriptions: store, retries, waits, now };
      const work: Parameters<typeof runJobPage>[0]['work'] = async (job) => {
        if (job.task.kind === 'settle_parked') {
          this.count('settled by a job');
          return settleParkedPage({ ...ports, waiting: store }, job, job.task);
        }
        if (job.task.kind === 'fan_out') {
          const fanOut = { matcherOf: createMatcher, pause: async () => {}, report: () => {} };
          return fanOutPage({ ...ports, matchable: store, fanOut }, job, job.task);
        }
        if (job.task.kind !== 'replay') throw new Error('the world has no other jobs');
        return replayPage(ports, job, job.task);
      };
      try {
        const message: JobMessage = JobMessage.parse(JSON.parse(one.body));
        await runJobPage({ ...jobs, work, systemEvents, now, report: () => {} }, message);
        if (!crashed()) this.queues.jobs.delete(one);
      } catch {
        // It crashed: the message comes back.
      }
    }
  }

  /** Not the events queue: what is lost there was never on record. */
  emptyQueue(): void {
    const queues = this.tenants.replaysMissing ? (['deliveries', 'retries', 'jobs'] as const) : (['jobs'] as const);
    const queue = this.choices.pick(queues);
    this.counts[`purged from ${queue}`] = (this.counts[`purged from ${queue}`] ?? 0) + this.queues[queue].empty();
  }

  /** Whether anything is left that should come to an end. */
  get isOpen(): boolean {
    if ([...this.jobs.jobs.values()].some(({ dueAt }) => dueAt !== null)) return true;
    if (Object.values(this.queues).some(({ messages }) => messages.size > 0)) return true;
    return [...this.store.deliveries.values()].some((delivery) => {
      const { tenantId, subscriptionId, effects } = delivery;
      const subscription = this.store.subscriptions.get(`${tenantId} ${subscriptionId}`);
      const isHeld = isParked(delivery) && subscription !== undefined && subscription.status !== 'active';
      return effects.length > 0 || (!isHeld && !isFinished(delivery));
    });
  }

  async act(command: WorldCommand): Promise<void> {
    switch (command) {
      case 'publish':
        return this.tenants.publish();
      case 'ingest':
        return this.ingest();
      case 'first attempts':
        return this.deliver('deliveries');
      case 'later attempts':
        return this.deliver('retries');
      case 'sweep':
        return this.sweep();
      case 'work on a job':
        return this.runJobs();
      case 'change a subscription':
        return this.tenants.disturb(['pause', 'resume', 'resume', 'move', 'rotate', 'limit', 'delete']);
      case 'retry or cancel':
        return this.tenants.disturb(['retry', 'cancel']);
      case 'hand out twice':
        return this.double();
      case 'purge a queue':
        return this.emptyQueue();
      case 'replay':
        return this.tenants.replaySome();
      case 'remember for stale reads':
        return this.store.remember();
      case 'let indexes catch up':
        return this.store.catchUpIndexes();
      case 'let time pass':
        // While anything is under way the clock jumps by less than a claim holds.
        this.now += this.choices.pick([SECOND, 5 * SECOND, 15 * SECOND]);
        return;
      default:
        command satisfies never;
    }
  }

  /** Without any fault, time passes until nothing is open. */
  async comeToRest(): Promise<WorldRun> {
    this.isFaulty = false;
    this.restedAt = this.now;
    this.receivers.recover();
    let quiet = false;
    for (let steps = 0; steps < 600 && !quiet; steps += 1) {
      this.store.catchUpIndexes();
      await this.sweep();
      const { events, deliveries, retries, jobs } = this.queues;
      while (events.visible(this.now).length > 0) await this.ingest();
      while (deliveries.visible(this.now).length > 0) await this.deliver('deliveries');
      while (retries.visible(this.now).length > 0) await this.deliver('retries');
      while (jobs.visible(this.now).length > 0) await this.runJobs();
      // By now nothing is on its way any more.
      if (steps === 40) await this.tenants.replayMissing();
      quiet = steps > 40 && !this.isOpen;
      this.now += steps < 60 ? MINUTE : 15 * MINUTE;
    }
    // A minute's records are added to the statistics a minute after its end.
    this.now += 3 * MINUTE;
    await this.addUpStats(invoke(this));
    return { record: await this.record(), quiet, counts: this.counts };
  }

  async record(): Promise<CampaignRecord> {
    const counters = await Promise.all(
      this.tenants.histories.map(async ({ tenantId, id: subscriptionId }) => {
        const hours = await this.stats.readSubscriptionCounters(tenantId, subscriptionId, { from: 0, to: this.now });
        return [...hours.values()].map((ofHour) => ({ tenantId, subscriptionId, counters: ofHour }));
      }),
    );
    for (const history of this.tenants.histories) {
      history.status = this.store.subscriptions.get(`${history.tenantId} ${history.id}`)?.status ?? null;
    }
    return {
      publications: this.tenants.publications,
      subscriptions: this.tenants.histories,
      commands: this.tenants.commands,
      requests: this.receivers.requests,
      events: [...this.store.events.values()].map(recordedEvent),
      jobs: [...this.jobs.jobs.values()],
      emptied: Object.keys(this.counts).some((name) => name.startsWith('purged')),
      deliveries: [...this.store.deliveries.values()],
      leftMessages: Object.entries(this.queues)
        .map(([queue, { messages }]) => ({ queue, count: messages.size }))
        .filter(({ count }) => count > 0),
      kills: this.kills,
      doubled: this.doubled,
      refusedWrites: this.refusedWrites,
      counters: counters.flat(),
      lostCounts: this.lostCounts,
      uncountedEnds: [],
      health: new Map([...this.store.subscriptions.values()].map((one) => [one.id, healthOf(one)])),
      unwrittenHealth: this.unwrittenHealth,
      restedAt: this.restedAt,
      jumps: [],
    };
  }
}

/** What can happen, and how often. */
const COMMANDS = {
  publish: 18,
  ingest: 18,
  'first attempts': 20,
  'later attempts': 20,
  sweep: 3,
  'work on a job': 2,
  'change a subscription': 4,
  'retry or cancel': 3,
  'hand out twice': 5,
  'purge a queue': 1,
  replay: 1,
  'remember for stale reads': 2,
  'let indexes catch up': 2,
  'let time pass': 3,
} as const;
export type WorldCommand = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as WorldCommand[];
/** Each as often as it happens. */
export const WORLD_COMMANDS = NAMES.flatMap((command) => Array.from({ length: COMMANDS[command] }, () => command));

/** Runs the world under faults until so many events are published, then without any until nothing is open. */
export async function runWorld({ seed, events }: { seed: number; events: number }): Promise<WorldRun> {
  const world = new World(seed);
  const { choices } = world;
  while (world.tenants.publications.length < events) {
    await Promise.all(Array.from({ length: choices.whole(1, 4) }, () => world.act(choices.pick(WORLD_COMMANDS))));
    world.now += choices.chance(0.06) ? choices.pick([MINUTE, 3 * MINUTE, 12 * MINUTE]) : choices.whole(0, 2_000);
  }
  return world.comeToRest();
}

/** Runs just these commands; those of a group at the same time. */
export async function liveThrough(seed: number, groups: readonly (readonly WorldCommand[])[]): Promise<WorldRun> {
  const world = new World(seed);
  for (const group of groups) {
    await Promise.all(group.map((command) => world.act(command)));
    world.now += world.choices.pick([0, SECOND, 10 * SECOND, 2 * MINUTE, 12 * MINUTE]);
  }
  return world.comeToRest();
}
