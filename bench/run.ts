import type { Serializable } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, StartError } from '../local/errors.ts';
import type { AwsAnswer } from './aws-process.ts';
import { measureBadReceivers } from './bad-receivers.ts';
import type { BareLoopQuestion } from './bare-loop-process.ts';
import { type Child, startChild } from './child.ts';
import { cpuMs } from './cpu.ts';
import { exampleData } from './example-event.ts';
import { HOSTILE_TENANT, publishHostileEvents, subscribeHostileTenant } from './hostile-tenant.ts';
import { measureOneMachine, reportOneMachine } from './one-machine.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { idleCpuMsPerSecond, runPhase } from './phase.ts';
import { type Subscription, startPosthorn } from './posthorn.ts';
import { createPublisher, eventType, tenantId } from './publisher.ts';
import type { ReceiverAnswer } from './receiver-process.ts';
import { type BareLoop, BESIDE_HOSTILE, judge, judgeSlowdown, type Results, type Round, report } from './report.ts';

/** As many requests as a batch of deliveries makes at once. */
const AT_ONCE = 10;
const BARE_WARM_UP = 5_000;
/** The two that are compared take turns, so that a machine that speeds up or slows down does so for both. */
const ROUNDS = 3;
const BARE_REQUESTS = 8_000;

