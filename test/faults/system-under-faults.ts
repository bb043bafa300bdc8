import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { clockOffsetMs, createClockBuffer, setClockOffsetMs } from '../../local/clock.ts';
import { startEmulator } from '../../local/emulators/start-emulator.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { createFaultProxy, type FaultProxy, type FaultRates } from './fault-proxy.ts';
import type { Choices } from './random.ts';

/*
 * The whole system on one machine, with the fault proxies between it and its emulators. This is the one file of the
 * campaign that knows how the runner is started.
 */

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 15_000;
/** Characters of the functions' log. */
const LOG_SHOWN = 40_000;

const Endpoints = z.object({
  apiUrl: z.string(),
  adminKey: z.string(),
  eventsQueueUrl: z.string(),
  clockUrl: z.string(),
  handlersPid: z.int(),
});

export interface SystemUnderFaults {
  apiUrl: string;
  adminKey: string;
  eventsQueueUrl: string;
  /** Behind the proxy, as the functions have it. */
  sqsEndpoint: string;
  /** Before the proxies: without faults. */
  direct: { sqs: string; dynamodb: string };
  proxies: { sqs: FaultProxy; dynamodb: FaultProxy };
  /** Kills the process of the functions; the runner starts another. */
  kill(): void;
  /** Moves the clock of all parts ahead. */
  advance(ms: number): Promise<void>;
  /** What the runner printed, and what the functions logged last. */
  output(): string;
  stop(): Promise<void>;
}

/** @param settings of the stack, as for `-c` */
export async function startSystemUnderFaults(
  rates: { sqs: FaultRates; dynamodb: FaultRates },
  settings: Record<string, string>,
  choices: Choices,
): Promise<SystemUnderFaults> {
  const undo: (() => Promise<unknown> | unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<SystemUnderFaults> {
    const dir = mkdtempSync(join(tmpdir(), 'posthorn-faults-'));
    undo.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
    const clock = createClockBuffer(0);
    const onDeath = (error: Error): void => console.error(error);
    const sqs = await startEmulator({ kind: 'sqs', port: 0, dir: join(dir, 'sqs'), clock }, onDeath);
    undo.push(sqs.close);
    const dynamodb = await startEmulator({ kind: 'dynamodb', port: 0, dir: join(dir, 'dynamodb'), clock }, onDeath);
    undo.push(dynamodb.close);
    const proxies = {
      sqs: createFaultProxy('SQS', sqs.url, rates.sqs, choices.fork('sqs')),
      dynamodb: createFaultProxy('DynamoDB', dynamodb.url, rates.dynamodb, choices.fork('dynamodb')),
    };
    const listen = async (proxy: FaultProxy): Promise<string> => {
      const server = createServer(proxy.listener);
      const url = await listenOnLoopback(server, 0, '');
      undo.push(async () => {
        proxy.close();
        await closeServer(server);
      });
      return url;
    };
    const [sqsEndpoint, dynamodbEndpoint] = [await listen(proxies.sqs), await listen(proxies.dynamodb)];

    const stateDir = join(dir, 'state');
    const ports = ['--port', '0', '--receiver-port', '0'];
    const context = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const runner = spawn(process.execPath, [START, '--state', stateDir, ...ports, ...context], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, POSTHORN_SQS_ENDPOINT: sqsEndpoint, POSTHORN_DYNAMODB_ENDPOINT: dynamodbEndpoint },
    });
    undo.push(() => endOf(runner));
    let printed = '';
    for (const stream of [runner.stdout, runner.stderr]) stream.on('data', (chunk) => (printed += chunk));
    const readEndpoints = () => Endpoints.parse(JSON.parse(readFileSync(join(stateDir, 'endpoints.json'), 'utf8')));
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!printed.includes('is ready after')) {
      if (runner.exitCode !== null || performance.now() > deadline)
        throw new Error(`The system did not start:\n${printed}`);
      await sleep(50);
    }
    const { apiUrl, adminKey, eventsQueueUrl, clockUrl } = readEndpoints();
    return {
      apiUrl,
      adminKey,
      eventsQueueUrl,
      sqsEndpoint,
      direct: { sqs: sqs.url, dynamodb: dynamodb.url },
      proxies,
      kill: () => process.kill(readEndpoints().handlersPid, 'SIGKILL'),
      async advance(ms) {
        const body = JSON.stringify({ advanceSeconds: ms / 1_000 });
        // The emulators' clock first: what the runner finds due must be visible.
        setClockOffsetMs(clock, clockOffsetMs(clock) + ms);
        const answer = await fetch(clockUrl, { method: 'POST', body });
        if (!answer.ok) throw new Error(`The clock cannot be moved: ${await answer.text()}`);
      },
      output: () => `${printed}\n${readFileSync(join(stateDir, 'handlers.log'), 'utf8').slice(-LOG_SHOWN)}`,
      stop,
    };
  }
}

async function endOf(runner: ChildProcess): Promise<void> {
  if (runner.exitCode !== null || runner.signalCode !== null) return;
  const ended = new Promise((resolve) => runner.once('exit', resolve));
  runner.kill('SIGTERM');
  const timer = setTimeout(() => runner.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
