import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLIENT_OPTIONS } from '../../../functions/adapters/aws/client-options.ts';
import { createTables } from '../../../functions/adapters/dynamodb/client.ts';
import { createSqs } from '../../../functions/adapters/sqs/work-queue.ts';
import { AWS_TIME_SCALE } from '../../../functions/names.ts';

/** One call of each client, as the functions make them. */
function makeClients() {
  const tables = createTables({ catalogTable: 'catalog' });
  const sqs = createSqs();
  const kms = new KMSClient(CLIENT_OPTIONS);
  const secrets = new SecretsManagerClient(CLIENT_OPTIONS);
  return {
    tables,
    sqs,
    calls: {
      DynamoDB: () => tables.client.send(new DescribeTableCommand({ TableName: 'catalog' })),
      SQS: () => sqs.client.send(new ListQueuesCommand({})),
      KMS: () => kms.send(new ListKeysCommand({})),
      'Secrets Manager': () => secrets.send(new ListSecretsCommand({})),
    },
  };
}

/** Which service a request is for, by its `x-amz-target`. */
const serviceOf = (target: string): string =>
  Object.entries({
    DynamoDB: 'DynamoDB',
    AmazonSQS: 'SQS',
    TrentService: 'KMS',
    secretsmanager: 'Secrets Manager',
  }).find(([prefix]) => target.startsWith(prefix))?.[1] ?? target;

let server: Server;
/** How many requests have come for each service. */
let requests: Record<string, number>;
let answer: (number: number, ...parts: Parameters<RequestListener>) => void;

