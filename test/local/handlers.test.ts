import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Handlers, startHandlers } from '../../local/resources/functions/handlers.ts';
import { SOON } from './soon.ts';

const dir = mkdtempSync(join(tmpdir(), 'posthorn-handlers-'));
const logFile = join(dir, 'handlers.log');
const said: string[] = [];
let handlers: Handlers;
let onStart = (_pid: number | undefined): void => {};
/** Of the processes of `handlers`, the last one runs. */
const pids: number[] = [];

const SOURCE = `
let alive = 0;
export const echo = async (event, context) => ({ event, own: process.env.OWN, home: process.env.HOME ?? null, name: context.functionName, left: context.getRemainingTimeInMillis() });
export const circular = async () => { const one = {}; one.self = one; return one; };
export const fail = async () => { throw new TypeError('told to'); };
export const exit = async () => { process.exit(3); };
export const slow = async ({ ms }) => { alive++; await new Promise((r) => setTimeout(r, ms)); return alive; };
export const spin = async () => { for (;;); };
export const log = async () => { console.log(JSON.stringify({ level: 'ERROR', message: 'it "hurts"' }).replaceAll(', ', ',')); };
export const flood = async () => { console.log('.\\n'.repeat(200_000)); };
export const now = async () => ({ date: new Date().getTime(), now: Date.now() });
`;

const spec = (exportName: string) => ({
  name: exportName,
  arn: `arn:${exportName}`,
  entry: pathToFileURL(join(dir, 'index.mjs')).href,
  exportName,
  timeoutMs: 1_500,
  memoryMb: 128,
  env: { OWN: exportName },
});

function start(signal?: AbortSignal, started: number[] = []): Promise<Handlers> {
  return startHandlers({
    signal,
    functions: ['echo', 'fail', 'circular', 'exit', 'slow', 'spin', 'log', 'flood', 'now', 'absent'].map(spec),
    clockOffsetMs: 0,
    logFile,
    socketPath: join(mkdtempSync(join(dir, 'runner-')), 'functions.sock'),
    say: (line) => said.push(line),
    onStart(pid = 0) {
      started.push(pid);
      onStart(pid);
    },
  });
}

beforeAll(async () => {
  writeFileSync(join(dir, 'index.mjs'), SOURCE);
  handlers = await start(undefined, pids);
});
afterAll(async () => {
  await handlers.stop();
  rmSync(dir, { recursive: true, force: true });
});

const failure = (errorType: string, message: string) => ({ name: 'FunctionError', errorType, message });

