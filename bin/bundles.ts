import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { createApp } from '../lib/app.ts';
import { BUNDLING } from '../lib/constructs/bundling.ts';
import { BUDGETS, measureStart, readBundles } from '../testing/bundles.ts';

/** How many of the parts of a bundle are shown. */
const PARTS = 12;

/** Prints what fills each bundle and what its start costs, and fails if one is over its budget. */
async function main(outdir: string): Promise<void> {
  createApp({ appProps: { outdir } }).synth();
  for (const bundle of readBundles(outdir)) {
    const { name, bytes } = bundle;
    const { cpuMs } = await measureStart(bundle);
    const budget = BUDGETS[name];
    const isOver = bytes > budget.bytes || cpuMs > budget.startMs;
    if (isOver) process.exitCode = 1;
    console.log(
      `${name}: ${kilobytes(bytes)} of ${kilobytes(budget.bytes)}, ${cpuMs.toFixed(0)} of ${budget.startMs} ms of CPU to import${isOver ? ': OVER' : ''}`,
    );
    for (const [part, size] of await partsOf(name)) console.log(`  ${kilobytes(size).padStart(9)}  ${part}`);
  }
}

/** The largest packages and folders of a bundle. */
async function partsOf(name: string): Promise<[string, number][]> {
  const { metafile } = await build({
    ...BUNDLING,
    entryPoints: [`functions/${name}/index.ts`],
    metafile: true,
    write: false,
  });
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const part = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 3).join('/');
      sizes.set(part, (sizes.get(part) ?? 0) + bytesInOutput);
    }
  }
  return [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, PARTS);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} KB`;
}

const outdir = mkdtempSync(join(tmpdir(), 'posthorn-bundles-'));
try {
  await main(outdir);
} finally {
  rmSync(outdir, { recursive: true });
}
