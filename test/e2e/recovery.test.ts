import { execFile } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  paginateScan,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test } from 'vitest';
import * as z from 'zod';
import { CREDENTIALS } from '../../testing/queues.ts';
import { newStateFolder, type Running, removeStateFolder, startRunner } from '../../testing/runner-process.ts';
import { type Client, createClient, Delivery } from './client.ts';
import { eventually } from './eventually.ts';

/* What docs/recovery.md says, as far as emulators go: each disaster is made, and its heading is followed. */

const RECOVER = fileURLToPath(new URL('../../bin/recover.ts', import.meta.url));
const TENANT = 'acme';
const MINUTES = 60;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function stateFolder(): string {
  const state = newStateFolder();
  cleanups.push(() => removeStateFolder(state));
  return state;
}

async function start(
  state: string,
  context: Record<string, string> = {},
): Promise<{ running: Running; client: Client }> {
  const running = await startRunner({ state, context });
  cleanups.push(() => running.kill());
  const client = await createClient(running.endpoints);
  cleanups.push(client.close);
  return { running, client };
}

/** Outlives the system. `hangs`: it takes a request and never answers. */
async function receiver() {
  const seen = new Map<string, number>();
  let mode: 'answers' | 'fails' | 'hangs' = 'answers';
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const id = String(request.headers['webhook-id']);
      seen.set(id, (seen.get(id) ?? 0) + 1);
      if (mode !== 'hangs') response.writeHead(mode === 'answers' ? 200 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    seen,
    become: (next: typeof mode) => {
      mode = next;
      seen.clear();
    },
  };
}

const idsOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

async function publish(client: Client, ids: readonly string[]): Promise<void> {
  await client.send(...ids.map((id) => ({ tenantId: TENANT, id, type: 'a.b', data: { id } })));
  const recorded = () => client.all(z.object({ id: z.string() }), `/v1/tenants/${TENANT}/events`);
  await eventually(async () => {
    const known = new Set((await recorded()).map(({ id }) => id));
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
  });
}

async function statuses(client: Client, subscription: string): Promise<Record<string, number>> {
  const deliveries = await client.all(Delivery, `/v1/tenants/${TENANT}/subscriptions/${subscription}/deliveries`);
  const groups = Map.groupBy(deliveries, ({ status }) => status);
  return Object.fromEntries([...groups].map(([status, group]) => [status, group.length]));
}

async function recover(state: string, ...options: string[]): Promise<string> {
  const args = [RECOVER, '--state', state, '--from', '2020-01-01T00:00:00Z', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout;
}

test('all queues are lost: what waits wakes by itself, and the command finds what is on record of no delivery', {
  timeout: 300_000,
}, async () => {
  const state = stateFolder();
  const first = await start(state);
  const { url, seen, become } = await receiver();
  // With a breaker, the first failures would have the others held, on record, without an attempt.
  const { document } = await first.client.ask(
    z.object({ document: z.looseObject({}) }),
    'GET',
    '/v1/profiles/standard',
  );
  const profile = 'without-breaker';
  await first.client.call('POST', '/v1/profiles', { body: { ...document, name: profile, breaker: null } });
  const { id } = await first.client.subscribe(TENANT, '', { url, profile });

  // Ten have failed and wait; thirty are in the middle of their first attempts.
  become('fails');
  const waiting = idsOf('waiting', 10);
  await publish(first.client, waiting);
  await eventually(async () => expect(await statuses(first.client, id)).toEqual({ pending: 10 }));
  become('hangs');
  const lost = idsOf('lost', 30);
  await publish(first.client, lost);
  await first.running.kill();
  first.client.close();
  rmSync(join(state, 'sqs'), { recursive: true });
  become('answers');

  const { client } = await start(state);
  await client.advance(16 * MINUTES);
  await eventually(async () => {
    await client.advance(MINUTES);
    expect(waiting.filter((event) => !seen.has(event))).toEqual([]);
  }, 80_000);
  // Nothing else brings these: no message, and no delivery on record. On a busy machine, some attempts end before the kill.
  const recorded = await client.all(Delivery, `/v1/tenants/${TENANT}/subscriptions/${id}/deliveries`);
  const missing = lost.filter((event) => !recorded.some(({ eventId }) => eventId === event));
  expect(missing.length).toBeGreaterThan(0);

  expect(await recover(state, '--dry-run')).toContain(`${missing.length} deliveries are missing`);
  expect(await recover(state)).toContain(`${missing.length} deliveries were missing and are on their way`);
  await eventually(() => expect(missing.filter((event) => !seen.has(event))).toEqual([]));
  await eventually(async () => {
    await client.advance(MINUTES);
    expect(await statuses(client, id)).toEqual({ succeeded: 40 });
  }, 80_000);
  expect(await recover(state)).toContain(': 0 deliveries were missing');
});

/** What a restore makes: the same items under another name. */
async function restore(dynamodb: DynamoDBClient, from: string, to: string): Promise<void> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: from }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: to,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: Table?.KeySchema,
      AttributeDefinitions: Table?.AttributeDefinitions,
      GlobalSecondaryIndexes: Table?.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 }, { TableName: to });
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: from }))
    for (let begin = 0; begin < Items.length; begin += 25) {
      const puts = Items.slice(begin, begin + 25).map((Item) => ({ PutRequest: { Item } }));
      await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [to]: puts } }));
    }
}

