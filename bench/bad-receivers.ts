import { setTimeout as sleep } from 'node:timers/promises';
import { countMessages, createSqsClient } from '../testing/queues.ts';
import { cpuMs } from './cpu.ts';
import { FAILS, HANGS } from './example-event.ts';
import type { BenchOptions } from './options.ts';
import { type Bench, type PhaseResult, runPhase } from './phase.ts';
import { createPublisher, eventType } from './publisher.ts';

const TENANT = 'crowd';
/** Beside the bad one. */
const OTHERS = 49;

export interface BadReceivers {
  /** The others, without one that hangs and with it. */
  alone: PhaseResult;
  beside: PhaseResult;
  failing: { published: number; requests: number; cpuMsPerSecond: number };
}

/** What a receiver that hangs does to the others, and what one costs that answers 500 to everything. */
export async function measureBadReceivers(
  bench: Bench,
  endpoint: string,
  options: BenchOptions,
  idlePerSecond: number,
  say: (line: string) => void,
): Promise<BadReceivers> {
  const { posthorn, receiver } = bench;
  const { url } = await receiver.ask('count');
  const { pacedEvents, rate, failingEvents, watchSeconds } = options;
  const publisherOf = (types: readonly string[]) =>
    createPublisher(endpoint, posthorn.eventsQueueUrl, { ...options, tenants: [TENANT], types });
  const types = Array.from({ length: OTHERS }, (_, index) => eventType(index));
  for (const [index, type] of types.entries()) await posthorn.subscribe(TENANT, `${url}/${TENANT}/${index}`, [type]);
  for (const path of [HANGS, FAILS]) await posthorn.subscribe(TENANT, url + path, [path.slice(1)]);
  const others = publisherOf(types);
  const hanging = publisherOf([HANGS.slice(1)]);
  const failing = publisherOf([FAILS.slice(1)]);

  say(`Publishing ${pacedEvents} events for ${OTHERS} receivers, alone, then beside one that hangs …`);
  const paced = (name: string) => others.paced(name, pacedEvents, rate);
  const alone = await runPhase(bench, pacedEvents, idlePerSecond, () => paced('alone'));
  const beside = await runPhase(bench, pacedEvents, idlePerSecond, async () => {
    const count = Math.ceil(pacedEvents / OTHERS);
    const [times] = await Promise.all([paced('hanging'), hanging.paced('hangs', count, rate / OTHERS)]);
    return times;
  });

  say(`Publishing ${failingEvents} events for a receiver that fails, then watching for ${watchSeconds} s …`);
  await failing.burst('fails', failingEvents);
  await allSeen(endpoint);
  const pid = posthorn.handlersPid();
  const before = cpuMs(pid);
  await sleep(watchSeconds * 1_000);
  const cpuMsPerSecond = Math.max(0, (cpuMs(pid) - before) / watchSeconds - idlePerSecond);
  for (const publisher of [others, hanging, failing]) publisher.close();
  const { failed: requests } = await receiver.ask('count');
  return { alone, beside, failing: { published: failingEvents, requests, cpuMsPerSecond } };
}

/** Waits until every message has been handed out, and stays so: what is left waits for its time. */
async function allSeen(endpoint: string): Promise<void> {
  const sqs = createSqsClient(endpoint);
  const isSeen = async () =>
    (await countMessages(sqs, endpoint)).every(
      ({ queue, visible, count }) => (/deliveries/i.test(queue) ? count : visible) === 0,
    );
  for (let quietSeconds = 0; quietSeconds < 5; await sleep(1_000))
    quietSeconds = (await isSeen()) ? quietSeconds + 1 : 0;
  sqs.destroy();
}
