import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import * as z from 'zod';

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const FREE_PORTS = ['--port', '0', '--receiver-port', '0', '--sqs-port', '0', '--dynamodb-port', '0'];
/** Synthesis takes seconds, and longer where other work shares the machine. */
const START_MS = 60_000;
/** The runner gives work in progress 5 s, and must not need much more to end. */
const STOP_MS = 20_000;

const Endpoints = z.object({
  apiUrl: z.string(),
  adminKey: z.string(),
  eventsQueueUrl: z.string(),
  sqsEndpoint: z.string(),
  dynamodbEndpoint: z.string(),
  receiverUrl: z.string(),
  clockUrl: z.string(),
  pid: z.int(),
  handlersPid: z.int(),
});
export type Endpoints = z.infer<typeof Endpoints>;

/** A runner as a person starts it: a process of its own, known by what it prints and by endpoints.json. */
export interface RunnerProcess {
  child: ChildProcess;
  output(): string;
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
}

const children = new Set<ChildProcess>();
// A test run that is broken off must not leave emulators behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export function runRunner(args: string[], environment: Record<string, string> = {}): RunnerProcess {
  const child = spawn(process.execPath, [START, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exit = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => {
      children.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return { child, exit, output: () => output };
}

export function newStateFolder(): string {
  return mkdtempSync(join(tmpdir(), 'posthorn-e2e-'));
}

/** What others need to join; null while the runner does not run. */
export function readEndpoints(state: string): Endpoints | null {
  try {
    return Endpoints.parse(JSON.parse(readFileSync(join(state, 'endpoints.json'), 'utf8')));
  } catch {
    return null;
  }
}

export interface Running extends RunnerProcess {
  state: string;
  endpoints: Endpoints;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<number | string>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

export interface StartOptions {
  state: string;
  context?: Record<string, string>;
  args?: string[];
  environment?: Record<string, string>;
}

/** Starts a whole Posthorn and waits until it can be used. */
export async function startRunner({
  state,
  context = {},
  args = [],
  environment = {},
}: StartOptions): Promise<Running> {
  const settings = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const runner = runRunner(['--state', state, ...FREE_PORTS, ...settings, ...args], environment);
  let ended: number | string | undefined;
  runner.exit.then((code) => {
    ended = code;
  });
  const endpoints = await vi.waitUntil(
    () => {
      if (ended !== undefined) throw new Error(`The runner ended with ${ended}:\n${runner.output()}`);
      const found = readEndpoints(state);
      return found?.pid === runner.child.pid && runner.output().includes('is ready after') ? found : false;
    },
    { timeout: START_MS, interval: 50 },
  );
  const end = async (signal: NodeJS.Signals) => {
    if (ended !== undefined) return ended;
    runner.child.kill(signal);
    const late = setTimeout(() => runner.child.kill('SIGKILL'), STOP_MS);
    const code = await runner.exit;
    clearTimeout(late);
    return code;
  };
  return {
    ...runner,
    state,
    endpoints,
    stop: () => end('SIGINT'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}

export function removeStateFolder(state: string): void {
  rmSync(state, { recursive: true, force: true, maxRetries: 5 });
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Tries until it no longer throws. Ten times what any of it takes on an idle machine. */
export function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  return vi.waitFor(attempt, { timeout: timeoutMs, interval: 50 });
}
