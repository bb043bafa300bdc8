import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a setting that there is not ends the app with its name and without a stack', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('../../bin/app.ts', import.meta.url))],
    {
      env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ evntTypes: 'strict' }) },
      encoding: 'utf8',
    },
  );
  expect(status).toBe(1);
  expect(stderr).toBe('Posthorn cannot be built with these settings:\n  - evntTypes: there is no such setting\n');
});
