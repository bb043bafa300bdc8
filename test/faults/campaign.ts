import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { parseDeliveryKey } from '../../functions/adapters/dynamodb/keys.ts';
import { isFinished, isParked } from '../../functions/core/delivery/delivery.ts';
import { DeliverMessage } from '../../functions/core/delivery/queue-message.ts';
import { deliveryId } from '../../functions/core/ids.ts';
import { type CampaignRecord, type SubscriptionHistory, systemTime, twinsOfFanOuts } from './campaign-record.ts';
import { checkCampaign, type Verdict } from './check-campaign.ts';
import { FAULTS, type FaultRates } from './fault-proxy.ts';
import { type Journal, openJournal } from './journal.ts';
import { createChoices } from './random.ts';
import { type ScriptedReceiver, startScriptedReceiver } from './scripted-receiver.ts';
import { type SystemUnderFaults, startSystemUnderFaults } from './system-under-faults.ts';
import { createTraffic, SETTINGS, type Traffic } from './traffic.ts';

export interface CampaignOptions {
  seed: number;
  /** How many events are published. */
  events: number;
  perSecond: number;
  /** Milliseconds between two kills of the functions, at random up to half more or less. */
  killEveryMs: number;
  say: (line: string) => void;
}

export interface CampaignResult {
  verdict: Verdict;
  record: CampaignRecord;
  /** How often the functions were killed. */
  kills: number;
  /** Whether the system came to rest; if not, what is open counts as stuck. */
  quiet: boolean;
  /** What the system printed and logged last. */
  output: string;
}

const RATES: { sqs: FaultRates; dynamodb: FaultRates } = {
  dynamodb: {
    throttle: 0.04,
    fail: 0.01,
    resetBefore: 0.02,
    resetAfter: 0.04,
    partial: 0.1,
    delay: 0.1,
    maxDelayMs: 300,
    double: 0,
    reorder: 0,
    expose: 0,
    stale: 0.3,
    outage: 0.000_5,
    outageMs: 4_000,
  },
  sqs: {
    throttle: 0.03,
    fail: 0.01,
    resetBefore: 0.02,
    resetAfter: 0.02,
    partial: 0.1,
    delay: 0.05,
    maxDelayMs: 300,
    double: 0.1,
    reorder: 0.3,
    expose: 0.05,
    stale: 0,
    outage: 0.002,
    outageMs: 4_000,
  },
};

/**
 * Where a kill parts one write from the next: the call has had its effect, and its answer never comes. They are the steps of
 * `commit`, of a fan-out and of a job as they are seen from outside.
 */
export const KILL_POINTS = [
  'BatchWriteItem Journal',
  'PutItem Journal',
  'UpdateItem Catalog',
  'SendMessageBatch Deliveries',
  'SendMessageBatch Retries',
  'ChangeMessageVisibilityBatch Retries',
];
/** Small enough for every claim to outlast it: a longer step would let a second attempt begin while the first is under way. */
const JUMP_MS = 20_000;
const JUMP_EVERY_MS = 7_000;
/** Past the visibility timeouts after three of them, past every lease after six. */
const QUIET_STEP_MS = 5 * 60_000;
const MAX_QUIET_STEPS = 60;
/** Longer than an attempt with its writes takes. */
const RESTED_AFTER_MS = 20_000;

