import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import {
  newStateFolder,
  type Running,
  removeStateFolder,
  type StartOptions,
  startRunner,
} from '../../testing/runner-process.ts';
import { type Client, createClient } from './client.ts';

/**
 * One running system for a test file. Its tests keep apart by tenants and receiver paths of their own. What the runner
 * printed, the functions' logs included, is what `output` gives; it is shown when a test fails. `logs`: every line that they logged.
 */
export function useSystem(
  options: Omit<StartOptions, 'state'> = {},
): (() => Client) & { output: () => string; logs: () => string } {
  const state = newStateFolder();
  let running: Running | undefined;
  let client: Client | undefined;
  let shown = 0;

  beforeAll(async () => {
    running = await startRunner({ state, ...options });
    client = await createClient(running.endpoints);
  });
  afterEach(({ task }) => {
    const output = running?.output() ?? '';
    if (task.result?.state === 'fail') console.error(`The runner since the last failure:\n${output.slice(shown)}`);
    if (task.result?.state === 'fail') shown = output.length;
  });
  afterAll(async () => {
    client?.close();
    const code = await running?.stop();
    removeStateFolder(state);
    expect(code, 'the exit code of the runner').toBe(0);
  });
  const current = () => {
    if (client === undefined) throw new Error('The system runs within tests only.');
    return client;
  };
  return Object.assign(current, {
    output: () => running?.output() ?? '',
    logs: () => readFileSync(join(state, 'handlers.log'), 'utf8'),
  });
}

let counter = 0;
/** A tenant and a receiver path that no other test of the file has. */
export function scene(name: string): { tenant: string; path: string } {
  counter += 1;
  return { tenant: `${name}-${counter}`, path: `/${name}-${counter}` };
}
