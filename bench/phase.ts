import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages, createSqsClient } from '../testing/queues.ts';
import { difference, type Tally, total } from '../testing/tally.ts';
import type { AwsAnswer } from './aws-process.ts';
import type { Child } from './child.ts';
import { cpuMs } from './cpu.ts';
import type { Posthorn } from './posthorn.ts';
import type { PublishTimes } from './publisher.ts';
import type { ReceiverAnswer } from './receiver-process.ts';

export type Receiver = Child<'count' | 'arrivals', ReceiverAnswer>;

export interface Bench {
  aws: Child<'tally', AwsAnswer>;
  receiver: Receiver;
  posthorn: Posthorn;
}

/** What happened between the first event published and the last message acknowledged. */
export interface PhaseResult {
  expected: number;
  arrived: number;
  /** Deliveries that came more than once. */
  repeated: number;
  /** From the first event published to the last arrival. */
  seconds: number;
  /** From an event's publishing to its arrival; milliseconds, ascending. */
  latenciesMs: number[];
  /** The handlers' process, without what it uses when idle. */
  cpuMs: number;
  tally: Tally;
  logBytes: number;
  receivedBytes: number;
}

/** Nothing arrives for so long: what is missing is lost. Longer than a first retry (5 s) and its jitter. */
const LOST_AFTER_MS = 20_000;
const IDLE_MS = 3_000;

/** The CPU time that the handlers' process uses a second when nothing is published. */
export async function idleCpuMsPerSecond({ posthorn }: Bench): Promise<number> {
  const before = cpuMs(posthorn.handlersPid());
  await sleep(IDLE_MS);
  return ((cpuMs(posthorn.handlersPid()) - before) / IDLE_MS) * 1000;
}

/** @param expected deliveries that the published events make */
export async function runPhase(
  bench: Bench,
  expected: number,
  idlePerSecond: number,
  publish: () => Promise<PublishTimes>,
): Promise<PhaseResult> {
  const before = await snapshot(bench);
  const published = await publish();
  await untilArrived(bench.receiver, before.received.distinct + expected);
  await untilAcknowledged((await bench.aws.ask('tally')).uncounted.sqs);
  const after = await snapshot(bench);
  const times = await timesOf(bench.receiver, published);
  const first = Math.min(...[...published.values()].slice(0, 100));
  const last = times.reduce((latest, { at }) => Math.max(latest, at), first);
  return {
    expected,
    arrived: times.length,
    repeated: after.received.repeated - before.received.repeated,
    seconds: (last - first) / 1000,
    latenciesMs: latenciesOf(times),
    cpuMs: after.cpuMs - before.cpuMs - (idlePerSecond * (after.at - before.at)) / 1000,
    tally: difference(after.tally, before.tally),
    logBytes: after.logBytes - before.logBytes,
    receivedBytes: after.received.bytes - before.received.bytes,
  };
}

/** Several phases as one. */
export function together(phases: readonly PhaseResult[]): PhaseResult {
  const sum = (value: (phase: PhaseResult) => number) => phases.reduce((so, phase) => so + value(phase), 0);
  return {
    expected: sum(({ expected }) => expected),
    arrived: sum(({ arrived }) => arrived),
    repeated: sum(({ repeated }) => repeated),
    seconds: sum(({ seconds }) => seconds),
    latenciesMs: phases.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b),
    cpuMs: sum((phase) => phase.cpuMs),
    tally: total(phases.map(({ tally }) => tally)),
    logBytes: sum(({ logBytes }) => logBytes),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
  };
}

async function snapshot({ aws, receiver, posthorn }: Bench) {
  const received = await receiver.ask('count');
  const { tally } = await aws.ask('tally');
  const pid = posthorn.handlersPid();
  return { at: performance.now(), received, tally, cpuMs: cpuMs(pid), logBytes: posthorn.logBytes() };
}

/** Waits until so many deliveries have arrived, or until no more do: how many have, and when the last was seen. */
export async function untilArrived(receiver: Receiver, wanted: number): Promise<{ seen: number; lastAt: number }> {
  let [seen, lastAt] = [-1, performance.now()];
  while (seen < wanted && performance.now() - lastAt < LOST_AFTER_MS) {
    const { distinct } = await receiver.ask('count');
    if (distinct > seen) [seen, lastAt] = [distinct, performance.now()];
    if (seen < wanted) await sleep(20);
  }
  return { seen, lastAt };
}

/** Waits until the queues are empty: then everything is written, and nothing is under way in the handlers. */
export async function untilAcknowledged(endpoint: string): Promise<void> {
  const sqs = createSqsClient(endpoint);
  const deadline = performance.now() + LOST_AFTER_MS;
  while (performance.now() < deadline && (await countMessages(sqs, endpoint)).some(({ count }) => count > 0)) {
    await sleep(20);
  }
  sqs.destroy();
}

interface Times {
  publishedAt: number;
  at: number;
}

/** Of each delivery of these events that has arrived. */
export async function timesOf(receiver: Receiver, published: PublishTimes): Promise<Times[]> {
  const { arrivals } = await receiver.ask('arrivals');
  return [...(arrivals ?? [])].flatMap(([key, at]) => {
    const publishedAt = published.get(key.slice(key.indexOf(' ') + 1));
    return publishedAt === undefined ? [] : [{ publishedAt, at }];
  });
}

/** Milliseconds, ascending. */
export function latenciesOf(times: readonly Times[]): number[] {
  return times.map(({ publishedAt, at }) => at - publishedAt).sort((a, b) => a - b);
}

/** The value below which `share` of the sorted values lie. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
