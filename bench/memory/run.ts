import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTION_NAMES, type FunctionName } from '../../functions/names.ts';
import { messageOf, StartError } from '../../local/errors.ts';
import { batchOf, SCHEDULED_EVENT } from '../../testing/lambda-events.ts';
import { median } from '../phase.ts';
import { PRICES } from '../prices.ts';
import { createCases } from './cases.ts';
import { type CpuGroup, createCpuGroup } from './cpu-group.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import { startDueDeliveries } from './slow-aws.ts';
import { type System, startSystem } from './system.ts';

/*
 * npm run memory: each function's bundle under the CPU that Lambda gives with its memory. A process of its own, within a
 * control group that limits its CPU time; AWS is the emulators, whose calls take as long as AWS's.
 */

const MEMORIES = [128, 256, 512, 1_024, 1_769];
const CALL_MS = 5;
const RECEIVER_MS = 200;
/** Invocations before those that count: code that runs often is compiled. */
const WARM_UP = 4;
const ROUNDS = 9;
/** A sweep stops ten seconds before its time is over. */
const SWEEP_MS = 20_000;

interface Size {
  memoryMib: number;
  group: CpuGroup;
}
interface Measured {
  firstMs: number;
  ms: number;
  cpuMs: number;
}

const undo: (() => unknown)[] = [];

/** Lambda bills whole milliseconds, and each invocation. */
function dollarsPerMillion(ms: number, memoryMib: number): number {
  const { lambdaDuration, lambdaRequest } = PRICES;
  const gbSeconds = (Math.ceil(ms) / 1_000) * (memoryMib / 1_024);
  return 1_000_000 * (gbSeconds * lambdaDuration.dollars + lambdaRequest.dollars / lambdaRequest.per);
}

async function measure(sandbox: Sandbox, event: () => Promise<unknown>): Promise<Measured & { rssMib: number }> {
  const { tookMs: firstMs } = await sandbox.invoke(await event());
  for (let round = 0; round < WARM_UP; round += 1) await sandbox.invoke(await event());
  const answered = [];
  for (let round = 0; round < ROUNDS; round += 1) answered.push(await sandbox.invoke(await event()));
  return {
    firstMs,
    ms: median(answered.map(({ tookMs }) => tookMs)),
    cpuMs: median(answered.map(({ cpuMs }) => cpuMs)),
    rssMib: Math.max(...answered.map(({ rssMib }) => rssMib)),
  };
}

/** What a sweep wakes a second, where as many are due as it can wake. */
async function measureSweep(system: System, size: Size): Promise<{ perSecond: number; cpuMs: number }> {
  const waiting = await startDueDeliveries(system.dynamodbEndpoint, CALL_MS, await system.waitingDelivery());
  const sweep = system.functionOf('sweep');
  const env = { ...sweep.env, AWS_ENDPOINT_URL_DYNAMODB: waiting.url, AWS_ENDPOINT_URL_SQS: waiting.url };
  const sandbox = await startSandbox({ ...sweep, env, timeoutMs: SWEEP_MS }, size);
  try {
    const { tookMs, cpuMs } = await sandbox.invoke(SCHEDULED_EVENT);
    return { perSecond: (waiting.woken() / tookMs) * 1_000, cpuMs: cpuMs / waiting.woken() };
  } finally {
    await sandbox.stop();
    waiting.close();
  }
}

/** A delivery that fails, so that it waits. */
async function failOne(system: System, size: Size): Promise<void> {
  const tenant = 'failing';
  await system.subscribe(tenant, 500);
  const Body = JSON.stringify({ tenantId: tenant, type: 'employee.updated', data: { reference: 'waits' } });
  const ingest = await startSandbox(system.functionOf('ingest'), size);
  await ingest.invoke(batchOf([{ MessageId: 'waits', Body }], 'arn:aws:sqs:us-east-1:000000000000:events'));
  await ingest.stop();
  const deliver = await startSandbox(system.functionOf('deliver'), size);
  await deliver.invoke(batchOf(await system.take('deliveries', 1), system.queueArn('deliveries')));
  await deliver.stop();
}

const row = (cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
function head(first: string, last: readonly string[] = []): void {
  const cells = [...MEMORIES.map((memoryMib) => `${memoryMib} MiB`), ...last];
  row([first, ...cells]);
  row(['---', ...cells.map(() => '---:')]);
}

async function main(): Promise<void> {
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(
    `${availableParallelism()} cores, ${cpus()[0]?.model}, Node ${process.version}; load average at the start ${load.join(' ')}`,
  );
  const sizes = MEMORIES.map((memoryMib) => ({ memoryMib, group: createCpuGroup(memoryMib) }));
  for (const { group } of sizes) undo.push(group.remove);
  const dir = mkdtempSync(join(tmpdir(), 'posthorn-memory-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const system = await startSystem(dir, { callMs: CALL_MS, receiverMs: RECEIVER_MS });
  undo.push(system.stop);

  const starts = new Map<FunctionName, Map<number, number[]>>(FUNCTION_NAMES.map((name) => [name, new Map()]));
  const rss = new Map<FunctionName, number>();
  const lines: (string | number)[][] = [];
  for (const { name, about, event } of await createCases(system)) {
    const cells: string[] = [];
    let cpuMs = Number.NaN;
    for (const size of sizes) {
      const sandbox = await startSandbox(system.functionOf(name), size);
      const measured = await measure(sandbox, event);
      await sandbox.stop();
      const own = starts.get(name) ?? new Map<number, number[]>();
      own.set(size.memoryMib, [...(own.get(size.memoryMib) ?? []), sandbox.startMs + measured.firstMs]);
      rss.set(name, Math.max(rss.get(name) ?? 0, measured.rssMib));
      cpuMs = measured.cpuMs;
      cells.push(`${measured.ms.toFixed(0)} · ${dollarsPerMillion(measured.ms, size.memoryMib).toFixed(2)}`);
    }
    lines.push([`\`${name}\` ${about}`, ...cells, cpuMs.toFixed(1)]);
  }

  console.log('\nAn invocation, ms · dollars for a million:\n');
  head('', ['CPU, ms']);
  for (const line of lines) row(line);
  console.log('\nA cold start with its first invocation, ms:\n');
  head('', ['most memory in use, MiB']);
  for (const [name, own] of starts)
    row([
      `\`${name}\``,
      ...MEMORIES.map((memoryMib) => Math.min(...(own.get(memoryMib) ?? [])).toFixed(0)),
      (rss.get(name) ?? Number.NaN).toFixed(0),
    ]);

  const [smallest] = sizes;
  const largest = sizes.at(-1) ?? smallest;
  if (largest === undefined) throw new Error('There is no size');
  await failOne(system, largest);
  console.log('\nWhat a sweep wakes:\n');
  head('');
  const sweeps: Awaited<ReturnType<typeof measureSweep>>[] = [];
  for (const size of sizes) sweeps.push(await measureSweep(system, size));
  row(['deliveries a second', ...sweeps.map(({ perSecond }) => perSecond.toFixed(0))]);
  row(['CPU of each, ms', ...sweeps.map(({ cpuMs }) => cpuMs.toFixed(2))]);
}

/** Once, however often it is asked for. */
async function cleanUp(): Promise<void> {
  for (const end of undo.splice(0).reverse()) await end();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => cleanUp().finally(() => process.exit(130)));
try {
  await main();
} catch (error) {
  console.error(error instanceof StartError ? messageOf(error) : error);
  process.exitCode = 1;
}
await cleanUp();
process.exit();
