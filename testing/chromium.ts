import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';

const INSTALL_LIMIT_MS = 5 * 60_000;

/** Where systems keep a Chromium, and where `npx playwright-core install chromium` puts one; CHROMIUM names another. */
export function findChromium(): string | undefined {
  return [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    chromium.executablePath(),
  ].find((path) => path !== undefined && existsSync(path));
}

/** Finds a Chromium, or installs one. Where neither is possible, what needs one says so. */
export function ensureChromium(): string | undefined {
  const found = findChromium();
  if (found !== undefined) return found;
  console.log('Installing a Chromium for the tests of the console …');
  // Debian's comes with the libraries that it needs.
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', 'chromium']);
  }
  if (findChromium() === undefined) run(process.execPath, [playwrightCli(), 'install', '--no-shell', 'chromium']);
  return findChromium();
}

function playwrightCli(): string {
  return join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: INSTALL_LIMIT_MS });
}