test('both tables are lost: restored under other names, they are adopted, and everything goes on', {
  timeout: 300_000,
}, async () => {
  const state = stateFolder();
  const first = await start(state);
  const { url, seen, become } = await receiver();
  const { id } = await first.client.subscribe(TENANT, '', { url });
  become('fails');
  await publish(first.client, idsOf('before', 10));
  await eventually(async () => expect(await statuses(first.client, id)).toEqual({ pending: 10 }));

  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: first.running.endpoints.dynamodbEndpoint });
  cleanups.push(() => dynamodb.destroy());
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({}));
  expect(TableNames).toHaveLength(2);
  for (const name of TableNames) await restore(dynamodb, name, name.includes('Catalog') ? 'catalog-2' : 'journal-2');
  for (const TableName of TableNames) await dynamodb.send(new DeleteTableCommand({ TableName }));
  await first.running.kill();
  first.client.close();
  become('answers');

  const adopt = JSON.stringify({ catalogTableName: 'catalog-2', journalTableName: 'journal-2' });
  const { client } = await start(state, { adopt });
  await client.advance(16 * MINUTES);
  await publish(client, idsOf('after', 5));
  await eventually(async () => {
    await client.advance(MINUTES);
    expect([...seen.keys()].sort()).toEqual([...idsOf('after', 5), ...idsOf('before', 10)].sort());
  }, 80_000);
  await eventually(async () => expect(await statuses(client, id)).toEqual({ succeeded: 15 }));
});

test('the key cannot be used: deliveries wait, no receiver is blamed, and all goes out once the key is back', {
  timeout: 300_000,
}, async () => {
  const state = stateFolder();
  const first = await start(state);
  const { url, seen } = await receiver();
  const { id } = await first.client.subscribe(TENANT, '', { url });
  await first.running.kill();
  first.client.close();

  // The runner makes another key, which opens nothing that the lost one has sealed.
  const keys = join(state, 'keys.json');
  renameSync(keys, `${keys}.lost`);
  const second = await start(state);
  await publish(second.client, idsOf('locked', 10));
  await eventually(() =>
    expect(second.running.output()).toContain('a delivery could not be handled and will be repeated'),
  );
  expect(seen.size).toBe(0);
  expect(await statuses(second.client, id)).toEqual({});
  await second.running.kill();
  second.client.close();

  renameSync(`${keys}.lost`, keys);
  const { client } = await start(state);
  // What could not be handled is hidden until its visibility ends.
  await client.advance(10 * MINUTES, { anyway: true });
  await eventually(() => expect(seen.size).toBe(10), 80_000);
  await eventually(async () => expect(await statuses(client, id)).toEqual({ succeeded: 10 }));
});
