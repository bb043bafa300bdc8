import { Agent, request } from 'undici';
import { type Running, startRunner } from '../testing/runner-process.ts';
import { sharedClockMs } from './clock.ts';
import { cpuMsByThread } from './cpu.ts';
import { exampleData } from './example-event.ts';
import type { BenchOptions } from './options.ts';
import { inParallel, paced } from './pace.ts';
import { type OneMachineFigures, PEERS } from './peers.ts';
import { latenciesOf, median, percentile, type Receiver, timesOf, untilAcknowledged, untilArrived } from './phase.ts';
import { memoryMb } from './process-memory.ts';
import { createPublisher, eventType, type PublishTimes } from './publisher.ts';
import { holds, table } from './table.ts';

/** What `npm start` does as a whole, its emulators included, in the shapes in which others were measured (bench/peers.ts). */
export interface OneMachine extends OneMachineFigures {
  queue: number;
  start: Starts;
  /** CPU milliseconds for a delivery, from the queue and paced. */
  parts: { saturated: Parts; paced: Parts };
  /** After so many deliveries. */
  memory: { deliveries: number; runnerMb: number; handlersMb: number }[];
  lost: number;
}

/** Seconds from the call until it can be used: with the stack to be synthesised, and with a synthesis that still holds. */
interface Starts {
  synthesised: number;
  kept: number;
}

/** `runner`: the poller, the gateway, and what passes events between the processes. */
interface Parts {
  runner: number;
  sqs: number;
  dynamodb: number;
  functions: number;
  /** V8's own threads: garbage collection and compilers. */
  v8: number;
}

const TENANT = 'acme';
const TYPES = Array.from({ length: 10 }, (_, index) => eventType(index));
/** Each of the ten subscriptions has it. */
const FAN_OUT_TYPE = 'employee.announced';
const BYTES = 512;
const PARALLEL_PUBLISHES = 20;
const PACED_PER_SECOND = 100;
const GOALS = {
  queue: 1_900,
  http: 1_200,
  fanOut: 3_000,
  p50Ms: 5,
  p99Ms: 15,
  memoryMb: 500,
  saturatedRunnerMs: 0.15,
  pacedRunnerMs: 1,
  synthesisedStart: 4,
  keptStart: 1.5,
};
const STARTS = 3;

interface Phase {
  deliveries: number;
  perSecond: number;
  latenciesMs: number[];
  parts: Parts;
  cpuMs: number;
  lost: number;
}

