import * as z from 'zod';
import type { CommitStep, RecordedWrite } from '../../functions/core/delivery/commit.ts';
import type { DeliverDeps } from '../../functions/core/delivery/deliver.ts';
import type { Outgoing } from '../../functions/core/delivery/queue-message.ts';
import type { SettleParkedPorts } from '../../functions/core/delivery/settle-parked.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import type { IngestDeps } from '../../functions/core/ingest/ingest.ts';
import { fanOutAsJob } from '../../functions/core/jobs/fan-out.ts';
import { type JobQueue, jobMessage } from '../../functions/core/jobs/job-store.ts';
import { createJobs } from '../../functions/core/jobs/jobs.ts';
import { settleAsJob } from '../../functions/core/jobs/settle-parked.ts';
import { PartialFailure } from '../../functions/core/partial-failure.ts';
import type { StatsStore } from '../../functions/core/stats/stats-store.ts';
import type { WebhookRequest, WebhookResult } from '../../functions/core/target/webhook.ts';
import { HOUR, MINUTE, SECOND } from '../support/domain.ts';
import type { MemoryJobs } from '../support/memory-jobs.ts';
import type { MemoryQueue } from './memory-queue.ts';
import type { World } from './world.ts';
import type { WorldStore } from './world-store.ts';

const WAITS = { maxQueueWaitMs: 10 * SECOND, lostAfterMs: 10 * MINUTE };
const STEPS: readonly CommitStep[] = ['recorded', 'health_written', 'queued'];
/** Of each kind of call outside: how often it is refused, has its effect and fails, or is done in part. */
const REFUSED = 0.04;
const ANSWER_LOST = 0.04;
/** Of an effect, of which there are few. */
const EFFECT_LOST = 0.3;
const IN_PART = 0.08;
const CRASHES = 0.12;
/** After a step that only the few deliveries reach that owe effects. */
const EFFECT_CRASHES = 0.15;
const MAX_PAGES = 20;
const isRare = (step: CommitStep): boolean => step === 'effects_done' || step === 'effects_cleared';

class Crash extends Error {}

/** How one invocation goes: what befalls its calls to the outside. */
export interface Invocation {
  /** Runs a call. `about`: the deliveries that it writes. */
  call<T>(act: () => T | Promise<T>, about?: readonly string[], lost?: number): Promise<T>;
  crashed(): boolean;
  deps: Omit<DeliverDeps, 'store'> & { store: WorldStore; hasTime: () => boolean };
  /** What is too long for it goes on as a job. */
  goOn: { settling: SettleParkedPorts['goOn']; fanOut: IngestDeps['goOn'] };
  deliveries: { send(messages: readonly Outgoing[]): Promise<void> };
  jobs: { store: MemoryJobs; queue: JobQueue };
  stats: Pick<StatsStore, 'putRecord' | 'readRecords' | 'addCounters' | 'readFolded' | 'moveFolded'>;
  /** What it has put on record. */
  recorded: RecordedWrite[];
}

