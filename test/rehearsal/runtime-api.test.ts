import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCases } from '../../bench/memory/cases.ts';
import { type System, startSystem } from '../../bench/memory/system.ts';
import type { FunctionSpec } from '../../local/resources/functions/handler-protocol.ts';
import { goTool, hasNoGo } from '../../testing/go-tool.ts';
import { freePort } from './emulator.ts';

const RIE = 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie';
const VERSION = 'v0.0.0-20261030222936-bef5c4ba774d';
const RUNTIME = fileURLToPath(new URL('runtime.mjs', import.meta.url));
const START_MS = 10_000;

let emulator: string;
let system: System;
const folder = mkdtempSync(join(tmpdir(), 'posthorn-runtime-api-'));

beforeAll(async () => {
  if (hasNoGo) return;
  [emulator, system] = await Promise.all([goTool(RIE, VERSION), startSystem(folder, { callMs: 0, receiverMs: 0 })]);
});
afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Runs a function behind AWS's own emulator of Lambda's Runtime API, for one invocation. */
async function invoke({ entry, exportName, env, timeoutMs }: FunctionSpec, event: unknown): Promise<unknown> {
  const address = `127.0.0.1:${await freePort()}`;
  const places = [
    '--runtime-interface-emulator-address',
    address,
    '--runtime-api-address',
    `127.0.0.1:${await freePort()}`,
  ];
  const child = spawn(emulator, [...places, process.execPath, RUNTIME, entry, exportName], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...env, AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutMs / 1_000) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const url = `http://${address}/2015-03-31/functions/function/invocations`;
  const deadline = performance.now() + START_MS;
  try {
    for (;;) {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) }).catch(() => null);
      if (response !== null) return JSON.parse(await response.text());
      if (performance.now() > deadline) throw new Error('It does not listen');
      await sleep(50);
    }
  } catch (error) {
    throw new Error(`The Runtime API’s emulator failed:\n${output}`, { cause: error });
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
}

const BATCH_DONE = { batchItemFailures: [] };
const DONE: Record<string, unknown> = {
  'api takes an event': expect.objectContaining({ statusCode: 202 }),
  'ingest ten events': BATCH_DONE,
  'deliver ten first attempts': BATCH_DONE,
  'api lists 50 deliveries': expect.objectContaining({ statusCode: 200, body: expect.stringContaining('"succeeded"') }),
  'sweep finds nothing due': null,
  'jobs a page of a replay': BATCH_DONE,
  'console its page': expect.objectContaining({
    statusCode: 200,
    headers: expect.objectContaining({ 'content-type': 'text/html; charset=utf-8' }),
  }),
  'canary publishes': null,
};

test.skipIf(hasNoGo)('each function runs under Lambda’s Runtime API', async () => {
  const answers: Record<string, unknown> = {};
  // Each takes what the ones before it have left.
  for (const { name, about, event } of await createCases(system))
    if (`${name} ${about}` in DONE) answers[`${name} ${about}`] = await invoke(system.functionOf(name), await event());
  expect(answers).toEqual(DONE);
});

test.skipIf(hasNoGo)('what a function throws is told as its error', async () => {
  // Not a batch.
  const answer = await invoke(system.functionOf('ingest'), {});
  expect(answer).toMatchObject({ errorType: 'TypeError' });
});