/** @param undo takes what ends it */
export async function measureOneMachine(
  state: string,
  receiver: Receiver,
  options: BenchOptions,
  say: (line: string) => void,
  undo: (() => unknown)[],
): Promise<OneMachine> {
  say('One machine: starting it, with its own emulators …');
  const start = await measureStarts(state);
  const runner = await startRunner({ state });
  undo.push(runner.stop);
  const agent = new Agent({ allowH2: false });
  undo.push(() => agent.destroy());
  const { endpoints } = runner;
  const post = createPost(endpoints, agent);
  const { url } = await receiver.ask('count');
  for (const [index, type] of TYPES.entries()) {
    await post('subscriptions', { url: `${url}/one-machine/${index}`, eventTypes: [type, FAN_OUT_TYPE] });
  }
  const shape = { tenants: [TENANT], types: TYPES, bytes: BYTES, ids: false };
  const publisher = createPublisher(endpoints.sqsEndpoint, endpoints.eventsQueueUrl, shape);
  undo.push(publisher.close);
  const publish = async (
    name: string,
    type: (index: number) => string,
    pace: (work: (index: number) => Promise<void>) => Promise<void>,
  ): Promise<PublishTimes> => {
    const times: PublishTimes = new Map();
    await pace((index) => {
      const reference = `${name}-${index}`;
      times.set(reference, sharedClockMs());
      return post('events', { type: type(index), data: exampleData(reference, BYTES) });
    });
    return times;
  };

  const memory: OneMachine['memory'] = [];
  let deliveries = 0;
  let lost = 0;
  const measure = async (expected: number, run: () => Promise<PublishTimes>): Promise<Phase> => {
    const phase = await runPhase(runner, receiver, expected, run);
    deliveries += expected;
    lost += phase.lost;
    memory.push({ deliveries, runnerMb: memoryMb(endpoints.pid), handlersMb: memoryMb(runner.handlersPid()) });
    return phase;
  };

  const { events, pacedEvents, warmUpEvents } = options;
  say(`Warming up with ${warmUpEvents} events, then ${events} from the queue …`);
  await measure(warmUpEvents, () => publisher.burst('machine-warm', warmUpEvents));
  const queue = await measure(events, () => publisher.burst('machine-queue', events));
  say(`${events} single HTTP publishes, then ${events / 10} that fan out to ten …`);
  const http = await measure(events, () =>
    publish('machine-http', typeOf, (work) => inParallel(events, PARALLEL_PUBLISHES, work)),
  );
  const toAll = () => FAN_OUT_TYPE;
  const fanOut = await measure(events, () =>
    publish('machine-fan-out', toAll, (work) => inParallel(events / 10, PARALLEL_PUBLISHES, work)),
  );
  say(`${pacedEvents} HTTP publishes, ${PACED_PER_SECOND} a second …`);
  const slow = await measure(pacedEvents, () =>
    publish('machine-paced', typeOf, (work) => paced(pacedEvents, PACED_PER_SECOND, work)),
  );
  while (deliveries < options.machineDeliveries) {
    say(`${deliveries} of ${options.machineDeliveries} deliveries, for the memory …`);
    const name = `machine-${deliveries}`;
    await measure(10_000, () => publisher.burst(name, 10_000));
  }
  publisher.close();
  await agent.destroy();
  await runner.stop();
  // Milliseconds for one are seconds for a thousand.
  const perThousand = ({ cpuMs, deliveries: count }: Phase) => cpuMs / count;
  return {
    start,
    queue: queue.perSecond,
    http: http.perSecond,
    fanOut: fanOut.perSecond,
    p50Ms: percentile(slow.latenciesMs, 0.5),
    p99Ms: percentile(slow.latenciesMs, 0.99),
    saturatedCpuSeconds: perThousand(http),
    pacedCpuSeconds: perThousand(slow),
    memoryMb: Math.max(...memory.map(({ runnerMb, handlersMb }) => runnerMb + handlersMb)),
    parts: { saturated: queue.parts, paced: slow.parts },
    memory,
    lost,
  };
}

async function measureStarts(state: string): Promise<Starts> {
  const timed = async (args: string[]): Promise<number> => {
    const startedAt = performance.now();
    const { stop } = await startRunner({ state, args });
    const seconds = (performance.now() - startedAt) / 1_000;
    await stop();
    return seconds;
  };
  const [synthesised, kept]: [number[], number[]] = [[], []];
  for (let round = 0; round < STARTS; round += 1) {
    synthesised.push(await timed(['--fresh']));
    kept.push(await timed([]));
  }
  return { synthesised: median(synthesised), kept: median(kept) };
}

function typeOf(index: number): string {
  return eventType(index % TYPES.length);
}

