import { deliverBatch } from '../../functions/core/delivery/deliver.ts';
import { createManualControl } from '../../functions/core/delivery/manual-control.ts';
import { settleParkedMessage, WorkMessage } from '../../functions/core/delivery/queue-message.ts';
import { settleParked } from '../../functions/core/delivery/settle-parked.ts';
import { sweepDue, wakeDeliveries } from '../../functions/core/delivery/sweep.ts';
import { compileDataCheck } from '../../functions/core/event/validate-data.ts';
import { deliveryId, newId, SYSTEM_TENANT } from '../../functions/core/ids.ts';
import { ingestBatch } from '../../functions/core/ingest/ingest.ts';
import { JobMessage, wakeJobs } from '../../functions/core/jobs/job-store.ts';
import { REPLAY_STATUSES } from '../../functions/core/jobs/job-task.ts';
import { createJobs } from '../../functions/core/jobs/jobs.ts';
import { replayPage } from '../../functions/core/jobs/replay.ts';
import { runJobPage } from '../../functions/core/jobs/run-page.ts';
import { type CompiledProfile, compileProfile } from '../../functions/core/profile/compile-profile.ts';
import { Refusal } from '../../functions/core/refusal.ts';
import { type CountedSubscription, countWrites } from '../../functions/core/stats/counters.ts';
import { foldStats } from '../../functions/core/stats/fold-stats.ts';
import { healthOf } from '../../functions/core/subscription/health.ts';
import { discardParked, nextGeneration, type Subscription } from '../../functions/core/subscription/subscription.ts';
import { tellCounted } from '../../functions/core/system-event/counted.ts';
import type { WebhookRequest, WebhookResult } from '../../functions/core/target/webhook.ts';
import { MINUTE, makeSubscription, NOW, SECOND } from '../support/domain.ts';
import { MemoryCounts } from '../support/memory-counts.ts';
import { MemoryInFlight } from '../support/memory-in-flight.ts';
import { MemoryJobs } from '../support/memory-jobs.ts';
import { MemoryRateLimits } from '../support/memory-rate-limits.ts';
import { MemoryStats } from '../support/memory-stats.ts';
import {
  type CampaignRecord,
  type Command,
  MARK_HEADER,
  NUMBER_HEADER,
  type Publication,
  type ReceivedRequest,
  recordedEvent,
  type SubscriptionHistory,
} from './campaign-record.ts';
import { MemoryQueue, type QueuedMessage } from './memory-queue.ts';
import { type Choices, createChoices } from './random.ts';
import { BEHAVIOURS, type Behaviour, DELIVERY_HEADER } from './scripted-receiver.ts';
import { PROFILE_NAMES, PROFILES, profileDocument } from './traffic-profiles.ts';
import { type Invocation, invoke, pause } from './world-invocation.ts';
import { WorldStore } from './world-store.ts';

/** What was done to the system, by name. */
export type WorldCounts = Record<string, number>;

export interface WorldRun {
  record: CampaignRecord;
  /** Whether it came to rest. */
  quiet: boolean;
  counts: WorldCounts;
}

