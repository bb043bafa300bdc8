import { createManualControl } from '../../functions/core/delivery/manual-control.ts';
import { settleParkedMessage } from '../../functions/core/delivery/queue-message.ts';
import { deliveryId, newId, SYSTEM_TENANT } from '../../functions/core/ids.ts';
import { REPLAY_STATUSES } from '../../functions/core/jobs/job-task.ts';
import { createJobs } from '../../functions/core/jobs/jobs.ts';
import { Refusal } from '../../functions/core/refusal.ts';
import { raisesLimits } from '../../functions/core/subscription/limits.ts';
import { discardParked, nextGeneration, type Subscription } from '../../functions/core/subscription/subscription.ts';
import { makeSubscription, SECOND } from '../support/domain.ts';
import type { Command, Publication, SubscriptionHistory } from './campaign-record.ts';
import { BEHAVIOURS, type Behaviour } from './scripted-receiver.ts';
import { PROFILE_NAMES, PROFILES } from './traffic-profiles.ts';
import type { World } from './world.ts';
import { invoke, pause } from './world-invocation.ts';

const TENANTS = ['acme', 'bolt'];
const TYPES = ['order.paid', 'person.left'];
const WANTS = [
  { eventTypes: ['*'], typePrefix: '' },
  { eventTypes: ['order.*'], typePrefix: 'order.' },
];

export type TenantAction = 'pause' | 'resume' | 'move' | 'rotate' | 'limit' | 'delete' | Command['kind'];

/** What the tenants of a world, and the company, ask for: events, subscriptions and their changes, retries and replays. */
export class WorldTenants {
  readonly publications: Publication[] = [];
  readonly histories: SubscriptionHistory[] = [];
  readonly commands: Command[] = [];
  /** Every other world loses first attempts and finds them by replay, which would hide that a fan-out lost them. */
  readonly replaysMissing: boolean;
  private readonly sent: string[] = [];
  private readonly world: World;

  constructor(world: World, replaysMissing: boolean) {
    this.world = world;
    this.replaysMissing = replaysMissing;
  }

  subscribeAll(): void {
    for (const tenantId of TENANTS) for (const behaviour of BEHAVIOURS) this.subscribe(tenantId, behaviour);
    for (const tenantId of TENANTS) this.subscribe(tenantId, 'gone', 'removing');
    this.subscribe(SYSTEM_TENANT, 'good');
  }

  private subscribe(tenantId: string, behaviour: Behaviour, profile = this.world.choices.pick(PROFILE_NAMES)): void {
    const { eventTypes, typePrefix } =
      tenantId === SYSTEM_TENANT
        ? { eventTypes: ['posthorn.*'], typePrefix: 'posthorn.' }
        : this.world.choices.pick(WANTS);
    const path = this.world.receivers.newPath(behaviour);
    const id = newId('sub', this.world.now, () => this.world.choices.next());
    this.world.store.add(
      makeSubscription({
        id,
        tenantId,
        url: urlOf(path),
        eventTypes,
        profile: `faults-${profile}`,
        maxPerSecond: this.world.choices.pick([null, null, 1, 5]),
        maxConcurrent: this.world.choices.pick([null, null, 1, 3]),
        createdAt: this.world.now,
      }),
    );
    this.histories.push({
      id,
      tenantId,
      typePrefix,
      path,
      gapsMs: PROFILES[profile].gapsSeconds.map((seconds) => seconds * SECOND),
      createdAt: this.world.now,
      pauses: [],
      resumes: [],
      moves: [],
      discards: [],
      deletion: null,
      status: 'active',
    });
  }

  publish(): void {
    this.world.serial += 1;
    const mark = `m${this.world.serial}`;
    const tenantId = this.world.choices.pick(TENANTS);
    const type = this.world.choices.pick(TYPES);
    const event = { tenantId, type, data: { mark } };
    this.publications.push({ mark, tenantId, type, startedAt: this.world.now, endedAt: this.world.now });
    const by = this.world.choices.pick(['queue', 'queue with an id', 'api'] as const);
    if (by === 'api') {
      this.publishByApi(event);
      return;
    }
    const body = JSON.stringify(by === 'queue' ? event : { id: `event-${mark}`, ...event });
    if (by !== 'queue') this.sent.push(body);
    this.world.queues.events.send(body, this.world.now);
    if (this.sent.length > 0 && this.world.strikes('published again', 0.1)) {
      const again = this.world.choices.pick(this.sent);
      this.world.queues.events.send(again, this.world.now);
    }
  }

  /** The API makes the id. Without an answer from SQS it sends the event again. */
  private publishByApi(event: object): void {
    const body = JSON.stringify({ id: newId('evt', this.world.now, () => this.world.choices.next()), ...event });
    this.world.queues.events.send(body, this.world.now, 0, 'first');
    if (this.world.strikes('sent again by the API', 0.2))
      this.world.queues.events.send(body, this.world.now + SECOND, 0, 'again');
  }

