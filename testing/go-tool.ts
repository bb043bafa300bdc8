import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/posthorn-go', import.meta.url));

/** For `test.skipIf`. In CI nothing is skipped: there the tests fail. */
export const hasNoGo = spawnSync('go', ['version']).error !== undefined && !process.env.CI;

/** What the tools' modules ask for. From 1.21 on, Go gets it by itself. */
const TOOLCHAIN = 'go1.26.8';
const FIRST_THAT_GETS_IT = 21;
const run = promisify(execFile);

/**
 * A program of a Go module, built once for each version and kept. Two may build it at the same time: Go puts it there when it is whole.
 * @param path of the program's package
 * @param version pinned
 */
export async function goTool(path: string, version: string): Promise<string> {
  const folder = join(CACHE, version);
  const program = join(folder, path.slice(path.lastIndexOf('/') + 1));
  if (existsSync(program)) return program;
  try {
    const env = { ...process.env, GOTOOLCHAIN: 'auto', GOBIN: folder };
    await run(await findGo(), ['install', `${path}@${version}`], { env });
  } catch (error) {
    throw new Error(`${path} could not be built. It needs Go (golang-go on Debian), and the Go module proxy.`, {
      cause: error,
    });
  }
  return program;
}

/** Go itself, or where it is older, the toolchain that it can load as a module. */
async function findGo(): Promise<string> {
  const { stdout: found } = await run('go', ['env', 'GOVERSION']);
  const [, minor = '0'] = /^go1\.(\d+)/.exec(found) ?? [];
  if (Number(minor) >= FIRST_THAT_GETS_IT) return 'go';
  const { stdout: target } = await run('go', ['env', 'GOOS', 'GOARCH']);
  const module = `golang.org/toolchain@v0.0.1-${TOOLCHAIN}.${target.trim().replace('\n', '-')}`;
  const { stdout } = await run('go', ['mod', 'download', '-json', module]);
  const { Dir } = z.object({ Dir: z.string() }).parse(JSON.parse(stdout));
  // A module's files are neither programs nor to be changed.
  for (const folder of ['bin', 'pkg/tool']) await run('chmod', ['-R', 'u+wx', join(Dir, folder)]);
  return join(Dir, 'bin', 'go');
}
