import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addressOf, closeServer } from '../../local/listen.ts';
import { parseOptions } from '../../local/options.ts';
import type { Endpoints } from '../../local/state.ts';
import { V8_FLAGS } from '../../local/v8-flags.ts';
import { isAlive } from '../../testing/is-alive.ts';
import {
  FREE_PORTS,
  newStateFolder,
  readEndpoints,
  removeStateFolder,
  runRunner,
} from '../../testing/runner-process.ts';
import { SOON } from './soon.ts';

/** Synthesis on a busy machine. */
const PATIENCE_MS = 60_000;
const state = newStateFolder();

afterAll(() => removeStateFolder(state));

function run(...args: string[]) {
  const runner = runRunner(args);
  return {
    ...runner,
    says: (text: string) => expect.poll(runner.output, { ...SOON, timeout: PATIENCE_MS }).toContain(text),
  };
}

function endpoints(): Endpoints {
  const found = readEndpoints(state);
  if (found === null) throw new Error('There is no endpoints.json');
  return found;
}

describe('the command line', () => {
  test('has defaults', () => {
    expect(parseOptions([])).toEqual({
      stateDir: join(process.cwd(), '.posthorn'),
      fresh: false,
      ports: { api: 28780, receiver: 28781, sqs: 28782, dynamodb: 28783 },
      context: {},
    });
  });

  test('sets ports, state and context', () => {
    const args = ['--state', '/x', '--fresh', '--port', '1', '--sqs-port=2', '-c', 'eventTypes=strict', '-c', 'a=b=c'];
    expect(parseOptions(args)).toMatchObject({
      stateDir: '/x',
      fresh: true,
      ports: { api: 1, sqs: 2 },
      context: { eventTypes: 'strict', a: 'b=c' },
    });
  });

  test.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', 'x'], '--port takes a port'],
    [['--port', '65536'], '--port takes a port'],
    [['-c', 'eventTypes'], '-c takes KEY=VALUE'],
    [['--state', ''], '--state takes a folder'],
    [['stray'], "Unexpected argument 'stray'"],
  ])('%j is refused, saying why', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('a wrong one ends the program with its usage and without a stack', async () => {
    const { exit, output } = run('--prot', '1');
    expect(await exit).toBe(1);
    expect(output()).toContain('Usage: npm start');
    expect(output()).not.toContain('    at ');
  });

  test(
    'a setting that there is not ends the program with its name and without a stack',
    async () => {
      const { exit, output } = run('--state', state, ...FREE_PORTS, '-c', 'evntTypes=strict');
      expect(await exit).toBe(1);
      expect(output()).toMatch(/evntTypes: there is no such setting\s*$/);
      expect(output()).not.toContain('    at ');
    },
    PATIENCE_MS,
  );
});

describe('the program', () => {
  test(
    'ends cleanly while it is still starting',
    async () => {
      const { child, exit, says, output } = run('--state', state, ...FREE_PORTS);
      await says('Synthesising');
      child.kill('SIGINT');
      expect(await exit).toBe(0);
      expect(output()).not.toContain('is ready');
    },
    PATIENCE_MS,
  );

  test(
    'prints commands that work, and leaves nothing behind when it ends',
    async () => {
      const { child, exit, says, output } = run('--state', state, ...FREE_PORTS);
      await says('is ready after');
      const { pid, handlersPid, receiverUrl, adminKey } = endpoints();
      expect([pid, isAlive(handlersPid)]).toEqual([child.pid, true]);
      expect(output()).toContain(adminKey);
      const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(handlersPid)], { encoding: 'utf8' });
      for (const flag of V8_FLAGS) expect(stdout).toContain(flag);

      const commands = output().match(/^ *curl .*$/gm) ?? [];
      expect(commands).toHaveLength(2);
      for (const command of commands) {
        const pasted = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
        let answer = '';
        for await (const chunk of pasted.stdout) answer += chunk;
        expect(JSON.parse(answer)).not.toHaveProperty('code');
      }
      const received = async () => (await fetch(`${receiverUrl}/_requests?path=/acme`)).json();
      await expect.poll(received, SOON).toMatchObject({ total: 1, data: [{ verified: true }] });

      const second = run('--state', state, ...FREE_PORTS);
      expect(await second.exit).toBe(1);
      expect(second.output()).toContain('Another runner uses the state folder');

      child.kill('SIGTERM');
      expect(await exit).toBe(0);
      expect(isAlive(handlersPid)).toBe(false);
      expect(existsSync(join(state, 'endpoints.json'))).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'takes two signals for one when npm passes on what the terminal has sent it already',
    async () => {
      const { child, exit, says } = run('--state', state, ...FREE_PORTS);
      await says('is ready after');
      const { handlersPid } = endpoints();
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill('SIGINT');
      expect(await exit).toBe(0);
      expect(isAlive(handlersPid)).toBe(false);
      expect(existsSync(join(state, 'endpoints.json'))).toBe(false);
    },
    PATIENCE_MS,
  );

  test(
    'ends without waiting for what runs when it is asked a second time',
    async () => {
      const { child, exit, says } = run('--state', state, ...FREE_PORTS);
      await says('is ready after');
      // A request that is never answered keeps a function running for longer than the second signal takes.
      let requests = 0;
      const silent = createServer(() => (requests += 1)).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { apiUrl, adminKey } = endpoints();
      const post = async (path: string, body: object) => {
        const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
        const url = `${apiUrl}/v1/tenants/silent/${path}`;
        expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).ok).toBe(true);
      };
      await post('subscriptions', { url: addressOf(silent), eventTypes: ['*'] });
      await post('events', { type: 'a.b', data: 1 });
      await expect.poll(() => requests, SOON).toBe(1);
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      child.kill('SIGINT');
      expect(await exit).toBe(130);
      await closeServer(silent);
    },
    PATIENCE_MS,
  );

  test(
    'starts again after it was killed, with its state, and its functions have not outlived it',
    async () => {
      const first = run('--state', state, ...FREE_PORTS);
      await first.says('is ready after');
      const before = endpoints();
      first.child.kill('SIGKILL');
      await first.exit;
      await expect.poll(() => isAlive(before.handlersPid), SOON).toBe(false);

      const second = run('--state', state, ...FREE_PORTS);
      await second.says('is ready after');
      const { apiUrl, adminKey } = endpoints();
      expect(adminKey).toBe(before.adminKey);
      const headers = { authorization: `Bearer ${adminKey}` };
      const answer = await fetch(`${apiUrl}/v1/tenants/acme/subscriptions`, { headers });
      expect(await answer.json()).toMatchObject({ data: [{ tenantId: 'acme' }] });
      second.child.kill('SIGINT');
      expect(await second.exit).toBe(0);
    },
    PATIENCE_MS,
  );
});
