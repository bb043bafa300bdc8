import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** For its owner only: these files hold keys. Whoever reads it never sees a half-written one, nor does a crash leave one. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
