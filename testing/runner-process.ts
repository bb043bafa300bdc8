import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keepFolder } from '../local/files.ts';
import { Endpoints } from '../local/state.ts';
import { fingerprintOf, synthesisePosthorn } from '../local/template/synth.ts';
import { V8_FLAGS } from '../local/v8-flags.ts';

const START = fileURLToPath(new URL('../local/start.ts', import.meta.url));
export const FREE_PORTS = ['--port', '0', '--receiver-port', '0', '--sqs-port', '0', '--dynamodb-port', '0'];
/** Synthesis takes seconds, and longer where other work shares the machine. */
const START_MS = 90_000;
/** The runner gives work in progress 5 s, and must not need much more to end. */
const STOP_MS = 20_000;

/** A runner as a person starts it: a process of its own, known by what it prints and by endpoints.json. */
export interface RunnerProcess {
  child: ChildProcess;
  output(): string;
  /** Exit code, or the signal that ended it. */
  exit: Promise<number | string>;
}

const children = new Set<ChildProcess>();
// A run that is broken off must not leave emulators behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export function runRunner(
  args: string[],
  environment: Record<string, string> = {},
  v8Flags: readonly string[] = V8_FLAGS,
): RunnerProcess {
  const child = spawn(process.execPath, [...v8Flags, START, ...args], {
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
  /** Of the process of the functions, which the runner starts again when it dies. */
  handlersPid(): number;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<number | string>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

export interface StartOptions {
  state: string;
  /** Settings of the stack. */
  context?: Record<string, string>;
  args?: string[];
  environment?: Record<string, string>;
  /** Emulators that are not the runner's own. */
  aws?: { sqs: string; dynamodb: string };
  /** Those of `npm start`, if not given. */
  v8Flags?: readonly string[];
}

const ASSEMBLIES = fileURLToPath(new URL('../node_modules/.cache/posthorn-assembly', import.meta.url));

/** The cloud assembly of the default settings. */
const assembly = (): string => join(ASSEMBLIES, fingerprintOf({}));

/** Makes it, if the last one no longer fits; before what starts runners side by side. */
export async function keepAssembly(): Promise<void> {
  await keepFolder(assembly(), (folder) => synthesisePosthorn(folder, {}));
}

/** Starts a whole Posthorn and waits until it can be used. What did not start in time is ended. */
export async function startRunner({
  state,
  context = {},
  args = [],
  environment = {},
  aws,
  v8Flags,
}: StartOptions): Promise<Running> {
  const settings = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const dir = join(state, 'cdk.out');
  // Synthesis is most of a start: a new state folder begins with what is kept.
  if (settings.length === 0 && !existsSync(dir) && existsSync(assembly())) cpSync(assembly(), dir, { recursive: true });
  const elsewhere = aws && { POSTHORN_SQS_ENDPOINT: aws.sqs, POSTHORN_DYNAMODB_ENDPOINT: aws.dynamodb };
  const runner = runRunner(
    ['--state', state, ...FREE_PORTS, ...settings, ...args],
    { ...environment, ...elsewhere },
    v8Flags,
  );
  let ended: number | string | undefined;
  runner.exit.then((code) => {
    ended = code;
  });
  const end = async (signal: NodeJS.Signals) => {
    if (ended !== undefined) return ended;
    runner.child.kill(signal);
    const late = setTimeout(() => runner.child.kill('SIGKILL'), STOP_MS);
    const code = await runner.exit;
    clearTimeout(late);
    return code;
  };
  const deadline = performance.now() + START_MS;
  while (!runner.output().includes('is ready after')) {
    if (ended !== undefined) throw new Error(`The runner ended with ${ended}:\n${runner.output()}`);
    if (performance.now() > deadline) {
      await end('SIGKILL');
      throw new Error(`The runner did not start in time:\n${runner.output()}`);
    }
    await sleep(50);
  }
  const endpoints = readEndpoints(state);
  if (endpoints === null) throw new Error(`The runner is ready but wrote no endpoints.json:\n${runner.output()}`);
  return {
    ...runner,
    state,
    endpoints,
    handlersPid: () => readEndpoints(state)?.handlersPid ?? endpoints.handlersPid,
    stop: () => end('SIGINT'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}

export function newStateFolder(): string {
  return mkdtempSync(join(tmpdir(), 'posthorn-state-'));
}

export function removeStateFolder(state: string): void {
  rmSync(state, { recursive: true, force: true, maxRetries: 5 });
}
