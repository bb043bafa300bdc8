import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { keepFolder } from '../local/files.ts';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../node_modules/.cache/posthorn-python', import.meta.url));

/**
 * A virtual environment that holds exactly these packages and what they need; kept for the next time.
 * @param requirements pinned, as in `name==1.2.3`
 * @returns the path of its Python; run tools by `-m`, because the environment was moved after it was made
 */
export async function pythonWith(...requirements: string[]): Promise<string> {
  const environment = join(CACHE, requirements.join('+'), 'environment');
  try {
    await keepFolder(environment, async (folder) => {
      await run('python3', ['-m', 'venv', folder]);
      await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...requirements]);
    });
  } catch (error) {
    const needs = 'It needs python3 of 3.10 or later with venv (python3-venv on Debian), and PyPI.';
    throw new Error(`A Python environment with ${requirements.join(', ')} could not be made. ${needs}`, {
      cause: error,
    });
  }
  return join(environment, 'bin', 'python');
}
