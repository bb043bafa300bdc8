/**
 * Installs the dependencies if they are missing or older than package-lock.json, and does nothing else: every npm script
 * begins with it. Plain JavaScript without dependencies, because it has to run before there are any, on Node 20.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST_NODE_MAJOR = 24;
/** A lock that has not been touched for so long belongs to a set-up that was killed. */
const STALE_LOCK_MS = 30_000;
const PROGRESS_MS = 3_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.posthorn-setup');
// Not in node_modules, which npm ci empties.
const lock = join(tmpdir(), `posthorn-setup-${sha256(root).slice(0, 16)}.lock`);

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!isDone()) await install();
checkNode();

function sha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

function isDone() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted;
}

async function install() {
  const release = await takeLock();
  // Whoever held the lock before may have done it.
  if (!isDone() && !isInstalledByHand()) {
    console.log('Installing dependencies …');
    const code = await runNpm();
    if (code !== 0) {
      console.error('npm install failed; its messages are above. Is the npm registry reachable from here?');
      process.exit(1);
    }
  }
  writeFileSync(stamp, `${wanted}\n`);
  release();
}

/** Somebody ran npm install or npm ci since the lock file changed: npm then writes its hidden lock file last. */
function isInstalledByHand() {
  const hidden = join(modules, '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const lockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(lockFile.packages).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

/**
 * Not `npm ci`: it refuses a lock file that lacks the optional packages of platforms other than the one on which it was
 * written. This takes the locked versions all the same, and `--no-save` leaves the lock file alone.
 */
function runNpm() {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    console.log(`  … still installing (${Math.round((Date.now() - startedAt) / 1000)} s)`);
  }, PROGRESS_MS);
  return new Promise((resolve) => {
    const npm = spawn('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    npm.on('error', (error) => {
      console.error(`npm could not be started: ${error.message}`);
      resolve(1);
    });
    npm.on('exit', (code) => resolve(code ?? 1));
  }).finally(() => clearInterval(timer));
}

/** Two set-ups at once would each remove what the other installs. */
async function takeLock() {
  for (let told = false; ; ) {
    try {
      closeSync(openSync(lock, 'wx'));
      const timer = setInterval(() => writeFileSync(lock, ''), STALE_LOCK_MS / 6);
      const release = () => {
        clearInterval(timer);
        rmSync(lock, { force: true });
      };
      process.once('exit', release);
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      return () => {
        process.off('exit', release);
        release();
      };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale()) rmSync(lock, { force: true });
    if (!told) console.log('Another set-up is running; waiting for it …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isStale() {
  try {
    return Date.now() - statSync(lock).mtimeMs > STALE_LOCK_MS;
  } catch {
    return false;
  }
}

/** npm puts node_modules/.bin first in PATH, so that `node` in the scripts is the `node` package's, if it could be installed. */
function checkNode() {
  const binary = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(binary)) return;
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8' });
  const version = stdout?.trim() ?? 'none';
  if (Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= LEAST_NODE_MAJOR) return;
  console.error(
    `Posthorn runs on Node ${LEAST_NODE_MAJOR} and finds ${version}. The npm package "node", which brings Node ${LEAST_NODE_MAJOR}, is not installed completely, ` +
      'as happens with --ignore-scripts. Either run "npm rebuild node", or install Node 24 (https://nodejs.org) and try again.',
  );
  process.exit(1);
}
