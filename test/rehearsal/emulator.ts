import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { pythonWith } from '../../testing/python-environment.ts';
import { CREDENTIALS } from '../../testing/queues.ts';

const MINISTACK = ['ministack==1.5.33', 'cryptography==50.0.2'];
const LAUNCHER = fileURLToPath(new URL('emulator.py', import.meta.url));
const HOST = '127.0.0.1';
const START_MS = 60_000;

export const ACCOUNT = '111122223333';
export const { region: REGION } = CREDENTIALS;

/** What IAM said to a function's role. */
const Decision = z.object({ role: z.string(), action: z.string(), resource: z.string(), allowed: z.boolean() });
export type Decision = z.infer<typeof Decision>;

export interface Emulator {
  url: string;
  port: number;
  python: string;
  /** Of functions' roles, since the start. None if IAM is not enforced. */
  decisions: Decision[];
  output(): string;
  stop(): Promise<void>;
}

/** Runs ministack on a free port of the loopback. The functions that it runs are processes of its group. */
export async function startEmulator({ enforcesIam }: { enforcesIam: boolean }): Promise<Emulator> {
  const python = await pythonWith(...MINISTACK);
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-rehearsal-'));
  const port = await freePort();
  const child = spawn(python, [LAUNCHER], {
    // Until this process ends, in whatever way, the emulator finds its standard input open.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    // Nothing of the caller's own: functions inherit these.
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: HOST,
      MINISTACK_HOST: HOST,
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      // These are the account's root.
      AWS_ACCESS_KEY_ID: CREDENTIALS.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.credentials.secretAccessKey,
      // The one service that the functions do not call by the SDK, which takes what the emulator tells them.
      AWS_ENDPOINT_URL_EVENTBRIDGE: `http://${HOST}:${port}`,
      AUTH: String(enforcesIam),
      // It would listen on every address.
      IOT_MTLS_ENABLED: '0',
    },
  });
  const decisions: Decision[] = [];
  let output = '';
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{"role"')) decisions.push(Decision.parse(JSON.parse(line)));
    else output += `${line}\n`;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const stop = async () => {
    await endGroup(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://${HOST}:${port}`;
  const deadline = performance.now() + START_MS;
  while (child.exitCode !== null || !(await answers(`${url}/_ministack/health`))) {
    if (child.exitCode === null && performance.now() < deadline) await sleep(50);
    else {
      await stop();
      throw new Error(`ministack did not start:\n${output}`);
    }
  }
  return { url, port, python, decisions, output: () => output, stop };
}

async function endGroup(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** Below those that systems hand out for port 0: a test beside this one could be given it before the emulator, which starts for seconds, takes it. */
const PORTS = { from: 20_000, to: 30_000 };

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer().listen(port, HOST);
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true));
      server.once('error', () => resolve(false));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
