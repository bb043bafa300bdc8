import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttributeValue, DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StartError } from '../../local/errors.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import type { RunnerOptions } from '../../local/options.ts';
import { type Runner, startRunner } from '../../local/runner.ts';
import type { Synthesise, SynthesisedTemplate } from '../../local/template/synth.ts';
import { synthesiseFixture } from './fixtures/app.ts';
import { SOON } from './soon.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'posthorn-runner-'));
const assemblyDir = mkdtempSync(join(tmpdir(), 'posthorn-assembly-'));
const options: RunnerOptions = {
  stateDir,
  fresh: false,
  ports: { api: 0, receiver: 0, sqs: 0, dynamodb: 0 },
  context: {},
};
const said: string[] = [];
const client = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let template: SynthesisedTemplate;
let runner: Runner;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
let table: string;

/** The fixture, whose bundles are made once: the state folder gets a link to them. */
const fixture: Synthesise = async (dir) => {
  if (!existsSync(dir)) symlinkSync(assemblyDir, dir);
  return template;
};

async function start(more: Partial<RunnerOptions> = {}, synthesise = fixture): Promise<void> {
  runner = await startRunner(
    { ...options, ...more },
    { say: (line) => said.push(line), onDeath: (error) => said.push(error.message), synthesise },
  );
  sqs = new SQSClient({ ...client, endpoint: runner.endpoints.sqsEndpoint });
  dynamodb = new DynamoDBClient({ ...client, endpoint: runner.endpoints.dynamodbEndpoint });
  const answer = await (await fetch(`${runner.endpoints.apiUrl}/open/environment`)).json();
  table = (answer as { environment: { TABLE: string } }).environment.TABLE;
}

async function stop(): Promise<void> {
  sqs.destroy();
  dynamodb.destroy();
  await runner.stop();
}

beforeAll(async () => {
  template = await synthesiseFixture({ visibilityTimeoutSeconds: 600 })(assemblyDir, {});
  await start();
}, 60_000);
afterAll(async () => {
  await stop();
  rmSync(stateDir, { recursive: true, force: true });
  rmSync(assemblyDir, { recursive: true, force: true });
});

const publish = (order: object) =>
  sqs.send(new SendMessageCommand({ QueueUrl: runner.endpoints.eventsQueueUrl, MessageBody: JSON.stringify(order) }));

async function items(pk: string): Promise<Record<string, AttributeValue>[]> {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  );
  return Items;
}

/** How often the function got the message of that name. */
const receives = async (name: string) => (await items(name)).length;

async function advance(advanceSeconds: number): Promise<void> {
  const answer = await fetch(runner.endpoints.clockUrl, { method: 'POST', body: JSON.stringify({ advanceSeconds }) });
  expect(answer.status).toBe(200);
}

describe('a running stack', () => {
  test('tells scripts where it is, and only its owner', () => {
    const path = join(stateDir, 'endpoints.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(runner.endpoints);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(runner.endpoints).toMatchObject({ adminKey: expect.stringMatching(/^\w{40}$/), pid: process.pid });
  });

  test('serves its routes', async () => {
    const { apiUrl } = runner.endpoints;
    expect((await fetch(`${apiUrl}/open/x`)).status).toBe(200);
    expect((await fetch(`${apiUrl}/any/x/y`, { method: 'PUT' })).status).toBe(200);
    expect((await fetch(`${apiUrl}/other`)).status).toBe(404);
    expect((await fetch(`${apiUrl}/open/throw`)).status).toBe(500);
  });

  test('brings what a function throws back after the visibility timeout, by the test clock', async () => {
    await publish({ name: 'throws', throw: true });
    await expect.poll(() => receives('throws'), SOON).toBe(1);
    await advance(601);
    await expect.poll(() => receives('throws'), SOON).toBe(2);
  });

  test('keeps the visibility timeout that a function gives to what it reports as failed', async () => {
    await publish({ name: 'hides', fail: true, hideSeconds: 3_000 });
    await expect.poll(() => receives('hides'), SOON).toBe(1);
    // Its answer hides the message, after it was counted.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await advance(2_900);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await receives('hides')).toBe(1);
    await advance(101);
    await expect.poll(() => receives('hides'), SOON).toBe(2);
  });

  test('runs a schedule once when the clock jumps over many of its periods', async () => {
    // What earlier tests advanced by may have made it due.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const before = await receives('tick');
    await advance(6 * 3_600);
    await expect.poll(() => receives('tick'), SOON).toBe(before + 1);
    const [last] = (await items('tick')).slice(-1);
    const { now } = (await (await fetch(runner.endpoints.clockUrl)).json()) as { now: string };
    // The function's own clock has moved too.
    expect(Date.parse(now) - Number(last?.at?.N)).toBeLessThan(60_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await receives('tick')).toBe(before + 1);
  });

  test('expires items by their time to live', async () => {
    const expiresAt = String(Math.floor(Date.now() / 1000) + 7_200);
    const put = (sk: string, more = {}) =>
      dynamodb.send(new PutItemCommand({ TableName: table, Item: { pk: { S: 'ttl' }, sk: { S: sk }, ...more } }));
    await put('stays');
    await put('expires', { expiresAt: { N: expiresAt } });
    await advance(3_601);
    expect(await receives('ttl')).toBe(2);
    await advance(3_601);
    expect((await items('ttl')).map(({ sk }) => sk?.S)).toEqual(['stays']);
  });

  test('goes on when the handlers are killed in the middle of a batch', async () => {
    await publish({ name: 'killed', sleepMs: 1_500 });
    await expect.poll(() => receives('killed'), SOON).toBe(1);
    const before = runner.endpoints.handlersPid;
    process.kill(before, 'SIGKILL');
    await expect
      .poll(() => JSON.parse(readFileSync(join(stateDir, 'endpoints.json'), 'utf8')).handlersPid, SOON)
      .not.toBe(before);
    await advance(601);
    await expect.poll(() => receives('killed'), SOON).toBe(2);
  });
});

describe('a restart', () => {
  test('keeps items, waiting messages, secrets and the time', async () => {
    await publish({ name: 'waits', fail: true, hideSeconds: 1_200 });
    await expect.poll(() => receives('waits'), SOON).toBe(1);
    const before = Date.now();
    const { adminKey } = runner.endpoints;
    await stop();
    expect(existsSync(join(stateDir, 'endpoints.json'))).toBe(false);
    // Nothing of the clock is left in this process, and yet the next runner does not go back.
    expect(before - Date.now()).toBeGreaterThan(3_600_000);

    await start();
    expect(Date.now()).toBeGreaterThanOrEqual(before);
    expect(await receives('waits')).toBe(1);
    await advance(1_201);
    await expect.poll(() => receives('waits'), SOON).toBe(2);
    expect(runner.endpoints.adminKey).toBe(adminKey);
  }, 30_000);

  test('brings the queues to what a new version of the stack says', async () => {
    await stop();
    await start({}, async () => {
      const copy = JSON.parse(JSON.stringify(template).replaceAll('"VisibilityTimeout":600', '"VisibilityTimeout":77'));
      return copy;
    });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: runner.endpoints.eventsQueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes?.VisibilityTimeout).toBe('77');
    expect(await receives('waits')).toBe(2);
  }, 30_000);
});

