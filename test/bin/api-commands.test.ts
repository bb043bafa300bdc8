import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';

interface Api {
  url: string;
  /** What it was asked. */
  requests: string[];
}

/** An API that gives these answers, one after the other, and then the last one again. */
async function startApi(...answers: { status: number; body: unknown }[]): Promise<Api> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const { status, body } = answers[Math.min(requests.length, answers.length - 1)] ?? { status: 500, body: '' };
    requests.push(`${method} ${url} ${headers.authorization}`);
    incoming.resume().on('end', () => {
      outgoing.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  onTestFinished(() => closeServer(server));
  return { url: await listenOnLoopback(server, 0, ''), requests };
}

/** Where `npm start` keeps its state, as it runs with this API. */
function stateOf({ url }: Api): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-commands-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'endpoints.json'), JSON.stringify({ apiUrl: url, adminKey: 'local' }));
  return folder;
}

function run(command: string, args: string[], key?: string): Promise<{ code: unknown; output: string }> {
  const path = fileURLToPath(new URL(`../../bin/${command}.ts`, import.meta.url));
  const { POSTHORN_ADMIN_KEY: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path, ...args],
      { env: { ...env, ...(key !== undefined && { POSTHORN_ADMIN_KEY: key }) } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const NOTHING_LEFT = { status: 200, body: { queues: [{ name: 'events', moved: 2, isEmpty: true }] } };
const MOVED = 'events: 2 messages were put back\n';
const REDRIVE = 'POST /v1/dead-letters/redrive Bearer';

test('a command calls the running npm start, or the API whose address and key are given', async () => {
  const local = await startApi(NOTHING_LEFT);
  const state = stateOf(local);
  expect(await run('redrive', ['events', '--state', state])).toEqual({ code: 0, output: MOVED });
  // A key that stands in the environment is for the API of `--url`.
  expect(await run('redrive', ['events', '--state', state], 'theirs')).toEqual({ code: 0, output: MOVED });
  expect(await run('redrive', ['events', '--state', state, '--key', 'other'])).toEqual({ code: 0, output: MOVED });
  expect(local.requests).toEqual([`${REDRIVE} local`, `${REDRIVE} local`, `${REDRIVE} other`]);

  const remote = await startApi(NOTHING_LEFT);
  const url = ['events', '--state', state, '--url', `${remote.url}/`];
  expect(await run('redrive', [...url, '--key', 'given'])).toEqual({ code: 0, output: MOVED });
  expect(await run('redrive', url, 'theirs')).toEqual({ code: 0, output: MOVED });
  const versioned = ['events', '--url', `${remote.url}/v1/`, '--key', 'versioned'];
  expect(await run('redrive', versioned)).toEqual({ code: 0, output: MOVED });
  expect(remote.requests).toEqual([`${REDRIVE} given`, `${REDRIVE} theirs`, `${REDRIVE} versioned`]);
  expect(local.requests).toHaveLength(3);
});

test.each([
  ['no key', ['--url', 'https://hooks.example.com'], '--url needs a key: give --key, or POSTHORN_ADMIN_KEY'],
  ['an empty address', ['--url', '', '--key', 'k'], '--url must be the address of an API, but is ""'],
  ['an empty key', ['--url', 'https://hooks.example.com', '--key', ''], '--key must not be empty'],
])('%s never means the running npm start', async (_, args, message) => {
  const local = await startApi(NOTHING_LEFT);
  const { code, output } = await run('redrive', ['--state', stateOf(local), ...args]);
  expect(output).toContain(message);
  expect(code).toBe(1);
  expect(local.requests).toEqual([]);
});

test('an API that is not there, or is none, is named', async () => {
  const nowhere = await run('redrive', ['--url', 'http://127.0.0.1:1', '--key', 'k']);
  expect(nowhere).toEqual({ code: 1, output: expect.stringMatching(/^No answer from http:\/\/127\.0\.0\.1:1: .+\n$/) });

  const { url } = await startApi({ status: 502, body: '<html>Bad gateway</html>' });
  const other = await run('redrive', ['--url', url, '--key', 'k']);
  expect(other).toEqual({ code: 1, output: `${url} answered 502 with what is no JSON: <html>Bad gateway</html>\n` });
});

test('a recovery that cannot be watched any more says that it goes on', async () => {
  const job = { id: 'job_1', status: 'running', progress: { done: 0, failed: 0 }, error: null };
  const { url } = await startApi({ status: 202, body: job }, { status: 503, body: { message: 'Service Unavailable' } });
  const { code, output } = await run('recover', ['--from', '2026-11-26T08:00:00Z', '--url', url, '--key', 'k']);
  expect(code).toBe(1);
  expect(output).toContain('Service Unavailable');
  expect(output).toContain('job_1 goes on: GET /v1/jobs/job_1 tells how far it is');
});

test.each([['load', 'bindbee', 'keypay'], ['unload', 'bindbee'], []])(
  'event-types says how it is called: %s %s %s',
  async (...args) => {
    const local = await startApi({ status: 200, body: {} });
    const { code, output } = await run('event-types', [...args, '--state', stateOf(local)]);
    expect(output).toContain('Usage: npm run event-types');
    expect(code).toBe(1);
    expect(local.requests).toEqual([]);
  },
);
