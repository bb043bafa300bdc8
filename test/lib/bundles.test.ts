import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bundleWithMap, mapStack } from '../../bin/source-positions.ts';
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
    // By which `npm run stack-trace` finds positions.
    expect((await bundleWithMap(bundle.name)).code, bundle.name).toBe(code);
    // `npm run bundles` says what fills it.
    const { bytes, startMs } = BUDGETS[bundle.name];
    expect(bundle.bytes, bundle.name).toBeLessThan(bytes);
    const { cpuMs, loadsUndici } = await measureStart(bundle);
    // Beside other tests CPU times grow by a half; the command, run alone, holds the budget itself.
    expect(cpuMs, bundle.name).toBeLessThan(2 * startMs);
    expect(loadsUndici, bundle.name).toBe(false);
  }
});

test('a stack trace of the logs gets the positions of the source', { timeout: 60_000 }, async () => {
  const { code, map } = await bundleWithMap('deliver');
  const before = code.slice(0, code.indexOf('statistics were lost')).split('\n');
  const position = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
  const stack = [
    'Error: throttled',
    `    at async _9e (file:///var/task/index.mjs:${position})`,
    `    at /var/task/index.mjs:${position}`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
  ].join('\n');
  const source = readFileSync('functions/deliver/handler.ts', 'utf8');
  const line = source.slice(0, source.indexOf('statistics were lost')).split('\n').length;
  expect(mapStack(stack, map).split('\n')).toEqual([
    'Error: throttled',
    expect.stringMatching(new RegExp(`^    at async _9e \\(functions/deliver/handler.ts:${line}:\\d+\\)$`)),
    expect.stringMatching(new RegExp(`^    at functions/deliver/handler.ts:${line}:\\d+$`)),
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
  ]);
});
