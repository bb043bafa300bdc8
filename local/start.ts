import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AWS_TIME_SCALE } from '../functions/names.ts';
import { messageOf, StartError } from './errors.ts';
import { LOCAL_TIME_SCALE, parseOptions, type RunnerOptions, USAGE } from './options.ts';
import type { Endpoints } from './state.ts';

/**
 * Two signals within this time are one request: the terminal sends Ctrl-C to npm and to the runner, and npm passes on what
 * it gets; `timeout` signals its child and then the whole group.
 */
const ONE_REQUEST_MS = 1_000;

const COMPILED = fileURLToPath(new URL('../node_modules/.cache/posthorn-compiled', import.meta.url));

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  const startedAt = performance.now();
  let askedAt = 0;
  const { promise: ended, resolve: end } = Promise.withResolvers<Error | undefined>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A person who asks twice does not want to wait for what still runs.
      if (abort.signal.aborted && performance.now() - askedAt > ONE_REQUEST_MS) process.exit(130);
      if (!abort.signal.aborted) askedAt = performance.now();
      abort.abort();
      end(undefined);
    });
  }

  // What the threads and the process of the functions compile, the next start finds compiled, TypeScript included.
  process.env.NODE_COMPILE_CACHE ??= COMPILED;
  enableCompileCache();
  // Before the calls of AWS are loaded: beside emulators and handlers, two cores are slower than AWS.
  process.env[AWS_TIME_SCALE] = LOCAL_TIME_SCALE;
  const { startRunner } = await import('./runner.ts');
  abort.signal.throwIfAborted();
  const runner = await startRunner(options, {
    say: (line) => console.log(line),
    onDeath: end,
    signal: abort.signal,
  });
  console.log(welcome(runner.endpoints, options, (performance.now() - startedAt) / 1000));
  // A process that is killed would keep nothing.
  flushCompileCache();
  const death = await ended;
  console.log('\nEnding …');
  await runner.stop();
  if (death) throw death;
}

const abort = new AbortController();

function welcome({ apiUrl, adminKey, receiverUrl }: Endpoints, options: RunnerOptions, seconds: number): string {
  const post = (path: string, body: object) =>
    [
      `curl -s -X POST ${apiUrl}/v1/tenants/acme/${path}`,
      `-H 'authorization: Bearer ${adminKey}'`,
      "-H 'content-type: application/json'",
      `-d '${JSON.stringify(body)}'`,
    ].join(' ');
  return `
Posthorn is ready after ${seconds.toFixed(1)} s.

  API        ${apiUrl}/v1   (documentation: ${apiUrl}/docs)
  Console    ${apiUrl}/console#key=${adminKey}
  Admin key  ${adminKey}
  Receiver   ${receiverUrl}   shows what arrives, at any path
  State      ${options.stateDir}

Subscribe a path of the receiver for the tenant acme:

  ${post('subscriptions', { url: `${receiverUrl}/acme`, eventTypes: ['*'] })}

Publish an event, and look at ${receiverUrl} for what arrives:

  ${post('events', { type: 'employee.created', data: { id: 1, name: 'Ada' } })}

Ctrl-C ends it; the state is kept.
`;
}

// `npm start | head` closes the pipe; that is no reason to end.
process.stdout.on('error', () => {});

process.exitCode = 0;
try {
  await main();
} catch (error) {
  // Whatever breaks because of Ctrl-C is no fault: the terminal interrupts the bundler as well.
  if (!abort.signal.aborted) {
    console.error(error instanceof StartError ? messageOf(error) : error);
    process.exitCode = 1;
  }
}
// Nothing should be left that keeps the process alive; if something is, it must not hold the terminal.
process.exit();
