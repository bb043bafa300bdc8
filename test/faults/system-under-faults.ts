import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { CountedSubscription } from '../../functions/core/stats/counters.ts';
import { clockOffsetMs, createClockBuffer, setClockOffsetMs } from '../../local/clock.ts';
import { startEmulator } from '../../local/emulators/start-emulator.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { startRunner } from '../../testing/runner-process.ts';
import { createFaultProxy, type FaultProxy, type FaultRates, type OnEffect } from './fault-proxy.ts';
import type { Choices } from './random.ts';

/*
 * The whole system on one machine, with the fault proxies between it and its emulators.
 */

/** Characters of the functions' log. */
const LOG_SHOWN = 40_000;

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
  /** What the functions logged as not counted. */
  lostCounts(): CountedSubscription[];
  /** When the runner said that an invocation took longer than its time; by function at most once in ten seconds. */
  timeouts: readonly number[];
  /** What the runner printed, and what the functions logged last. */
  output(): string;
  stop(): Promise<void>;
}

const LostLine = z.object({
  counted: z.array(
    z.object({ tenantId: z.string(), subscriptionId: z.string(), counters: z.record(z.string(), z.number()) }),
  ),
});

/** @param settings of the stack, as for `-c` */
export async function startSystemUnderFaults(
  rates: { sqs: FaultRates; dynamodb: FaultRates },
  settings: Record<string, string>,
  choices: Choices,
  onEffect: OnEffect,
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
      sqs: createFaultProxy('SQS', sqs.url, rates.sqs, choices.fork('sqs'), onEffect),
      dynamodb: createFaultProxy('DynamoDB', dynamodb.url, rates.dynamodb, choices.fork('dynamodb'), onEffect),
    };
    const listen = async ({ server }: FaultProxy): Promise<string> => {
      const url = await listenOnLoopback(server, 0, '');
      undo.push(() => closeServer(server));
      return url;
    };
    const [sqsEndpoint, dynamodbEndpoint] = [await listen(proxies.sqs), await listen(proxies.dynamodb)];

    const state = join(dir, 'state');
    const aws = { sqs: sqsEndpoint, dynamodb: dynamodbEndpoint };
    const runner = await startRunner({ state, context: settings, aws });
    const { endpoints, handlersPid, output, stop: stopRunner } = runner;
    undo.push(stopRunner);
    const timeouts: number[] = [];
    runner.child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('Task timed out')) timeouts.push(Date.now());
    });
    const { apiUrl, adminKey, eventsQueueUrl, clockUrl } = endpoints;
    return {
      apiUrl,
      adminKey,
      eventsQueueUrl,
      sqsEndpoint,
      direct: { sqs: sqs.url, dynamodb: dynamodb.url },
      proxies,
      kill: () => process.kill(handlersPid(), 'SIGKILL'),
      async advance(ms) {
        const body = JSON.stringify({ advanceSeconds: ms / 1_000 });
        // The emulators' clock first: what the runner finds due must be visible.
        setClockOffsetMs(clock, clockOffsetMs(clock) + ms);
        const answer = await fetch(clockUrl, { method: 'POST', body });
        if (!answer.ok) throw new Error(`The clock cannot be moved: ${await answer.text()}`);
      },
      lostCounts: () =>
        readFileSync(join(state, 'handlers.log'), 'utf8')
          .split('\n')
          .filter((line) => line.includes('statistics were lost'))
          .flatMap((line) => LostLine.parse(JSON.parse(line)).counted),
      timeouts,
      output: () => `${output()}\n${readFileSync(join(state, 'handlers.log'), 'utf8').slice(-LOG_SHOWN)}`,
      stop,
    };
  }
}
