import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwsError, createCalls, isAnswerLost } from '../../../functions/adapters/aws/calls.ts';
import { AWS_TIME_SCALE } from '../../../functions/names.ts';

const CREDENTIALS = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'a/token+with=signs' };

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}
type Answer = (number: number, ...parts: Parameters<RequestListener>) => void;

let server: Server;
let received: Received[];
/** `number` counts the requests from 1. */
let answer: Answer;

beforeEach(async () => {
  received = [];
  answer = (_, __, response) => response.end('{}');
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    received.push({ headers: request.headers, body });
    answer(received.length, request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

type Service = Parameters<typeof createCalls>[0];
const portOf = (listening: Server): number => (listening.address() as AddressInfo).port;
const callAt = (port: number, service: Service) =>
  createCalls(service, { region: 'eu-west-1', credentials: CREDENTIALS, endpoint: () => `http://127.0.0.1:${port}` });
const makeCall = (service: Service = 'dynamodb') => callAt(portOf(server), service);
const refuse =
  (status: number, body: object): Answer =>
  (_, __, response) =>
    response.writeHead(status, { 'x-amzn-requestid': 'REQ1' }).end(JSON.stringify(body));

function stubEnvironment(region: string): void {
  vi.stubEnv('AWS_REGION', region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'ENVKEY');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
}

it('keeps the connections of a page of calls open for the next page', async () => {
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const call = makeCall();
  // Each page is answered when all its calls are there, so that each of them needs a connection.
  const held: (() => void)[] = [];
  answer = (_, __, response) => {
    held.push(() => response.end('{}'));
    if (held.length === 100) for (const end of held.splice(0)) end();
  };
  for (const page of [1, 2]) await Promise.all(Array.from({ length: 100 }, () => call('GetItem', { page })));
  expect(connections).toBe(100);
});

async function timed<T>(call: () => Promise<T>): Promise<{ ms: number; value?: T; error?: unknown }> {
  const began = performance.now();
  try {
    const value = await call();
    return { ms: performance.now() - began, value };
  } catch (error) {
    return { ms: performance.now() - began, error };
  }
}

describe('a call', () => {
  it('goes out with the signature that the SDK would give it, and gives the answer', async () => {
    answer = (_, __, response) => response.end('{"UnprocessedItems":{}}');
    const input = { RequestItems: { Journal: [{ PutRequest: { Item: { pk: { S: 'é – 日本' } } } }] } };
    expect(await makeCall()('BatchWriteItem', input)).toEqual({ UnprocessedItems: {} });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.BatchWriteItem',
    });
    expect(JSON.parse(body)).toEqual(input);

    const signer = new SignatureV4({
      service: 'dynamodb',
      region: 'eu-west-1',
      credentials: CREDENTIALS,
      sha256: new DynamoDBClient({ region: 'eu-west-1' }).config.sha256,
      applyChecksum: false,
    });
    const names = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))?.[1]?.split(';') ?? [];
    const signed = await signer.sign(
      new HttpRequest({
        method: 'POST',
        hostname: String(headers.host),
        path: '/',
        headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
        body,
      }),
      {
        signingDate: String(headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'),
      },
    );
    expect(names).toContain('x-amz-security-token');
    expect(headers.authorization).toBe(signed.headers.authorization);
  });

  it('goes where the environment says, with its credentials and region', async () => {
    stubEnvironment('us-east-1');
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', `http://127.0.0.1:${portOf(server)}`);
    await createCalls('secretsManager')('GetSecretValue', {});
    expect(received[0]?.headers.authorization).toMatch(
      /Credential=ENVKEY\/\d{8}\/us-east-1\/secretsmanager\/aws4_request/,
    );
  });

  it.each([
    ['eu-west-1', 'https://sqs.eu-west-1.amazonaws.com'],
    ['cn-north-1', 'https://sqs.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', 'https://sqs.eusc-de-east-1.amazonaws.eu'],
  ])('in %s goes to %s otherwise', async (region, expected) => {
    stubEnvironment(region);
    const places: string[] = [];
    const call = createCalls('sqs', undefined, async ({ protocol, hostname, port }) => {
      places.push(`${protocol}//${hostname}${port}`);
      return { status: 200, requestId: null, text: '{}' };
    });
    await call('SendMessage', {});
    expect(places).toEqual([expected]);
  });
});