/** Runs the whole system under faults, lets it come to rest without any, and compares what it did with what it should have. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seed, events, perSecond, killEveryMs, say } = options;
  const choices = createChoices(seed);
  say(`Fault campaign with seed ${seed}: ${events} events. FAULTS_SEED=${seed} repeats its choices.`);
  const receiver = await startScriptedReceiver(choices.fork('receiver'));
  try {
    const kills: number[] = [];
    const killedAt = new Map<string, number>();
    let nextPoint: string | null = null;
    const onEffect = async (point: string): Promise<void> => {
      if (point !== nextPoint) return;
      nextPoint = null;
      killedAt.set(point, (killedAt.get(point) ?? 0) + 1);
      kills.push(Date.now());
      system.kill();
      // The answer must not get there first.
      await sleep(20);
    };
    const system = await startSystemUnderFaults(RATES, SETTINGS, choices.fork('proxies'), onEffect);
    const journal = openJournal(system.direct);
    const traffic = createTraffic(system, receiver, choices.fork('traffic'));
    try {
      await traffic.prepare();
      const jumps: CampaignRecord['jumps'] = [];
      const advance = async (ms: number): Promise<void> => {
        jumps.push({ at: Date.now(), byMs: ms });
        await system.advance(ms);
      };
      setFaults(system, true);
      // The first third passes without kills: what is repeated there, a kill does not explain.
      const publishing = traffic.publish(events, perSecond);
      const killsFrom = performance.now() + ((events / perSecond) * 1_000) / 3;
      const killing = choices.fork('kills');
      const ends = [
        traffic.disturb(),
        repeat(async () => {
          await sleep(Math.max(0, killsFrom - performance.now()) + killEveryMs * (0.5 + killing.next()));
          // A runner that is still starting the functions is another test's.
          while (!(await traffic.isReady())) await sleep(100);
          // Most kills come at a named point, the others at any time, half of them while the effects of a 410 are being done.
          if (killing.chance(0.6)) {
            nextPoint = killing.pick(
              KILL_POINTS.filter((point) => !killedAt.has(point))
                .slice(0, 1)
                .concat(KILL_POINTS),
            );
            await until(() => nextPoint === null, 3_000);
            nextPoint = null;
            return;
          }
          if (killing.chance(0.5)) await receiver.nextGone(3_000);
          await sleep(killing.whole(0, 300));
          kills.push(Date.now());
          system.kill();
        }),
        repeat(async () => {
          await sleep(JUMP_EVERY_MS);
          await advance(JUMP_MS);
        }),
      ];
      await publishing;
      await Promise.all(ends.map(({ stop }) => stop()));
      setFaults(system, false);
      receiver.recover();
      const restedAt = systemTime({ jumps }, Date.now()) + RESTED_AFTER_MS;
      while (!(await traffic.isReady())) await sleep(100);
      say(
        `${describeFaults(system)}, ${kills.length} kills (${[...killedAt].map(([point, count]) => `${count} after ${point}`).join(', ')}), ${traffic.commands.length} commands. Waiting for quiet.`,
      );
      const quiet = await waitForQuiet(system, journal, receiver, traffic, advance);

      await traffic.readStatuses();
      const { publications, subscriptions, commands } = traffic;
      const onRecord = await journal.read();
      const cuts = [...kills, ...system.timeouts.flatMap(cutsOf)];
      const record: CampaignRecord = {
        ...onRecord,
        publications,
        subscriptions,
        commands,
        requests: receiver.requests,
        emptied: false,
        leftMessages: (await journal.queues()).filter(({ count }) => count > 0),
        kills: cuts,
        doubled: new Set([...whatWasDoubled(system), ...twinsOfFanOuts(receiver.requests, handedOutEvents(system))]),
        refusedWrites: refusedWrites(system),
        lostCounts: system.lostCounts(),
        uncountedEnds: cuts,
        unwrittenHealth: unwrittenHealth(system, subscriptions, cuts),
        restedAt,
        jumps,
      };
      const { events: published, deliveries, requests } = record;
      const attempts = deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0);
      say(
        `${published.length} events, ${deliveries.length} deliveries, ${attempts} attempts, ${requests.length} requests.`,
      );
      const output = system.output();
      if (system.timeouts.length > 0)
        say(
          `Invocations took longer than their time, at ${system.timeouts.length} moments, which explain what a kill explains: publish fewer a second.`,
        );
      const verdict = checkCampaign(record);
      return { verdict, record, kills: kills.length, quiet, output };
    } finally {
      traffic.close();
      journal.close();
      await system.stop();
    }
  } finally {
    await receiver.close();
  }
}

/**
 * An invocation that ran out of its time goes on until those beside it have ended, half a minute at most, and is cut off then; and the
 * runner is silent about the next ones for ten seconds.
 */
function cutsOf(timeoutAt: number): number[] {
  return [0, 10_000, 20_000, 30_000, 40_000].map((later) => timeoutAt + later);
}

function setFaults({ proxies }: SystemUnderFaults, active: boolean): void {
  proxies.sqs.set(active);
  proxies.dynamodb.set(active);
}

function describeFaults({ proxies }: SystemUnderFaults): string {
  return FAULTS.map((fault) => `${fault} ${proxies.sqs.counts[fault] + proxies.dynamodb.counts[fault]}`).join(', ');
}

