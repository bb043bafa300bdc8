import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { FunctionSpec } from '../../local/resources/functions/handler-protocol.ts';
import type { CpuGroup } from './cpu-group.ts';

const PROCESS = fileURLToPath(new URL('sandbox-process.mjs', import.meta.url));
/** Of the memory, what V8 may use for what lives long. */
const HEAP = 0.9;

const Loaded = z.object({ type: z.literal('loaded') });
const Answered = z.object({
  type: z.literal('answered'),
  tookMs: z.number(),
  cpuMs: z.number(),
  rssMib: z.number(),
  answer: z.unknown(),
  error: z.string().nullable(),
});
export type Answered = z.infer<typeof Answered>;

/** One environment of a function, with the CPU of a memory size. */
export interface Sandbox {
  /** From the start of its process until the bundle is loaded. */
  startMs: number;
  invoke(event: unknown): Promise<Answered>;
  stop(): Promise<void>;
}

/** Starts a function's bundle in a process of its own within the group. */
export async function startSandbox(
  { entry, exportName, env, timeoutMs }: FunctionSpec,
  { memoryMib, group }: { memoryMib: number; group: CpuGroup },
): Promise<Sandbox> {
  const node = `'${process.execPath}' --max-old-space-size=${Math.floor(memoryMib * HEAP)}`;
  const beganAt = performance.now();
  const child = fork(PROCESS, [entry, exportName], {
    // The shell puts itself into the group, so that all of Node's start counts.
    execPath: '/bin/sh',
    execArgv: ['-c', `echo $$ > '${group.procsFile}' && exec ${node} "$0" "$@"`],
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  // What it logs, CloudWatch would take from it.
  child.stdout?.resume();
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The environment of ${entry} ended (${signal ?? code})`);
  });
  ended.catch(() => {});
  const message = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), ended]))[0];

  Loaded.parse(await message());
  return {
    startMs: performance.now() - beganAt,
    async invoke(event) {
      child.send({ event: JSON.stringify(event), timeoutMs });
      const answered = Answered.parse(await message());
      if (answered.error !== null) throw new Error(`${entry} failed: ${answered.error}`);
      return answered;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
}
