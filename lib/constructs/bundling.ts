import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type BuildOptions, buildSync } from 'esbuild';
import { FUNCTION_NAMES, type FunctionName } from '../../functions/names.ts';

/** ESM with all that it uses inside, minified. */
export const BUNDLING = {
  absWorkingDir: fileInProject('.'),
  bundle: true,
  format: 'esm',
  minify: true,
  platform: 'node',
  target: 'node24',
  alias: { 'node:http': fileInProject('functions/adapters/node-http.ts') },
  mainFields: ['module', 'main'],
  // Dependencies that are CommonJS still call `require`, which an ES module does not have.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'error',
} satisfies BuildOptions;

/**
 * A function's code. CDK's own bundling starts npm and esbuild anew for each function, which takes seconds; here one run of esbuild
 * reads what functions share once.
 * @param addFiles puts files beside the code
 */
export function bundledCode(scope: Construct, name: FunctionName, addFiles?: (folder: string) => void): Code {
  if (!Stack.of(scope).bundlingRequired) return Code.fromAsset(fileInProject(`functions/${name}`));
  bundles ??= bundleAll();
  const folder = join(bundles, name);
  addFiles?.(folder);
  return Code.fromAsset(folder);
}

/** Once a process: no source changes while it runs. */
let bundles: string | undefined;

function bundleAll(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'posthorn-bundles-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  buildSync({
    ...BUNDLING,
    entryPoints: FUNCTION_NAMES.map((name) => ({ in: `functions/${name}/index.ts`, out: `${name}/index` })),
    outdir,
    outExtension: { '.js': '.mjs' },
  });
  return outdir;
}

export function fileInProject(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
