import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const APP = fileURLToPath(new URL('../../bin/app.ts', import.meta.url));
const CERTIFICATE = 'arn:aws:acm:us-east-1:111111111111:certificate/some';
const RANGES = Array.from({ length: 255 }, (_, index) => `10.${index}.192.0/24`);

test.each([
  [
    'that there is not',
    { evntTypes: 'strict' },
    /^Posthorn cannot be built with these settings:\n {2}- evntTypes: there is no such setting\n$/,
  ],
  ['that needs another', { domainName: 'hooks.example.com' }, /^Posthorn needs a certificate for .+\n$/],
  ['alone that belongs to another', { certificateArn: CERTIFICATE }, /^Posthorn has a certificate .+\n$/],
  [
    'that Lambda has no room for',
    { allowedPrivateRanges: RANGES.join(',') },
    /^The function \w+ would have about \d+ bytes .+\n$/,
  ],
])('a setting %s ends the app with what to change and without a stack trace', (_, context, message) => {
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context) };
  const { status, stderr } = spawnSync(process.execPath, [APP], { env, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
