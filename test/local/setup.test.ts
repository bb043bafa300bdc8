import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SETUP = fileURLToPath(new URL('../../bin/setup.mjs', import.meta.url));
const LOCK_FILE = {
  packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', optional: true } },
};
let root: string;
let npmCalls: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthorn-setup-'));
  npmCalls = join(root, 'npm-calls');
  for (const dir of ['bin', 'path', 'node_modules']) mkdirSync(join(root, dir));
  copyFileSync(SETUP, join(root, 'bin/setup.mjs'));
  write('package-lock.json', JSON.stringify(LOCK_FILE));
  // Instead of npm: notes its arguments, takes its time, and installs the package "node".
  program(
    'npm',
    `echo "$@" >> '${npmCalls}'; sleep 0.3; mkdir -p '${root}/node_modules/.bin'; touch '${root}/node_modules/.bin/node'`,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(join(root, path), text);

function program(name: string, script: string): void {
  write(`path/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, 'path', name), 0o755);
}

async function setUp() {
  const env = { ...process.env, PATH: `${join(root, 'path')}${delimiter}${process.env.PATH}` };
  const child = spawn(process.execPath, [join(root, 'bin/setup.mjs')], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, output };
}

const calls = () => (existsSync(npmCalls) ? readFileSync(npmCalls, 'utf8').trim().split('\n') : []);

test('installs once, also when two set-ups begin at the same moment, and then has nothing to do', async () => {
  const both = await Promise.all([setUp(), setUp()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(calls()).toEqual(['install --no-save --no-fund --no-audit --loglevel=error']);
  expect(await setUp()).toEqual({ code: 0, output: '' });
  expect(calls()).toHaveLength(1);
});

test('installs again when the lock file has changed', async () => {
  await setUp();
  write('package-lock.json', JSON.stringify({ ...LOCK_FILE, version: '2' }));
  expect((await setUp()).output).toContain('Installing dependencies');
  expect(calls()).toHaveLength(2);
});

test('takes what was installed by hand, unless it is of another version', async () => {
  mkdirSync(join(root, 'node_modules/.bin'));
  write('node_modules/.bin/node', '');
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '0.9.0' } } }));
  await setUp();
  expect(calls()).toHaveLength(1);

  rmSync(join(root, 'node_modules/.posthorn-setup'));
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));
  expect(await setUp()).toEqual({ code: 0, output: '' });
  expect(calls()).toHaveLength(1);
});

test('fails when npm fails, and does not take that for done', async () => {
  program('npm', `echo "$@" >> '${npmCalls}'; exit 7`);
  const { code, output } = await setUp();
  expect([code, output]).toEqual([1, expect.stringContaining('npm install failed')]);
  await setUp();
  expect(calls()).toHaveLength(2);
});

test('says what to do when the package "node" is incomplete and the machine has an older Node', async () => {
  program('npm', 'true');
  program('node', 'echo v20.20.2');
  const { code, output } = await setUp();
  expect(code).toBe(1);
  expect(output).toMatch(/finds v20\.20\.2.*npm rebuild node.*Node 24/s);
  program('node', 'echo v24.21.0');
  expect((await setUp()).code).toBe(0);
});
