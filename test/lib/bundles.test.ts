import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createApp } from '../../lib/app.ts';
import { BUDGETS, measureStart, readBundles } from '../../testing/bundles.ts';
import { temporaryFolder } from './synthesize.ts';

test('each function becomes one small ES module that needs nothing but Node', { timeout: 240_000 }, async () => {
  const outdir = temporaryFolder();
  createApp({ appProps: { outdir } }).synth();
  for (const bundle of readBundles(outdir)) {
    const code = readFileSync(bundle.file, 'utf8');
    expect(code).toMatch(/export\s*\{[^}]*\bas handler\b/);
    expect(code).not.toMatch(/from\s*["'](?!node:)@/);
    // `npm run bundles` says what fills it.
    const { bytes, startMs } = BUDGETS[bundle.name];
    expect(bundle.bytes, bundle.name).toBeLessThan(bytes);
    const { cpuMs, loadsUndici } = await measureStart(bundle);
    expect(cpuMs, bundle.name).toBeLessThan(startMs);
    expect(loadsUndici, bundle.name).toBe(false);
  }
});