describe('a call that is refused', () => {
  it.each([
    [{ __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'no' }, 'no'],
    [{ __type: 'ConditionalCheckFailedException:http://internal/', Message: 'no' }, 'no'],
    [{ __type: 'ConditionalCheckFailedException' }, 'PutItem was answered with status 400'],
  ])('says what AWS says (%j), and is not repeated', async (body, message) => {
    answer = refuse(400, body);
    const error = await makeCall()('PutItem', {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException', message, status: 400, requestId: 'REQ1' });
    expect(received).toHaveLength(1);
  });

  it.each([
    [400, { __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' }],
    [400, { __type: 'ThrottlingException' }],
    [500, {}],
    [503, { __type: 'ServiceUnavailable' }],
  ])('for now (%i %j) is repeated until it is done', async (status, body) => {
    answer = (number, request, response) => {
      if (number < 3) refuse(status, body)(number, request, response);
      else response.end('{"done":true}');
    };
    expect(await makeCall()('PutItem', {})).toEqual({ done: true });
    expect(received).toHaveLength(3);
  });

  it('in words that are no JSON is an error all the same', async () => {
    answer = (_, __, response) => response.writeHead(403).end('<html>');
    await expect(makeCall()('PutItem', {})).rejects.toMatchObject({ name: 'UnknownError', status: 403 });
  });
});

describe('a call without an answer', () => {
  const breakOff: Answer = (_, request) => request.socket.destroy();

  it.each([
    ['dynamodb', 6],
    ['sqs', 6],
    ['kms', 3],
    ['secretsManager', 3],
    ['eventBridge', 1],
  ] as const)('of %s is tried %i times', async (service, tries) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    answer = breakOff;
    await expect(makeCall(service)('Anything', {})).rejects.toMatchObject({
      name: 'TimeoutError',
      status: null,
      cause: { code: 'ECONNRESET' },
    });
    expect(received).toHaveLength(tries);
  });

  it('is not repeated if its caller says so, and a throttled one is', async () => {
    answer = breakOff;
    const lost = await makeCall()('Anything', {}, { repeatsLost: false }).catch((error: unknown) => error);
    expect(isAnswerLost(lost)).toBe(true);
    expect(received).toHaveLength(1);
    answer = (number, request, response) => {
      if (number < 3) refuse(400, { __type: 'ThrottlingException' })(number, request, response);
      else response.end('{}');
    };
    expect(await makeCall()('Anything', {}, { repeatsLost: false })).toEqual({});
    expect(received).toHaveLength(3);
  });

  it('is tried no more often than its caller says', async () => {
    answer = breakOff;
    await expect(makeCall()('Anything', {}, { tries: 1 })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(received).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['at all', () => {}],
    ['to its end', (_, __, response) => void response.setHeader('content-length', '2').write('{')],
  ])('%s ends after three seconds, and is tried again', { timeout: 15_000 }, async (_, silent) => {
    answer = (number, request, response) => {
      if (number > 1) response.end('{}');
      else silent(number, request, response);
    };
    const { ms, value } = await timed(() => makeCall()('Query', {}));
    expect(value).toEqual({});
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(5_000);
  });

  it('does not keep another from a connection', { timeout: 15_000 }, async () => {
    answer = (_number, _, response) => void setTimeout(() => response.end('{}'), 1_300);
    const call = makeCall('kms');
    const results = await Promise.all(
      Array.from({ length: 60 }, () => timed(() => call('ListKeys', {}, { tries: 1 }))),
    );
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(received).toHaveLength(60);
  });
});

describe('a host that does not take connections', () => {
  let deaf: Worker;
  let fillers: Socket[];
  let deafPort = 0;

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
    deafPort = port ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
    fillers = Array.from({ length: 8 }, () => connect(deafPort, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  afterEach(async () => {
    for (const socket of fillers) socket.destroy();
    await deaf.terminate();
  });

  it('is given three seconds, too', { timeout: 15_000 }, async () => {
    const { ms, error } = await timed(() => callAt(deafPort, 'dynamodb')('Query', {}, { tries: 1 }));
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(ms).toBeGreaterThan(2_900);
    expect(ms).toBeLessThan(4_000);
  });
});

it('the limit is longer on one machine, as its runner says', async () => {
  vi.stubEnv(AWS_TIME_SCALE, '10');
  vi.resetModules();
  const { TRY_MS } = await import('../../../functions/adapters/aws/calls.ts');
  expect(TRY_MS).toBe(30_000);
});
