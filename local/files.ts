import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** For its owner only: these files hold keys. Whoever reads it never sees a half-written one, nor does a crash leave one. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const UNFINISHED = 'unfinished-';

/**
 * A folder that is made once, in a parent of its own, from which older ones go. It is made elsewhere first: what was broken off must
 * not pass for complete, and two processes may make it at the same time.
 */
export async function keepFolder(path: string, make: (folder: string) => unknown): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  mkdirSync(parent, { recursive: true });
  const unfinished = mkdtempSync(join(parent, UNFINISHED));
  try {
    await make(unfinished);
    for (const other of readdirSync(parent))
      if (!other.startsWith(UNFINISHED) && other !== basename(path))
        rmSync(join(parent, other), { recursive: true, force: true });
    renameSync(unfinished, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