describe('a function', () => {
  test('gets its event, its context and no environment but its own', async () => {
    expect(await handlers.invoke('echo', { a: [1] })).toEqual({
      event: { a: [1] },
      own: 'echo',
      home: null,
      name: 'echo',
      left: expect.toSatisfy((left: number) => left > 500 && left <= 1_500),
    });
  });

  test('that throws fails, says so, and leaves its stack in the log', async () => {
    await expect(handlers.invoke('fail', {})).rejects.toMatchObject(failure('TypeError', 'told to'));
    expect(said).toContain('fail failed: TypeError: told to (details in handlers.log)');
    await expect.poll(() => readFileSync(logFile, 'utf8'), SOON).toContain('index.mjs');
  });

  test('whose answer is no JSON fails as one that throws does', async () => {
    await expect(handlers.invoke('circular', {})).rejects.toMatchObject({
      name: 'FunctionError',
      errorType: 'TypeError',
    });
  });

  test('takes and gives texts with any character', async () => {
    const event = { text: 'one\ntwo\u2028three\r\u{1F600}' };
    expect(await handlers.invoke('echo', event)).toMatchObject({ event });
  });

  test('that is not in its bundle fails', async () => {
    await expect(handlers.invoke('absent', {})).rejects.toThrow('does not export a function "absent"');
  });

  test('whose thread exits fails, and works again', async () => {
    await expect(handlers.invoke('exit', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    await expect(handlers.invoke('exit', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  test('that takes too long fails, even if it never yields', async () => {
    const late = failure('Sandbox.Timedout', 'Task timed out after 1.50 seconds');
    await expect(handlers.invoke('slow', { ms: 5_000 })).rejects.toMatchObject(late);
    await expect(handlers.invoke('spin', {})).rejects.toMatchObject(late);
    // A new thread: nothing of the one that timed out is left.
    expect(await handlers.invoke('slow', { ms: 1 })).toBe(1);
  });

  test('runs concurrently, and a timeout of one invocation does not end the others', async () => {
    const late = handlers.invoke('slow', { ms: 5_000 }).catch((error) => error.errorType);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const good = handlers.invoke('slow', { ms: 1_300 });
    expect(await late).toBe('Sandbox.Timedout');
    await expect(good).resolves.toBeGreaterThan(0);
  });

  test('that logs an error has it said', async () => {
    await handlers.invoke('log', {});
    await expect.poll(() => said.join('\n'), SOON).toContain('log logged an error: it \\"hurts\\"');
  });

  test('reads the test clock as soon as it is set, however busy their process is', async () => {
    await handlers.invoke('now', {});
    // Its lines pass through the thread that takes the new time.
    await handlers.invoke('flood', {});
    await handlers.setClockOffset(3_600_000);
    const { date, now } = (await handlers.invoke('now', {})) as { date: number; now: number };
    expect(Math.round((Math.min(date, now) - Date.now()) / 60_000)).toBe(60);
  });
});

test('when their process is killed, what runs fails and the next invocation meets a new process with the same clock', async () => {
  const before = pids.at(-1) ?? 0;
  const running = handlers.invoke('slow', { ms: 600 });
  const failed = expect(running).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill(before, 'SIGKILL');
  await failed;
  const { now } = (await handlers.invoke('now', {})) as { now: number };
  expect(now - Date.now()).toBeGreaterThan(3_500_000);
  expect(pids.at(-1)).not.toBe(before);
  expect(said).toContain("The handlers' process ended (SIGKILL). Starting a new one.");
});

describe('when their process ends while it starts', () => {
  const original = process.execPath;
  afterEach(() => {
    process.execPath = original;
    onStart = () => {};
  });

  /** Kills so many processes as soon as they are there. Gives the number of those that were started. */
  function killStarting(kills: number): () => number {
    let started = 0;
    onStart = (pid) => {
      started += 1;
      if (started <= kills) process.kill(pid ?? 0, 'SIGKILL');
    };
    return () => started;
  }

  test('the start waits for the next process', async () => {
    const started = killStarting(2);
    const others = await start();
    expect(started()).toBe(3);
    expect(await others.invoke('slow', { ms: 1 })).toBe(1);
    await others.stop();
  });

  test('the start ends when it is told to, though each process dies', async () => {
    const started = killStarting(Number.POSITIVE_INFINITY);
    const abort = new AbortController();
    const starting = start(abort.signal);
    await expect.poll(() => started(), SOON).toBeGreaterThan(1);
    abort.abort();
    const others = await starting;
    const before = started();
    await expect(others.invoke('echo', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(started()).toBe(before);
  });

  test('invocations that wait are run by the next process', async () => {
    const started = killStarting(2);
    process.kill(pids.at(-1) ?? 0, 'SIGKILL');
    await expect.poll(() => started(), SOON).toBeGreaterThan(0);
    const answers = await Promise.all([1, 2].map((event) => handlers.invoke('echo', event)));
    expect(answers).toMatchObject([{ event: 1 }, { event: 2 }]);
    expect(started()).toBe(3);
  });

  test('the same holds if no process can be made for a while', async () => {
    process.execPath = join(dir, 'absent');
    said.length = 0;
    process.kill(pids.at(-1) ?? 0, 'SIGKILL');
    await expect.poll(() => said.join('\n'), SOON).toContain('ENOENT');
    const invoked = handlers.invoke('slow', { ms: 1 });
    process.execPath = original;
    expect(await invoked).toBe(1);
  });

  test('a stop fails the invocations that wait', async () => {
    const own: number[] = [];
    const others = await start(undefined, own);
    killStarting(Number.POSITIVE_INFINITY);
    process.kill(own[0] ?? 0, 'SIGKILL');
    await expect.poll(() => own.length, SOON).toBeGreaterThan(1);
    const failed = expect(others.invoke('echo', {})).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    await others.stop();
    await failed;
  });
});