/** Does the work again and again until it is stopped. */
function repeat(work: () => Promise<void>): { stop(): Promise<void> } {
  let stopping = false;
  const loop = (async () => {
    while (!stopping) await work();
  })();
  return {
    async stop() {
      stopping = true;
      await loop;
    },
  };
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!isSo() && performance.now() < deadline) await sleep(20);
}

/** Moves the clock ahead until nothing is open. Never while anything is under way: that would end its claim. */
async function waitForQuiet(
  system: SystemUnderFaults,
  journal: Journal,
  receiver: ScriptedReceiver,
  traffic: Traffic,
  advance: (ms: number) => Promise<void>,
): Promise<boolean> {
  for (let step = 0; step < MAX_QUIET_STEPS; step += 1) {
    await settle(system, journal, receiver);
    await traffic.readStatuses();
    const active = new Set(
      traffic.subscriptions.flatMap(({ id, status }) => (status === 'paused' || status === 'disabled' ? [] : [id])),
    );
    const { deliveries, uncounted } = await journal.readOpen();
    const isOpen = deliveries.some(
      (delivery) =>
        delivery.effects.length > 0 ||
        // What waits for a paused or disabled subscription is at rest.
        (!isFinished(delivery) && !(isParked(delivery) && !active.has(delivery.subscriptionId))),
    );
    const left = (await journal.queues()).filter(({ queue, count }) => count > 0 && !queue.includes('Dead'));
    if (!isOpen && left.length === 0 && uncounted === 0) return true;
    await advance(QUIET_STEP_MS);
  }
  return false;
}

const SETTLED_MS = 1_200;
/** What is under way then hangs; a busy machine needs minutes for what has gathered. */
const SETTLE_LIMIT_MS = 10 * 60_000;

/** Waits until nothing is under way: no message can be received, no call comes, and no receiver gets anything. */
async function settle({ proxies }: SystemUnderFaults, journal: Journal, receiver: ScriptedReceiver): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  await sleep(SETTLED_MS);
  while (performance.now() < deadline) {
    const visible = (await journal.queues()).reduce((sum, queue) => sum + queue.visible, 0);
    const idleMs = Math.min(proxies.sqs.idleMs(), proxies.dynamodb.idleMs(), receiver.idleMs());
    if (visible === 0 && idleMs >= SETTLED_MS) return;
    await sleep(100);
  }
  throw new Error(`Something is still under way after ${SETTLE_LIMIT_MS} ms`);
}

function whatWasDoubled({ proxies }: SystemUnderFaults): string[] {
  return proxies.sqs.doubled.flatMap((body) => {
    const json: unknown = JSON.parse(body);
    const deliver = DeliverMessage.safeParse(json);
    if (deliver.success) return [deliveryId(deliver.data)];
    return markOf(json) ?? [];
  });
}

/** When a message with an event was handed out, by the event's mark. */
function handedOutEvents({ proxies }: SystemUnderFaults): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { body, at } of proxies.sqs.handedOut) {
    const mark = markOf(JSON.parse(body));
    if (mark !== null) times.set(mark, [...(times.get(mark) ?? []), at]);
  }
  return times;
}

function refusedWrites({ proxies }: SystemUnderFaults): Map<string, number[]> {
  const ofDeliveries = proxies.dynamodb.refusedWrites.filter(({ pk }) => pk.startsWith('S#'));
  const byId = Map.groupBy(ofDeliveries, (key) => deliveryId(parseDeliveryKey(key)));
  return new Map([...byId].map(([id, writes]) => [id, writes.map(({ at }) => at)]));
}

/** A kill can part the record of an attempt from the write of any subscription's health. */
function unwrittenHealth(
  { proxies }: SystemUnderFaults,
  subscriptions: readonly SubscriptionHistory[],
  kills: readonly number[],
): Map<string, number[]> {
  const refused = Map.groupBy(proxies.dynamodb.refusedWrites, ({ sk }) => sk);
  return new Map(subscriptions.map(({ id }) => [id, [...kills, ...(refused.get(id) ?? []).map(({ at }) => at)]]));
}

const Published = z.object({ data: z.object({ mark: z.string() }) });
/** The mark of an event in a message of the events queue; null in another message. */
const markOf = (json: unknown): string | null => Published.safeParse(json).data?.data.mark ?? null;