const undo: (() => unknown)[] = [];
const say = (line: string) => console.error(line);

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  const dir = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const start = <Question extends Serializable, Answer>(file: string, args: string[] = []): Child<Question, Answer> => {
    const child = startChild<Question, Answer>(file, args);
    undo.push(child.stop);
    return child;
  };

  const machine = describeMachine();
  const receiver = start<'count' | 'arrivals', ReceiverAnswer>('./receiver-process.ts');
  // First, and ended before the rest: two systems would share the cores.
  const oneMachine = options.hostile
    ? null
    : await measureOneMachine(join(dir, 'machine'), receiver, options, say, undo);
  if (oneMachine !== null && options.oneMachine) {
    console.log(`\n${machine}\n\n${reportOneMachine(oneMachine)}`);
    return oneMachine.lost > 0 ? 1 : 0;
  }

  say('Starting SQS, DynamoDB and Posthorn …');
  const aws = start<'tally', AwsAnswer>('./aws-process.ts', [join(dir, 'aws')]);
  const bareChild = start<BareLoopQuestion, { seconds: number }>('./bare-loop-process.ts');
  const { counted } = await aws.ask('tally');
  const { url } = await receiver.ask('count');
  const posthorn = await startPosthorn(join(dir, 'state'), counted, undo);

  const typesPerTenant = options.subscriptions / options.tenants;
  const tenants = Array.from({ length: options.tenants }, (_, index) => tenantId(index));
  const types = Array.from({ length: typesPerTenant }, (_, index) => eventType(index));
  const subscriptions: Subscription[] = [];
  for (const tenant of tenants) {
    for (let index = 0; index < typesPerTenant; index += 1) {
      // So that each type has as many subscriptions as the fan-out says.
      const own = Array.from({ length: options.fanOut }, (_, more) => eventType((index + more) % typesPerTenant));
      subscriptions.push(await posthorn.subscribe(tenant, `${url}/${tenant}/${index}`, own));
    }
  }
  const publisher = createPublisher(counted.sqs, posthorn.eventsQueueUrl, { ...options, tenants, types });
  undo.push(publisher.close);

  const bench = { aws, receiver, posthorn };
  const bare = async (requests: number, inFlight: number): Promise<BareLoop> => {
    const before = cpuMs(bareChild.pid);
    const question = { url: `${url}/bare`, requests, body: bodyLikeDelivered(options), inFlight };
    const { seconds } = await bareChild.ask(question);
    return { requests, seconds, cpuMs: cpuMs(bareChild.pid) - before };
  };
  const deliveries = (events: number) => events * options.fanOut;

  say(`Warming up with ${options.warmUpEvents} events and ${BARE_WARM_UP} bare requests …`);
  await bare(BARE_WARM_UP, AT_ONCE);
  await bare(BARE_WARM_UP, 1);
  await runPhase(bench, deliveries(options.warmUpEvents), 0, () => publisher.burst('warm', options.warmUpEvents));
  const idle = await idleCpuMsPerSecond(bench);

  const rounds: Round[] = [];
  const eventsOfRound = Math.ceil(options.events / ROUNDS);
  for (let round = 1; !options.hostile && round <= ROUNDS; round += 1) {
    say(`Round ${round} of ${ROUNDS}: twice ${BARE_REQUESTS} bare requests, then ${eventsOfRound} events in a burst …`);
    const bareAtOnce = await bare(BARE_REQUESTS, AT_ONCE);
    const oneByOne = await bare(BARE_REQUESTS, 1);
    const publish = () => publisher.burst(`burst${round}`, eventsOfRound);
    const burst = await runPhase(bench, deliveries(eventsOfRound), idle, publish);
    rounds.push({ bare: oneByOne, bareAtOnce, burst });
  }
  say(`Publishing ${options.pacedEvents} events, ${options.rate} a second …`);
  const paced = await runPhase(bench, deliveries(options.pacedEvents), idle, () =>
    publisher.paced('paced', options.pacedEvents, options.rate),
  );

  say(`Publishing ${options.pacedEvents} events again, beside a hostile tenant …`);
  await subscribeHostileTenant(posthorn, url);
  const beside = await runPhase(bench, deliveries(options.pacedEvents), idle, async () => {
    await publishHostileEvents(counted.sqs, posthorn.eventsQueueUrl);
    return publisher.paced('beside', options.pacedEvents, options.rate);
  });
  if (oneMachine === null) {
    console.log(`\n${machine}\n\n${judgeSlowdown({ alone: paced, beside }, BESIDE_HOSTILE).line}`);
    return paced.arrived + beside.arrived < paced.expected + beside.expected ? 1 : 0;
  }
  // Its filters would keep the functions busy for minutes.
  await posthorn.deleteTenant(HOSTILE_TENANT);

  // Last: what waits for the receiver that fails is swept once a minute from then on.
  const bad = await measureBadReceivers(bench, counted.sqs, options, idle, say);

  say('Reading the record …');
  const record = {
    expected: deliveries(options.warmUpEvents + eventsOfRound * ROUNDS + 2 * options.pacedEvents),
    succeeded: 0,
  };
  for (const subscription of subscriptions) record.succeeded += await posthorn.countSucceeded(subscription);

  const results: Results = { rounds, paced, beside, bad, idleCpuMsPerSecond: idle, record };
  const { memoryMib, retentionDays } = posthorn;
  const assumptions = { memoryMib, retentionDays, receiverMs: options.receiverMs, awsCallMs: options.awsCallMs };
  const verdict = judge(results, assumptions);
  console.log(
    `\n${machine}\n\n${report(results, assumptions, options)}\n\n${verdict.lines.join('\n')}\n\n${reportOneMachine(oneMachine)}`,
  );
  return verdict.lost || oneMachine.lost > 0 || (options.assert && !verdict.targetsHold) ? 1 : 0;
}

/** The envelope of Standard Webhooks around the same data. */
function bodyLikeDelivered({ bytes }: BenchOptions): string {
  return JSON.stringify({ type: eventType(0), timestamp: new Date().toISOString(), data: exampleData('bare', bytes) });
}

/** The load before the bench: whatever else runs takes its share of everything below. */
function describeMachine(): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}; load average at the start ${load.join(' ')}`;
}

let cleaning: Promise<void> | undefined;
/** Once, however often it is asked for: on Ctrl-C the work fails as well, because its children end. */
function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    for (const end of undo.splice(0).reverse()) await end();
  })();
  return cleaning;
}

let exitCode = 1;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    interrupted = true;
    await cleanUp();
    process.exit(130);
  });
}
try {
  exitCode = await main();
} catch (error) {
  if (!interrupted) console.error(error instanceof StartError ? messageOf(error) : error);
}
await cleanUp();
process.exit(interrupted ? 130 : exitCode);