describe('starting is refused, with what to do,', () => {
  const fails = (more: Partial<RunnerOptions>, synthesise = fixture) =>
    startRunner({ ...options, ...more }, { say: () => {}, onDeath: () => {}, synthesise }).then(
      () => 'it started',
      (error: Error) => `${error.name}: ${error.message}`,
    );

  test('while another runner uses the state folder', async () => {
    expect(await fails({})).toMatch(/^StartError: Another runner uses the state folder .* --state DIR/);
  });

  test.each([
    ['api', '--port'],
    ['receiver', '--receiver-port'],
    ['sqs', '--sqs-port'],
    ['dynamodb', '--dynamodb-port'],
  ])('if the port of %s is taken', async (name, option) => {
    const taken = createServer();
    const port = Number(new URL(await listenOnLoopback(taken, 0, '')).port);
    const other = mkdtempSync(join(tmpdir(), 'posthorn-other-'));
    const message = await fails({ stateDir: other, ports: { ...options.ports, [name]: port } });
    expect(message).toBe(
      `StartError: Port ${port} is taken. Choose another one with ${option} N (0 picks a free one).`,
    );
    await closeServer(taken);
    rmSync(other, { recursive: true });
  });

  test('if a port is for root alone', async () => {
    const server = createServer();
    // Tests may run as root.
    server.listen = () => {
      server.emit('error', Object.assign(new Error('listen EACCES'), { code: 'EACCES' }));
      return server;
    };
    await expect(listenOnLoopback(server, 80, '--port')).rejects.toThrow(
      new StartError("Port 80 needs root's rights. Choose another one with --port N (0 picks a free one)."),
    );
  });

  test('if the path of the state folder is too long for a socket in it', async () => {
    const stateDir = join(tmpdir(), 'x'.repeat(90));
    expect(await fails({ stateDir })).toMatch(
      /^StartError: The path of the state folder .* is too long .* --state DIR/,
    );
    expect(existsSync(stateDir)).toBe(false);
  });

  test.each<[string, (dir: string) => string]>([
    ['is a file', (dir) => join(dir, 'lock')],
    ['is below a file', (dir) => join(dir, 'lock', 'state')],
    ['has a lock of another program', (dir) => dir],
  ])('if the state folder %s, and blames no other runner', async (_, stateDir) => {
    const dir = mkdtempSync(join(tmpdir(), 'posthorn-unusable-'));
    writeFileSync(join(dir, 'lock'), 'not a database '.repeat(10));
    expect(await fails({ stateDir: stateDir(dir) })).toMatch(
      /^StartError: The state folder .* cannot be used \(.+\)\. .* --state DIR/,
    );
    rmSync(dir, { recursive: true });
  });

  test('if a table of the state has other keys than the stack', async () => {
    await stop();
    const otherIndex = async () =>
      JSON.parse(JSON.stringify(template).replaceAll('"IndexName":"byTime"', '"IndexName":"byAge"'));
    expect(await fails({}, otherIndex)).toMatch(/^StartError: The table Fixture-Table.* --fresh/);
    // All of it was ended: the state folder is free again.
    await start();
  }, 30_000);
});

test('--fresh throws the state away, and nothing else that lies in its folder', async () => {
  await stop();
  writeFileSync(join(stateDir, 'mine.txt'), 'mine');
  await start({ fresh: true });
  expect(await receives('waits')).toBe(0);
  expect(readFileSync(join(stateDir, 'mine.txt'), 'utf8')).toBe('mine');
}, 60_000);