const TENANTS = ['acme', 'bolt'];
const TYPES = ['order.paid', 'person.left'];
const WANTS = [
  { eventTypes: ['*'], typePrefix: '' },
  { eventTypes: ['order.*'], typePrefix: 'order.' },
];
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
  readonly publications: Publication[] = [];
  readonly histories: SubscriptionHistory[] = [];
  readonly requests: ReceivedRequest[] = [];
  readonly commands: Command[] = [];
  readonly kills: number[] = [];
  readonly doubled = new Set<string>();
  readonly refusedWrites = new Map<string, number[]>();
  readonly lostCounts: CountedSubscription[] = [];
  /** By the subscription's id. */
  readonly unwrittenHealth = new Map<string, number[]>();
  private restedAt = Number.POSITIVE_INFINITY;
  private readonly behaviours = new Map<string, { behaviour: Behaviour; left: number }>();
  private readonly sent: string[] = [];
  serial = 0;

  /** Every other world loses first attempts and finds them by replay, which would hide that a fan-out lost them. */
  private readonly replaysMissing: boolean;

  constructor(seed: number) {
    this.replaysMissing = seed % 2 === 0;
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
    for (const tenantId of TENANTS) for (const behaviour of BEHAVIOURS) this.subscribe(tenantId, behaviour);
    for (const tenantId of TENANTS) this.subscribe(tenantId, 'gone', 'removing');
    this.subscribe(SYSTEM_TENANT, 'good');
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

  subscribe(tenantId: string, behaviour: Behaviour, profile = this.choices.pick(PROFILE_NAMES)): void {
    const { eventTypes, typePrefix } =
      tenantId === SYSTEM_TENANT ? { eventTypes: ['posthorn.*'], typePrefix: 'posthorn.' } : this.choices.pick(WANTS);
    const path = this.newPath(behaviour);
    const id = newId('sub', this.now, () => this.choices.next());
    this.store.add(
      makeSubscription({
        id,
        tenantId,
        url: urlOf(path),
        eventTypes,
        profile: `faults-${profile}`,
        maxPerSecond: this.choices.pick([null, null, 1, 5]),
        maxConcurrent: this.choices.pick([null, null, 1, 3]),
        createdAt: this.now,
      }),
    );
    this.histories.push({
      id,
      tenantId,
      typePrefix,
      path,
      gapsMs: PROFILES[profile].gapsSeconds.map((seconds) => seconds * SECOND),
      createdAt: this.now,
      pauses: [],
      resumes: [],
      moves: [],
      discards: [],
      deletion: null,
      status: 'active',
    });
  }

  private newPath(behaviour: Behaviour): string {
    this.serial += 1;
    const path = `/${behaviour}-${this.serial}`;
    this.behave(path, behaviour);
    return path;
  }

  private behave(path: string, behaviour: Behaviour): void {
    this.behaviours.set(path, { behaviour, left: behaviour === 'gone' ? this.choices.whole(1, 5) : 0 });
  }

  recover(): void {
    for (const script of this.behaviours.values()) script.behaviour = 'good';
  }

  publish(): void {
    this.serial += 1;
    const mark = `m${this.serial}`;
    const tenantId = this.choices.pick(TENANTS);
    const type = this.choices.pick(TYPES);
    const event = { tenantId, type, data: { mark } };
    this.publications.push({ mark, tenantId, type, startedAt: this.now, endedAt: this.now });
    const by = this.choices.pick(['queue', 'queue with an id', 'api'] as const);
    if (by === 'api') {
      this.publishByApi(event);
      return;
    }
    const body = JSON.stringify(by === 'queue' ? event : { id: `event-${mark}`, ...event });
    if (by !== 'queue') this.sent.push(body);
    this.queues.events.send(body, this.now);
    if (this.sent.length > 0 && this.strikes('published again', 0.1)) {
      const again = this.choices.pick(this.sent);
      this.queues.events.send(again, this.now);
    }
  }

  /** The API makes the id. Without an answer from SQS it sends the event again. */
  private publishByApi(event: object): void {
    const body = JSON.stringify({ id: newId('evt', this.now, () => this.choices.next()), ...event });
    this.queues.events.send(body, this.now, 0, 'first');
    if (this.strikes('sent again by the API', 0.2)) this.queues.events.send(body, this.now + SECOND, 0, 'again');
  }

  async ingest(): Promise<void> {
    const batch = this.queues.events.receive(this.now, this.choices);
    const { call, crashed, deps, deliveries } = invoke(this);
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
      };
      const result = await ingestBatch({ ...ports, pause: async () => {}, report: () => {} }, messages);
      if (crashed()) return;
      await call(() => {});
      for (const message of batch) {
        if (result.continue.has(message.id)) this.queues.events.hide(message, this.now);
        else if (!result.retry.has(message.id)) this.queues.events.delete(message);
      }
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
    const { crashed, call, deps, stats, recorded } = invoke(this);
    const fromRetries = queue === 'retries';
    const done: QueuedMessage[] = [];
    try {
      for (const { one, message } of batch) {
        if (message.kind === 'settle_parked') await settleParked(deps, message);
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

  /** A tenant, or the company, asks for a range of a subscription again. */
  async startReplay(history: SubscriptionHistory, status: (typeof REPLAY_STATUSES)[number]): Promise<void> {
    const { jobs } = invoke(this);
    const control = createJobs({ ...jobs, now: () => this.now, random: () => this.choices.next() });
    const filter = { from: 0, to: this.now, eventTypes: [], dryRun: false, status };
    const { tenantId, id: subscriptionId } = history;
    const task = { kind: 'replay' as const, tenantId, subscriptionId, filter };
    // A caller that gets an error starts it again or not; what is on record is done all the same.
    await control.start({ task, maxPerSecond: this.choices.pick([null, 5]), createdBy: 'admin' }).catch(() => {});
    this.count('replay');
  }

  async runJobs(): Promise<void> {
    const batch = this.queues.jobs.receive(this.now, this.choices);
    for (const one of batch) {
      const { crashed, deps, jobs } = invoke(this);
      const { store, retries, waits, now, systemEvents } = deps;
      const ports = { deliveries: store, events: store, subscriptions: store, retries, waits, now };
      const work: Parameters<typeof runJobPage>[0]['work'] = async (job) => {
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
    const queues = this.replaysMissing ? (['deliveries', 'retries', 'jobs'] as const) : (['jobs'] as const);
    const queue = this.choices.pick(queues);
    this.counts[`purged from ${queue}`] = (this.counts[`purged from ${queue}`] ?? 0) + this.queues[queue].empty();
  }

  private get living(): SubscriptionHistory[] {
    return this.histories.filter(({ tenantId, id }) => this.store.subscriptions.has(`${tenantId} ${id}`));
  }

  replaySome(): Promise<void> {
    const statuses = REPLAY_STATUSES.filter((status) => status !== 'missing' || this.replaysMissing);
    // The end of a job of the company's own subscription is not told.
    const tenants = this.living.filter(({ tenantId }) => tenantId !== SYSTEM_TENANT);
    return this.startReplay(this.choices.pick(tenants), this.choices.pick(statuses));
  }

  /** First attempts have no record: what a purge takes of them is found by replay. */
  async replayMissing(): Promise<void> {
    if (!this.replaysMissing) return;
    for (const history of this.living)
      if (history.tenantId !== SYSTEM_TENANT) await this.startReplay(history, 'missing');
  }

  /** What a tenant does. Its own call may be lost between the record and the message. */
  async disturb(actions: readonly Action[]): Promise<void> {
    const free = this.histories.filter(({ deletion, tenantId }) => deletion === null && tenantId !== SYSTEM_TENANT);
    const history = this.choices.pick(free);
    const current = this.store.subscriptions.get(`${history.tenantId} ${history.id}`);
    if (current === undefined) return;
    const span = { startedAt: this.now, endedAt: this.now };
    const action = this.choices.pick(actions);
    this.count(action);
    switch (action) {
      case 'pause':
        history.pauses.push(span);
        if (current.status === 'active') this.save(current, { status: 'paused' });
        return;
      case 'resume': {
        history.resumes.push(span);
        this.behave(history.path, this.choices.pick(['good', 'flaky']));
        const isDiscard = this.choices.chance(0.25);
        if (isDiscard) history.discards.push(span);
        const active: Subscription = { ...current, status: 'active' };
        this.save(current, isDiscard ? discardParked(active, this.now, null) : active);
        return this.tell(current);
      }
      case 'move':
        history.moves.push(span);
        history.path = this.newPath(this.choices.pick(BEHAVIOURS));
        this.save(current, { url: urlOf(history.path) });
        return;
      case 'rotate':
        this.save(current, { updatedAt: this.now });
        return;
      case 'delete':
        history.deletion = span;
        this.store.subscriptions.delete(`${history.tenantId} ${history.id}`);
        this.subscribe(history.tenantId, this.choices.pick(BEHAVIOURS));
        return this.tell(current);
      case 'retry':
      case 'cancel':
        return this.command(history, action);
      default:
        action satisfies never;
    }
  }

  private save(current: Subscription, changes: Partial<Subscription>): void {
    const next: Subscription = { ...current, ...changes, revision: current.revision + 1 };
    this.store.add({ ...next, generation: nextGeneration(current, next) });
  }

  private tell(subscription: Subscription): void {
    if (this.isFaulty && this.strikes('not told', 0.3)) return;
    this.queues.retries.send(JSON.stringify(settleParkedMessage(subscription).message), this.now);
  }

  private async command({ id, tenantId }: SubscriptionHistory, kind: Command['kind']): Promise<void> {
    await pause(this.choices.whole(0, 60));
    const statuses = kind === 'retry' ? ['failed', 'succeeded'] : ['pending', 'parked'];
    const own = [...this.store.deliveries.values()].filter(
      (one) => one.subscriptionId === id && statuses.includes(one.status),
    );
    if (own.length === 0) return;
    // Most is to be seen where an attempt is under way.
    const underWay = own.filter(({ claim }) => claim !== null && claim.endsAt > this.now);
    const asked: Command = {
      kind,
      deliveryId: deliveryId(this.choices.pick(underWay.length > 0 ? underWay : own)),
      startedAt: this.now,
      endedAt: null,
    };
    const { store, retries, waits, now } = invoke(this).deps;
    const control = createManualControl({ store, subscriptions: store, retries, waits, now });
    const answer = await control[kind](tenantId, asked.deliveryId).catch(() => null);
    if (answer !== null && !(answer instanceof Refusal)) asked.endedAt = this.now;
    // One whose answer was lost may have been done.
    if (answer === null ? kind === 'cancel' : asked.endedAt !== null) this.commands.push(asked);
  }

  receive({ url, headers, body }: WebhookRequest): WebhookResult {
    this.serial += 1;
    const path = new URL(url).pathname;
    const request: ReceivedRequest = {
      mark: `request-${this.serial}`,
      at: this.now,
      path,
      deliveryId: headers[DELIVERY_HEADER] ?? '',
      number: Number(headers[NUMBER_HEADER]),
      eventMark: /"mark":"([^"]+)"/.exec(body)?.[1] ?? '',
      status: null,
    };
    this.requests.push(request);
    const script = this.behaviours.get(path) ?? { behaviour: 'good', left: 0 };
    const isFailure = script.behaviour === 'dead' || (script.behaviour === 'flaky' && this.choices.chance(0.4));
    script.left -= 1;
    const isGone = script.behaviour === 'gone' && script.left === 0;
    const status = isGone ? 410 : isFailure ? this.choices.pick([500, 500, 503, null]) : 200;
    const durationMs = status === null ? 2_000 : this.choices.whole(1, 300);
    // Those of a batch wait side by side.
    this.now += Math.round(durationMs / 20);
    request.status = status;
    if (status === null) {
      const error = { code: 'timeout', message: 'No answer.' };
      return { outcome: 'timeout', durationMs, response: null, error };
    }
    const retryAfter = status === 503 ? { 'retry-after': String(this.choices.whole(1, 8)) } : {};
    const response = { status, headers: { [MARK_HEADER]: request.mark, ...retryAfter }, body: '', truncated: false };
    const isSuccess = status === 200;
    const error = isSuccess ? null : { code: 'http_status', message: `The receiver answered ${status}.` };
    return { outcome: isSuccess ? 'success' : 'http_error', durationMs, response, error };
  }

  /** Whether anything is left that should come to an end. */
  get isOpen(): boolean {
    if ([...this.jobs.jobs.values()].some(({ dueAt }) => dueAt !== null)) return true;
    if (Object.values(this.queues).some(({ messages }) => messages.size > 0)) return true;
    return [...this.store.deliveries.values()].some(({ status, effects, requested, tenantId, subscriptionId }) => {
      const subscription = this.store.subscriptions.get(`${tenantId} ${subscriptionId}`);
      const isHeld = status === 'parked' && subscription !== undefined && subscription.status !== 'active';
      return (!isHeld && (status === 'pending' || status === 'parked')) || effects.length > 0 || requested !== null;
    });
  }

  async act(command: WorldCommand): Promise<void> {
    switch (command) {
      case 'publish':
        return this.publish();
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
        return this.disturb(['pause', 'resume', 'resume', 'move', 'rotate', 'delete']);
      case 'retry or cancel':
        return this.disturb(['retry', 'cancel']);
      case 'hand out twice':
        return this.double();
      case 'purge a queue':
        return this.emptyQueue();
      case 'replay':
        return this.replaySome();
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
    this.recover();
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
      if (steps === 40) await this.replayMissing();
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
      this.histories.map(async ({ tenantId, id: subscriptionId }) => {
        const hours = await this.stats.readSubscriptionCounters(tenantId, subscriptionId, { from: 0, to: this.now });
        return [...hours.values()].map((ofHour) => ({ tenantId, subscriptionId, counters: ofHour }));
      }),
    );
    for (const history of this.histories) {
      history.status = this.store.subscriptions.get(`${history.tenantId} ${history.id}`)?.status ?? null;
    }
    return {
      publications: this.publications,
      subscriptions: this.histories,
      commands: this.commands,
      requests: this.requests,
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

type Action = 'pause' | 'resume' | 'move' | 'rotate' | 'delete' | Command['kind'];

const urlOf = (path: string): string => `https://receiver.example${path}`;

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
  while (world.publications.length < events) {
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
