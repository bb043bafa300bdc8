import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/*
 * Starts a Posthorn on free ports and lets Schemathesis make requests from its OpenAPI document: valid ones, which must be
 * taken, wrong ones, which must be refused, and chains of both. Any answer that the document does not describe fails.
 * Arguments go to `schemathesis run`, as in `--seed 7`. SCHEMATHESIS names an installed one; else it is installed.
 */

const VERSION = '4.32.5';
const START_MS = 60_000;

const Endpoints = z.object({ apiUrl: z.string(), adminKey: z.string() });

const folder = mkdtempSync(join(tmpdir(), 'posthorn-openapi-'));
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

try {
  const schemathesis = process.env.SCHEMATHESIS ?? install();
  const { apiUrl, adminKey, stop } = await start();
  const run = spawn(
    schemathesis,
    ['--config-file', file('schemathesis.toml'), 'run', `${apiUrl}/v1/openapi.json`, ...process.argv.slice(2)],
    { stdio: 'inherit', cwd: folder, env: { ...process.env, ADMIN_KEY: adminKey, HOOKS: file('hooks.py') } },
  );
  process.exitCode = await new Promise<number>((resolve) => run.once('exit', (code) => resolve(code ?? 1)));
  const output = await stop();
  // Faults are found by their answers; what the functions logged of them says why.
  for (const line of output.split('\n')) if (line.includes('"level":"ERROR"')) console.error(line);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function install(): string {
  const environment = join(folder, 'python');
  must('python3', ['-m', 'venv', environment]);
  must(join(environment, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]);
  return join(environment, 'bin', 'schemathesis');
}

function must(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ended with ${status ?? error?.message}`);
}

/** `stop` gives what the system printed. */
async function start() {
  const state = join(folder, 'state');
  const ports = ['--port', '0', '--receiver-port', '0', '--sqs-port', '0', '--dynamodb-port', '0'];
  const child = spawn(process.execPath, [file('../../local/start.ts'), '--state', state, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let waited = 0; !output.includes('is ready after'); waited += 100) {
    if (child.exitCode !== null || waited > START_MS) {
      child.kill('SIGKILL');
      throw new Error(`Posthorn did not start:\n${output}`);
    }
    await setTimeout(100);
  }
  const endpoints = Endpoints.parse(JSON.parse(readFileSync(join(state, 'endpoints.json'), 'utf8')));
  const stop = async (): Promise<string> => {
    child.kill('SIGINT');
    await ended;
    return output;
  };
  return { ...endpoints, stop };
}
