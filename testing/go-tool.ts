import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/posthorn-go', import.meta.url));

/** For `test.skipIf`. In CI nothing is skipped: there the tests fail. */
export const hasNoGo = spawnSync('go', ['version']).error !== undefined && !process.env.CI;

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
    await promisify(execFile)('go', ['install', `${path}@${version}`], { env: { ...process.env, GOBIN: folder } });
  } catch (error) {
    throw new Error(`${path} could not be built. It needs Go (golang-go on Debian), and the Go module proxy.`, {
      cause: error,
    });
  }
  return program;
}
