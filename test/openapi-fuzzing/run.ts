import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRunner } from '../../testing/runner-process.ts';

/*
 * Starts a Posthorn on free ports and lets Schemathesis make requests from its OpenAPI document: valid ones, which must be
 * taken, wrong ones, which must be refused, and chains of both. Any answer that the document does not describe fails.
 * Arguments go to `schemathesis run`, as in `--seed 7`. SCHEMATHESIS names an installed one; else it is installed.
 */

const VERSION = '4.32.5';

const folder = mkdtempSync(join(tmpdir(), 'posthorn-openapi-'));
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

try {
  const schemathesis = process.env.SCHEMATHESIS ?? install();
  const posthorn = await startRunner({ state: join(folder, 'state') });
  const { apiUrl, adminKey } = posthorn.endpoints;
  const run = spawn(
    schemathesis,
    ['--config-file', file('schemathesis.toml'), 'run', `${apiUrl}/v1/openapi.json`, ...process.argv.slice(2)],
    {
      stdio: ['inherit', 'pipe', 'inherit'],
      cwd: folder,
      env: { ...process.env, ADMIN_KEY: adminKey, HOOKS: file('hooks.py') },
    },
  );
  let report = '';
  run.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    report += chunk.toString();
  });
  process.exitCode = await new Promise<number>((resolve) => run.once('close', (code) => resolve(code ?? 1)));
  // A run that has no time left for a phase skips it, and succeeds.
  for (const phase of ['Coverage', 'Fuzzing', 'Stateful']) {
    if (new RegExp(`(✅|❌) ${phase}`).test(report)) continue;
    console.error(`The phase ${phase} did not run: the time was over before it began.`);
    process.exitCode = 1;
  }
  await posthorn.stop();
  // Faults are found by their answers; what the functions logged of them says why.
  for (const line of posthorn.output().split('\n')) if (line.includes('"level":"ERROR"')) console.error(line);
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