  /** A tenant, or the company, asks for a range of a subscription again. */
  async startReplay(history: SubscriptionHistory, status: (typeof REPLAY_STATUSES)[number]): Promise<void> {
    const { jobs } = invoke(this.world);
    const control = createJobs({ ...jobs, now: () => this.world.now, random: () => this.world.choices.next() });
    const filter = { from: 0, to: this.world.now, eventTypes: [], dryRun: false, status };
    const { tenantId, id: subscriptionId } = history;
    const task = { kind: 'replay' as const, tenantId, subscriptionId, filter };
    // A caller that gets an error starts it again or not; what is on record is done all the same.
    await control.start({ task, maxPerSecond: this.world.choices.pick([null, 5]), createdBy: 'admin' }).catch(() => {});
    this.world.count('replay');
  }

  private get living(): SubscriptionHistory[] {
    return this.histories.filter(({ tenantId, id }) => this.world.store.subscriptions.has(`${tenantId} ${id}`));
  }

  replaySome(): Promise<void> {
    const statuses = REPLAY_STATUSES.filter((status) => status !== 'missing' || this.replaysMissing);
    // The end of a job of the company's own subscription is not told.
    const tenants = this.living.filter(({ tenantId }) => tenantId !== SYSTEM_TENANT);
    return this.startReplay(this.world.choices.pick(tenants), this.world.choices.pick(statuses));
  }

  /** First attempts have no record: what a purge takes of them is found by replay. */
  async replayMissing(): Promise<void> {
    if (!this.replaysMissing) return;
    for (const history of this.living)
      if (history.tenantId !== SYSTEM_TENANT) await this.startReplay(history, 'missing');
  }

  /** What a tenant does. Its own call may be lost between the record and the message. */
  async disturb(actions: readonly TenantAction[]): Promise<void> {
    const free = this.histories.filter(({ deletion, tenantId }) => deletion === null && tenantId !== SYSTEM_TENANT);
    const history = this.world.choices.pick(free);
    const current = this.world.store.subscriptions.get(`${history.tenantId} ${history.id}`);
    if (current === undefined) return;
    const span = { startedAt: this.world.now, endedAt: this.world.now };
    const action = this.world.choices.pick(actions);
    this.world.count(action);
    switch (action) {
      case 'pause':
        history.pauses.push(span);
        if (current.status === 'active') this.save(current, { status: 'paused' });
        return;
      case 'resume': {
        history.resumes.push(span);
        this.world.receivers.behave(history.path, this.world.choices.pick(['good', 'flaky']));
        const isDiscard = this.world.choices.chance(0.25);
        if (isDiscard) history.discards.push(span);
        const active: Subscription = { ...current, status: 'active' };
        this.save(current, isDiscard ? discardParked(active, this.world.now, null) : active);
        return this.tell(current);
      }
      case 'move':
        history.moves.push(span);
        history.path = this.world.receivers.newPath(this.world.choices.pick(BEHAVIOURS));
        this.save(current, { url: urlOf(history.path) });
        return;
      case 'rotate':
        this.save(current, { updatedAt: this.world.now });
        return;
      case 'limit': {
        const limited = { ...current, maxPerSecond: this.world.choices.pick([null, 1, 5]) };
        const isRaised = raisesLimits(current, limited);
        this.save(limited, isRaised ? { limitRaisedAt: this.world.now } : {});
        return this.tell(current);
      }
      case 'delete':
        history.deletion = span;
        this.world.store.subscriptions.delete(`${history.tenantId} ${history.id}`);
        this.subscribe(history.tenantId, this.world.choices.pick(BEHAVIOURS));
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
    this.world.store.add({ ...next, generation: nextGeneration(current, next) });
  }

  private tell(subscription: Subscription): void {
    if (this.world.isFaulty && this.world.strikes('not told', 0.3)) return;
    this.world.queues.retries.send(JSON.stringify(settleParkedMessage(subscription).message), this.world.now);
  }

  private async command({ id, tenantId }: SubscriptionHistory, kind: Command['kind']): Promise<void> {
    await pause(this.world.choices.whole(0, 60));
    const statuses = kind === 'retry' ? ['failed', 'succeeded'] : ['pending', 'parked'];
    const own = [...this.world.store.deliveries.values()].filter(
      (one) => one.subscriptionId === id && statuses.includes(one.status),
    );
    if (own.length === 0) return;
    // Most is to be seen where an attempt is under way.
    const underWay = own.filter(({ claim }) => claim !== null && claim.endsAt > this.world.now);
    const asked: Command = {
      kind,
      deliveryId: deliveryId(this.world.choices.pick(underWay.length > 0 ? underWay : own)),
      startedAt: this.world.now,
      endedAt: null,
    };
    const { store, retries, waits, now } = invoke(this.world).deps;
    const control = createManualControl({ store, subscriptions: store, events: store, retries, waits, now });
    const answer = await control[kind](tenantId, asked.deliveryId).catch(() => null);
    if (answer !== null && !(answer instanceof Refusal)) asked.endedAt = this.world.now;
    // One whose answer was lost may have been done.
    if (answer === null ? kind === 'cancel' : asked.endedAt !== null) this.commands.push(asked);
  }
}

const urlOf = (path: string): string => `https://receiver.example${path}`;
