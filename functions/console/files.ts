import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface ServedFile {
  type: string;
  etag: string;
  /** By content coding; `identity` is the file itself. */
  variants: Partial<Record<'br' | 'gzip' | 'identity', Buffer>>;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const CODINGS = { '.br': 'br', '.gz': 'gzip' } as const;

/**
 * The files of a folder by their paths in it, read once. A path that is asked for is looked up among them, so no path
 * leads out of the folder. `name.br` and `name.gz` are variants of `name`.
 */
export function openFiles(folder: string): ReadonlyMap<string, ServedFile> {
  const names = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
  const known = new Set(names);
  return new Map(
    names
      .filter((name) => !isVariant(name, known))
      .map((name) => {
        const content = readFileSync(join(folder, name));
        const variants: ServedFile['variants'] = { identity: content };
        for (const [ending, coding] of Object.entries(CODINGS))
          if (known.has(name + ending)) variants[coding] = readFileSync(join(folder, name + ending));
        const type = TYPES[extname(name)] ?? 'application/octet-stream';
        return [name, { type, etag: etagOf(content), variants }];
      }),
  );
}

function isVariant(name: string, known: ReadonlySet<string>): boolean {
  const ending = Object.keys(CODINGS).find((one) => name.endsWith(one));
  return ending !== undefined && known.has(name.slice(0, -ending.length));
}

/** Weak: it is the same for all codings of a content. */
export function etagOf(content: string | Buffer): string {
  return `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}