function createPost({ apiUrl, adminKey }: Running['endpoints'], dispatcher: Agent) {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  return async (path: string, body: object): Promise<void> => {
    const answer = await request(`${apiUrl}/v1/tenants/${TENANT}/${path}`, {
      method: 'POST',
      dispatcher,
      headers,
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`POST ${path} was answered ${answer.statusCode}: ${text}`);
  };
}

async function runPhase(
  runner: Running,
  receiver: Receiver,
  expected: number,
  publish: () => Promise<PublishTimes>,
): Promise<Phase> {
  const wanted = (await receiver.ask('count')).distinct + expected;
  const before = partsOf(runner);
  const startedAt = performance.now();
  const published = await publish();
  const { seen, lastAt } = await untilArrived(receiver, wanted);
  await untilAcknowledged(runner.endpoints.sqsEndpoint);
  const after = partsOf(runner);
  const latenciesMs = latenciesOf(await timesOf(receiver, published));
  const used = (part: keyof Parts) => after[part] - before[part];
  const each = (part: keyof Parts) => used(part) / expected;
  return {
    deliveries: expected,
    perSecond: (expected * 1_000) / (lastAt - startedAt),
    latenciesMs,
    cpuMs: PARTS.reduce((sum, part) => sum + used(part), 0),
    parts: {
      runner: each('runner'),
      sqs: each('sqs'),
      dynamodb: each('dynamodb'),
      functions: each('functions'),
      v8: each('v8'),
    },
    lost: wanted - seen,
  };
}

const PARTS = ['runner', 'sqs', 'dynamodb', 'functions', 'v8'] as const;

/** Threads are known by their names: those of the emulators and functions have been given theirs. */
function partsOf({ endpoints, handlersPid }: Running): Parts {
  const parts: Parts = { runner: 0, sqs: 0, dynamodb: 0, functions: 0, v8: 0 };
  for (const { name, cpuMs } of [...cpuMsByThread(endpoints.pid), ...cpuMsByThread(handlersPid())]) {
    if (name === 'MainThread') parts.runner += cpuMs;
    else if (name === 'sqs' || name === 'dynamodb') parts[name] += cpuMs;
    else if (name === 'function') parts.functions += cpuMs;
    else parts.v8 += cpuMs;
  }
  return parts;
}

export function reportOneMachine(ours: OneMachine): string {
  const columns: OneMachineFigures[] = [ours, ...Object.values(PEERS)];
  const row = (title: string, value: (figures: OneMachineFigures) => number | null, digits = 0) => [
    title,
    ...columns.map((figures) => value(figures)?.toFixed(digits) ?? '–'),
  ];
  const { saturated, paced } = ours.parts;
  return [
    'One machine, beside others as they were measured on 25 Nov 2026 on two cores (bench/peers.ts):',
    table(
      ['', 'Posthorn', ...Object.keys(PEERS)],
      [
        row('single HTTP publishes, deliveries a second', ({ http }) => http),
        row('from the queue, batches of 10', ({ queue }) => queue),
        row('fan-out 10', ({ fanOut }) => fanOut),
        row('paced 100 a second: publish to arrival, p50, ms', ({ p50Ms }) => p50Ms, 1),
        row('p99', ({ p99Ms }) => p99Ms, 1),
        row(
          'CPU of all processes for 1,000 deliveries, saturated, s',
          ({ saturatedCpuSeconds }) => saturatedCpuSeconds,
          1,
        ),
        row('paced', ({ pacedCpuSeconds }) => pacedCpuSeconds, 1),
        row('memory of all processes, MB', ({ memoryMb }) => memoryMb),
      ],
    ),
    'Whose CPU it is, ms a delivery:',
    table(
      ['', 'from the queue', 'paced'],
      PARTS.map((part) => [part, saturated[part].toFixed(3), paced[part].toFixed(3)]),
    ),
    'Memory, MB; pages that the processes share count once:',
    table(
      ['deliveries', 'runner and emulators', 'functions', 'together'],
      ours.memory.map(({ deliveries, runnerMb, handlersMb }) => [
        String(deliveries),
        runnerMb.toFixed(0),
        handlersMb.toFixed(0),
        (runnerMb + handlersMb).toFixed(0),
      ]),
    ),
    judgeOneMachine(ours).join('\n'),
  ].join('\n\n');
}

function judgeOneMachine(ours: OneMachine): string[] {
  const least = (name: string, value: number, goal: number) =>
    `At least ${goal} ${name}: ${holds(goal, value)} (${value.toFixed(0)})`;
  const most = (name: string, value: number, goal: number, digits: number) =>
    `At most ${goal} ${name}: ${holds(value, goal)} (${value.toFixed(digits)})`;
  return [
    least('deliveries a second from the queue', ours.queue, GOALS.queue),
    least('by single HTTP publishes', ours.http, GOALS.http),
    least('at fan-out 10', ours.fanOut, GOALS.fanOut),
    most('ms publish to arrival, paced, p50', ours.p50Ms, GOALS.p50Ms, 1),
    most('ms p99', ours.p99Ms, GOALS.p99Ms, 1),
    most("ms of the runner's own CPU a delivery, saturated", ours.parts.saturated.runner, GOALS.saturatedRunnerMs, 3),
    most('ms paced', ours.parts.paced.runner, GOALS.pacedRunnerMs, 3),
    most('MB of memory', ours.memoryMb, GOALS.memoryMb, 0),
    most('s until it is ready, with its synthesis', ours.start.synthesised, GOALS.synthesisedStart, 1),
    most('s with a synthesis that still holds', ours.start.kept, GOALS.keptStart, 1),
    `Nothing lost on one machine: ${ours.lost === 0 ? 'holds' : `MISSED (${ours.lost})`}`,
  ];
}
