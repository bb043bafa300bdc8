import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hasCode } from './errors.ts';

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** For its owner only: these files hold keys. Whoever reads it never sees a half-written one, nor does a crash leave one. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