/** Begins an invocation: what befalls it, and whether it crashes, follows from the world's choices. */
export function invoke(world: World): Invocation {
  const { choices } = world;
  const isCrashing = world.isFaulty && choices.chance(CRASHES);
  /** Half of the crashes come at a named step, the others before any call. */
  const crashStep = isCrashing && choices.chance(0.5) ? choices.pick(STEPS) : null;
  const crashAt = isCrashing && crashStep === null ? choices.whole(0, 12) : null;
  let calls = 0;
  let hasCrashed = false;
  let pages = 0;
  const crash = (name: string): never => {
    if (!hasCrashed) {
      world.count(`crash ${name}`);
      world.kills.push(world.now);
    }
    hasCrashed = true;
    throw new Crash();
  };
  const noteRefused = (about: readonly string[]): void => {
    for (const id of about) world.refusedWrites.set(id, [...(world.refusedWrites.get(id) ?? []), world.now]);
  };
  const refuse = (about: readonly string[], name: string): never => {
    noteRefused(about);
    throw new Error(name);
  };
  const receive = (request: WebhookRequest): WebhookResult => world.receivers.receive(request);
  const call: Invocation['call'] = async (act, about = [], lost = ANSWER_LOST) => {
    await pause(choices.whole(0, 6));
    if (hasCrashed || calls === crashAt) crash('before a call');
    calls += 1;
    if (world.isFaulty && world.strikes('throttled', REFUSED)) refuse(about, 'throttled');
    const answer = await act();
    if (world.isFaulty && world.strikes('answer lost', lost)) refuse(about, 'the answer was lost');
    return answer;
  };
  /** Of a batch, what is done; the rest is reported as undone. */
  const inPart = async <T>(
    things: readonly T[],
    act: (done: readonly T[]) => void | Promise<void>,
    about: readonly string[] = [],
  ) => {
    const undone = world.isFaulty && world.strikes('in part', IN_PART) ? things.filter(() => choices.chance(0.5)) : [];
    await call(() => act(things.filter((one) => !undone.includes(one))), about);
    if (undone.length === 0) return;
    noteRefused(about);
    throw new PartialFailure(undone, things.length, new Error('throttled'));
  };
  const send = (queue: MemoryQueue) => (messages: readonly Outgoing[]) =>
    inPart(messages, (done) => {
      for (const { message, delaySeconds } of done) {
        if (message.kind === 'deliver' && queue === world.queues.deliveries && message.repeated)
          world.doubled.add(deliveryId(message));
        queue.send(JSON.stringify(message), world.now, delaySeconds);
      }
    });
  const idsOf = (written: unknown): string[] =>
    [written].flat().flatMap((one) => {
      const ref = z.object({ subscriptionId: z.string(), eventId: z.string(), eventAt: z.number() }).safeParse(one);
      return ref.success ? [deliveryId(ref.data)] : [];
    });
  const store = new Proxy(world.store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const act = (...args: unknown[]) => Reflect.apply(member, target, args);
      if (name === 'putSucceededDeliveries' || name === 'putEvents')
        return (things: readonly unknown[]) => inPart(things, (done) => act(done), idsOf(things));
      if (name === 'readMatchable')
        return async function* (...args: Parameters<typeof world.store.readMatchable>) {
          const pages = target.readMatchable(...args);
          for (let page = await call(() => pages.next()); page.done !== true; page = await call(() => pages.next()))
            yield page.value;
        };
      if (name === 'saveHealth')
        return (...args: unknown[]) =>
          call(() => act(...args)).catch((error: unknown) => {
            world.noteUnwritten(String(args[1]));
            throw error;
          });
      // A write that finds another one is tried again on what it reads then.
      const writes = name === 'saveDelivery' || name === 'getDelivery';
      const lost = name === 'disableSubscription' || name === 'removeSubscription' ? EFFECT_LOST : ANSWER_LOST;
      return (...args: unknown[]) => call(() => act(...args), writes ? idsOf(args[0]) : [], lost);
    },
  });
  /** Each call of a port is one to the outside. */
  const outside = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => call(() => Reflect.apply(member, target, args));
      },
    });
  const recorded: RecordedWrite[] = [];
  const retries = { send: send(world.queues.retries) };
  const now = (): number => world.now;
  const deps: Invocation['deps'] = {
    store,
    retries,
    systemEvents: {
      events: store,
      counts: outside(world.windows),
      later: retries,
      now,
      publish: (messages) =>
        call(() => {
          for (const { body } of messages) world.queues.events.send(body, world.now);
        }),
    },
    sender: {
      async send(request) {
        // A receiver takes its time, in which others get on; only a crash parts its answer from the journal.
        await pause(choices.whole(0, 40));
        if (hasCrashed || calls === crashAt) crash('before a call');
        calls += 1;
        return receive(request);
      },
    },
    opener: { open: async (sealed) => sealed },
    profiles: { get: async (name) => world.profiles.get(name) ?? null },
    waits: WAITS,
    attemptTimeoutMs: 4_000,
    disableAfterMs: 5 * 24 * HOUR,
    userAgent: 'Posthorn/test',
    remainingMs: () => 30_000,
    // An invocation has time for so many pages, also for one that would go on for ever.
    hasTime: () => pages++ < MAX_PAGES && (!world.isFaulty || choices.chance(0.8)),
    newAttemptId: () => `attempt ${world.serial++}`,
    now,
    rates: outside(world.rates),
    inFlight: outside(world.inFlight),
    sleep: async () => {},
    hasCaughtUp: async () => !world.isFaulty || choices.chance(0.8),
    patience: () => (world.isFaulty && choices.chance(0.2) ? Promise.resolve() : new Promise<void>(() => {})),
    random: () => choices.next(),
    report: (report) => {
      if (report.kind === 'recorded') recorded.push(report);
    },
    reached: (step) => {
      const isMeant = isRare(step) ? world.isFaulty && choices.chance(EFFECT_CRASHES) : step === crashStep;
      if (hasCrashed || isMeant) crash(`after ${step}`);
    },
  };
  const jobs = {
    store: outside(world.jobs),
    queue: {
      send: (messages: Parameters<JobQueue['send']>[0]) =>
        inPart(messages, (done) => {
          for (const { job, delaySeconds } of done)
            world.queues.jobs.send(JSON.stringify(jobMessage(job)), world.now, delaySeconds);
        }),
    },
  };
  const { stats } = world;
  const { putRecord, addCounters, readFolded, moveFolded } = outside<StatsStore>(stats);
  const readRecords: StatsStore['readRecords'] = async function* (...range) {
    yield* await call(() => stats.readRecords(...range));
  };
  const control = createJobs({ ...jobs, now, random: () => world.choices.next() });
  return {
    call,
    crashed: () => hasCrashed,
    deps,
    goOn: { settling: settleAsJob(control), fanOut: fanOutAsJob(control) },
    deliveries: { send: send(world.queues.deliveries) },
    jobs,
    stats: { putRecord, readRecords, addCounters, readFolded, moveFolded },
    recorded,
  };
}

/** Lets others get on for so many turns of the event loop's microtasks. */
export async function pause(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}
