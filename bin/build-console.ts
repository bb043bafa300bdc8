/**
 * node bin/build-console.ts [FOLDER]: builds the console, and puts its files, compressed, into a folder. What was built is kept, and
 * built again only if its sources have changed. The synthesis calls it; a person need not.
 */
import { createHash } from 'node:crypto';
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, gzipSync } from 'node:zlib';
import { keepFolder } from '../local/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const kept = join(root, 'node_modules/.cache/posthorn-console');
/** What a browser must load before the first page can be used. */
const BUDGET_GZIPPED_BYTES = 200 * 1024;
const COMPRESSED = /\.(html|js|css|svg)$/;

const [folder] = process.argv.slice(2);
const built = join(kept, fingerprint());
await keepFolder(built, async (outDir) => {
  await bundle(outDir);
  checkBudget(outDir);
  await compress(outDir);
});
if (folder !== undefined) cpSync(built, folder, { recursive: true });

function fingerprint(): string {
  const hash = createHash('sha256').update(process.version);
  const sources = globSync(['console/**/*', 'package-lock.json', 'bin/build-console.ts'], {
    cwd: root,
    withFileTypes: true,
  });
  const paths = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) hash.update(`\n${path.slice(root.length)}\n`).update(readFileSync(path));
  return hash.digest('hex').slice(0, 32);
}

async function bundle(outDir: string): Promise<void> {
  // Otherwise a shell's NODE_ENV decides which React is in the page; a test runner sets one, too.
  process.env.NODE_ENV = 'production';
  // Takes half a second to load: only where something is built.
  const vite = await import('vite');
  await vite.build({
    configFile: false,
    root: join(root, 'console'),
    base: '/console/',
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
}

/** The scripts that the page names: its own, and those that it loads beforehand. */
function checkBudget(outDir: string): void {
  const page = readFileSync(join(outDir, 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/(?:src|href)="\/console\/([^"]+\.js)"/g)].map(([, path = '']) => path);
  const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(outDir, path)), { level: 9 }).length, 0);
  if (scripts.length === 0 || bytes > BUDGET_GZIPPED_BYTES)
    throw new Error(
      `The console's first page loads ${scripts.length} scripts of ${bytes} bytes gzipped; at most ${BUDGET_GZIPPED_BYTES} are allowed. ` +
        'Load what the first page does not need with lazy() in console/routes.tsx, or use less of a library.',
    );
}

/** On all cores: brotli's best is slow. */
async function compress(outDir: string): Promise<void> {
  const paths = globSync('**/*', { cwd: outDir }).filter((path) => COMPRESSED.test(path));
  await Promise.all(
    paths.map(async (path) => {
      const content = readFileSync(join(outDir, path));
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
      const [gz, br] = await Promise.all([
        promisify(gzip)(content, { level: 9 }),
        promisify(brotliCompress)(content, { params }),
      ]);
      writeFileSync(join(outDir, `${path}.gz`), gz);
      writeFileSync(join(outDir, `${path}.br`), br);
    }),
  );
}