beforeEach(async () => {
  requests = {};
  server = createServer((request, response) => {
    const service = serviceOf(String(request.headers['x-amz-target']));
    requests[service] = (requests[service] ?? 0) + 1;
    answer(requests[service], request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  useEndpoint((server.address() as AddressInfo).port);
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

function useEndpoint(port: number): void {
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
}

/** How long each call took, in milliseconds, beside what became of it. */
async function timed<T>(call: () => Promise<T>): Promise<{ ms: number; value?: T; error?: unknown }> {
  const began = performance.now();
  try {
    const value = await call();
    return { ms: performance.now() - began, value };
  } catch (error) {
    return { ms: performance.now() - began, error };
  }
}
const tryAll = async () => {
  const { calls } = makeClients();
  return Object.fromEntries(
    await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await timed<unknown>(call)] as const)),
  );
};

const SERVICES = ['DynamoDB', 'SQS', 'KMS', 'Secrets Manager'];
const each = <T>(value: T): Record<string, T> => Object.fromEntries(SERVICES.map((service) => [service, value]));

describe('a request to AWS', () => {
  it('that is never answered ends after three seconds, and is tried again', { timeout: 15_000 }, async () => {
    answer = (number, _, response) => {
      if (number > 1) response.end('{}');
    };
    const results = await tryAll();
    expect(requests).toEqual(each(2));
    for (const { ms, error } of Object.values(results)) {
      expect(error).toBeUndefined();
      expect(ms).toBeGreaterThan(2_900);
      expect(ms).toBeLessThan(5_000);
    }
  });

  it('whose answer stops in the middle ends after three seconds, and is tried again', { timeout: 15_000 }, async () => {
    answer = (number, _, response) => {
      response.setHeader('content-length', '2').write('{');
      if (number > 1) response.end('}');
    };
    const results = await tryAll();
    expect(requests).toEqual(each(2));
    for (const { ms, error } of Object.values(results)) {
      expect(error).toBeUndefined();
      expect(ms).toBeGreaterThan(2_900);
      expect(ms).toBeLessThan(5_000);
    }
  });

  it('is tried as often as before: six times for tables and queues, else three', { timeout: 20_000 }, async () => {
    answer = (_, request) => request.socket.destroy();
    const results = await tryAll();
    expect(requests).toEqual({ DynamoDB: 6, SQS: 6, KMS: 3, 'Secrets Manager': 3 });
    for (const { error } of Object.values(results)) expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('does not wait for the connection of another', { timeout: 15_000 }, async () => {
    answer = (_number, _, response) => void setTimeout(() => response.end('{}'), 1_300);
    const kms = new KMSClient({ ...CLIENT_OPTIONS, maxAttempts: 1 });
    const results = await Promise.all(Array.from({ length: 60 }, () => timed(() => kms.send(new ListKeysCommand({})))));
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(requests).toEqual({ KMS: 60 });
  });

  it('that is lean and is never answered is left to the SDK after three seconds', { timeout: 15_000 }, async () => {
    answer = (number, _, response) => {
      if (number === 1) response.end('{}');
    };
    const { calls, tables, sqs } = makeClients();
    await Promise.all([calls.DynamoDB(), calls.SQS()]);
    const results = await Promise.all([
      timed(() => tables.lean('Query', {})),
      timed(() => sqs.lean('SendMessageBatch', {})),
    ]);
    expect(requests).toEqual({ DynamoDB: 2, SQS: 2 });
    for (const { ms, value } of results) {
      expect(value).toBeNull();
      expect(ms).toBeGreaterThan(2_900);
      expect(ms).toBeLessThan(4_000);
    }
  });
});

describe('a function that gets no CPU for a second', () => {
  /** Blocks once the request waits for its connection: the connection stands by then, and its event is not handled yet. */
  const block = () => {
    unsubscribe('http.client.request.start', block);
    process.nextTick(() =>
      process.nextTick(() =>
        process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)),
      ),
    );
  };

  it('does not take that for a host that does not answer', async () => {
    answer = (_, __, response) => response.setHeader('connection', 'close').end('{}');
    const kms = new KMSClient({ ...CLIENT_OPTIONS, maxAttempts: 1 });
    await kms.send(new ListKeysCommand({}));
    // What follows runs where the event loop handles sockets: its timers come next.
    await readFile(fileURLToPath(import.meta.url));
    subscribe('http.client.request.start', block);
    const { ms, error } = await timed(() => kms.send(new ListKeysCommand({})));
    expect(error).toBeUndefined();
    expect(ms).toBeGreaterThan(1_400);
  });
});

describe('a host that does not take connections', () => {
  let deaf: Worker;
  let fillers: Socket[];

  /** It listens and never accepts; past its backlog Linux drops what asks for a connection. */
  beforeEach(async () => {
    deaf = new Worker(
      `const { createServer } = require('node:net');
       const { parentPort } = require('node:worker_threads');
       const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
       });`,
      { eval: true },
    );
    const [port]: number[] = await once(deaf, 'message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    fillers = Array.from({ length: 8 }, () => connect(port ?? 0, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    useEndpoint(port ?? 0);
  });
  afterEach(async () => {
    for (const socket of fillers) socket.destroy();
    await deaf.terminate();
  });

  it('is given two seconds for each try', { timeout: 15_000 }, async () => {
    const kms = new KMSClient({ ...CLIENT_OPTIONS, maxAttempts: 1 });
    const { ms, error } = await timed(() => kms.send(new ListKeysCommand({})));
    expect(error).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('connection') });
    expect(ms).toBeGreaterThan(1_900);
    expect(ms).toBeLessThan(2_900);
  });
});

describe('the limits', () => {
  it('are longer on one machine, as its runner says', async () => {
    vi.stubEnv(AWS_TIME_SCALE, '10');
    vi.resetModules();
    const limits = await import('../../../functions/adapters/aws/client-options.ts');
    expect(limits.CLIENT_OPTIONS.requestHandler).toMatchObject({
      connectionTimeout: 20_000,
      requestTimeout: 30_000,
      socketTimeout: 30_000,
    });
    expect(limits.REQUEST_TIMEOUT_MS).toBe(30_000);
  });
});

describe('every client in functions/', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const made = globSync('functions/**/*.ts', { cwd: root }).flatMap((file) =>
    [...readFileSync(`${root}/${file}`, 'utf8').matchAll(/new \w+Client\((.*)/g)].map(([call]) => `${file}: ${call}`),
  );

  it('has these limits', () => {
    expect(made.length).toBeGreaterThanOrEqual(4);
    expect(made.filter((call) => !call.includes('CLIENT_OPTIONS'))).toEqual([]);
  });
});
