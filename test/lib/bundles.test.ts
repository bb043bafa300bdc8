import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../functions/names.ts';
import { createApp } from '../../lib/app.ts';
import { temporaryFolder } from './synthesize.ts';

test('each function becomes one small ES module that needs nothing but Node', { timeout: 120_000 }, () => {
  const outdir = temporaryFolder();
  createApp({ appProps: { outdir } }).synth();
  const template = JSON.parse(readFileSync(join(outdir, 'Posthorn.template.json'), 'utf8'));

  const assets = Object.values<Record<string, unknown>>(template.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => join(outdir, `asset.${Object(Properties).Code.S3Key.replace('.zip', '')}`));
  expect(assets).toHaveLength(FUNCTION_NAMES.length);

  for (const folder of assets) {
    expect(readdirSync(folder)).toContain('index.mjs');
    const file = join(folder, 'index.mjs');
    const code = readFileSync(file, 'utf8');
    expect(statSync(file).size).toBeLessThan(720_000);
    expect(code).toMatch(/export\s*\{[^}]*\bas handler\b/);
    expect(code).not.toMatch(/from\s*["'](?!node:)@/);
  }
});
