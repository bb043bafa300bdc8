import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../../local/state.ts';
import { startRunner } from '../../testing/runner-process.ts';

/*
 * Starts a Posthorn on free ports and lets Schemathesis make requests from its OpenAPI document: valid ones, which must be
 * taken, wrong ones, which must be refused, and chains of both. Any answer that the document does not describe fails.
 * Arguments go to `schemathesis run`, as in `--seed 7`. SCHEMATHESIS names an installed one; else it is installed.
 */

/** A run each: in one that they share, a slow machine would come to the end of its time before the last one. About two minutes in all. */
const RUNS = [
  { phase: 'Coverage', options: ['--phases', 'examples,coverage'] },
  { phase: 'Fuzzing', options: ['--phases', 'fuzzing', '--max-time', '60'] },
  { phase: 'Stateful', options: ['--phases', 'stateful', '--max-time', '30'] },
];

const VERSION = '4.32.5';

const folder = mkdtempSync(join(tmpdir(), 'posthorn-openapi-'));
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

try {
  const schemathesis = process.env.SCHEMATHESIS ?? install();
  const posthorn = await startRunner({ state: join(folder, 'state') });
  for (const { phase, options } of RUNS) {
    const { code, report } = await run(schemathesis, posthorn.endpoints, options);
    if (code !== 0) process.exitCode = code;
    // A phase that has nothing to do is skipped, and its run succeeds.
    if (new RegExp(`(✅|❌) +${phase}`).test(report)) continue;
    console.error(`The phase ${phase} did not run.`);
    process.exitCode = 1;
  }
  await posthorn.stop();
  // Faults are found by their answers; what the functions logged of them says why.
  for (const line of posthorn.output().split('\n')) if (line.includes('"level":"ERROR"')) console.error(line);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function run(
  schemathesis: string,
  { apiUrl, adminKey }: Endpoints,
  options: string[],
): Promise<{ code: number; report: string }> {
  const running = spawn(
    schemathesis,
    [
      '--config-file',
      file('schemathesis.toml'),
      'run',
      `${apiUrl}/v1/openapi.json`,
      ...options,
      ...process.argv.slice(2),
    ],
    {
      stdio: ['inherit', 'pipe', 'inherit'],
      cwd: folder,
      env: { ...process.env, ADMIN_KEY: adminKey, HOOKS: file('hooks.py') },
    },
  );
  let report = '';
  running.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    report += chunk.toString();
  });
  const code = await new Promise<number>((resolve) => running.once('close', (ended) => resolve(ended ?? 1)));
  return { code, report };
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
