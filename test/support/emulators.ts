import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, DeleteQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll } from 'vitest';
import { type Account, type AwsCall, createCalls } from '../../functions/adapters/aws/calls.ts';
import { newWriteId, type Tables } from '../../functions/adapters/dynamodb/client.ts';
import { createDocuments } from '../../functions/adapters/dynamodb/documents.ts';
import { MARSHALL_OPTIONS } from '../../functions/adapters/dynamodb/wire.ts';
import { INDEXES, TABLE_KEYS } from '../../functions/names.ts';
import { createControlServer } from '../../local/control-server.ts';
import { startDynamoDb } from '../../local/emulators/dynamodb.ts';
import { type Emulator, startSqs } from '../../local/emulators/sqs.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { createAwsCalls } from '../../local/resources/keys-and-secrets/aws-calls.ts';
import { createCountingProxy } from '../../testing/counting-proxy.ts';
import { CREDENTIALS } from '../../testing/queues.ts';
import type { Tally } from '../../testing/tally.ts';
import { CallFaults } from './call-faults.ts';

/*
 * Real clients over DynamoDB, SQS and KMS on this machine, started once for a test file. POSTHORN_DYNAMODB_ENDPOINT and
 * POSTHORN_SQS_ENDPOINT point the same tests at other implementations.
 */

/** The tables' shapes, as the stack has them (a test compares). */
export const TABLE_SHAPES = {
  catalog: tableShape([{ ...INDEXES.catalogList, sortType: 'S', projection: 'ALL' }]),
  journal: tableShape([
    { ...INDEXES.journalList, sortType: 'S', projection: 'KEYS_ONLY' },
    { ...INDEXES.journalDue, sortType: 'N', projection: 'KEYS_ONLY' },
  ]),
} as const;

interface IndexShape {
  name: string;
  partition: string;
  sort: string;
  sortType: 'S' | 'N';
  projection: 'ALL' | 'KEYS_ONLY';
}

function tableShape(indexes: readonly IndexShape[]) {
  const types = new Map<string, 'S' | 'N'>([
    [TABLE_KEYS.partition, 'S'],
    [TABLE_KEYS.sort, 'S'],
  ]);
  for (const { partition, sort, sortType } of indexes) types.set(partition, 'S').set(sort, sortType);
  const keys = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  return {
    KeySchema: keys(TABLE_KEYS.partition, TABLE_KEYS.sort),
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    GlobalSecondaryIndexes: indexes.map(({ name, partition, sort, projection }) => ({
      IndexName: name,
      KeySchema: keys(partition, sort),
      Projection: { ProjectionType: projection },
    })),
  } satisfies Partial<CreateTableCommandInput>;
}

interface UsedTables extends Tables {
  /** The SDK's, for what a test looks up or arranges. */
  client: DynamoDBDocumentClient;
  faults: CallFaults;
}

/**
 * Starts DynamoDB for a test file, with both tables. Their names are new each time: another implementation may keep them.
 * @param tally takes what the calls would cost
 */
export function useTables(tally?: Tally): UsedTables {
  const marker = ulid();
  const [catalogTable, journalTable] = [`catalog-${marker}`, `journal-${marker}`];
  const given = process.env.POSTHORN_DYNAMODB_ENDPOINT;
  let endpoint = given ?? '';
  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: () => endpointOf(endpoint), maxAttempts: 2 });
  let close = async (): Promise<void> => {};
  let closeCounted = close;

  beforeAll(async () => {
    if (given === undefined) {
      const emulator = await startDynamoDb({ port: 0 });
      endpoint = emulator.url;
      close = emulator.close;
    }
    const counted = await behindTally('DynamoDB', endpoint, tally);
    endpoint = counted.url;
    closeCounted = counted.close;
    const shapes = { [catalogTable]: TABLE_SHAPES.catalog, [journalTable]: TABLE_SHAPES.journal };
    for (const [TableName, shape] of Object.entries(shapes)) {
      await dynamodb.send(new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', ...shape }));
      const isActive = async () =>
        (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus === 'ACTIVE';
      while (!(await isActive())) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  afterAll(async () => {
    if (given !== undefined) {
      for (const TableName of [catalogTable, journalTable]) await dynamodb.send(new DeleteTableCommand({ TableName }));
    }
    dynamodb.destroy();
    await closeCounted();
    await close();
  });
  const client = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { ...MARSHALL_OPTIONS } });
  const faults = new CallFaults();
  const call = faults.around(
    createCalls(
      'dynamodb',
      accountAt(() => endpoint),
      faults.post,
    ),
  );
  return { call, documents: createDocuments(call), newWriteId, catalogTable, journalTable, client, faults };
}

export interface TestQueue {
  url: string;
  /** Bodies of what is visible, with what came with them. Takes them. */
  take: () => Promise<{ body: string; groupId: string | undefined }[]>;
}

/** Starts SQS for a test file, with queues of these names; their URLs are known once the file's tests run. */
export function useQueues<Name extends string>(...names: Name[]): UsedQueues<Name> {
  return useCountedQueues(undefined, ...names);
}

interface UsedQueues<Name extends string> {
  sqs: SQSClient;
  /** The functions' own. */
  connection: AwsCall;
  faults: CallFaults;
  queues: Record<Name, TestQueue>;
}

/** @param tally takes what the calls would cost */
export function useCountedQueues<Name extends string>(tally: Tally | undefined, ...names: Name[]): UsedQueues<Name> {
  const given = process.env.POSTHORN_SQS_ENDPOINT;
  const marker = ulid();
  let endpoint = given ?? '';
  const sqs = new SQSClient({ ...CREDENTIALS, md5: false, endpoint: () => endpointOf(endpoint), maxAttempts: 2 });
  let close = async (): Promise<void> => {};
  let closeCounted = close;
  const queues = Object.fromEntries(
    names.map((name) => [name, { url: '', take: () => take(sqs, queues[name].url) }]),
  ) as Record<Name, TestQueue>;

  beforeAll(async () => {
    if (given === undefined) {
      const dir = mkdtempSync(join(tmpdir(), 'posthorn-sqs-'));
      const emulator = await startSqs({ port: 0, dir });
      endpoint = emulator.url;
      close = async () => {
        await emulator.close();
        rmSync(dir, { recursive: true, force: true });
      };
    }
    const counted = await behindTally('SQS', endpoint, tally);
    endpoint = counted.url;
    closeCounted = counted.close;
    for (const name of names) {
      const QueueName = `${name}-${marker}`;
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
      // The emulator names a host that need not resolve.
      queues[name].url = endpoint + new URL(QueueUrl).pathname;
    }
  });
  afterAll(async () => {
    if (given !== undefined) {
      for (const name of names) await sqs.send(new DeleteQueueCommand({ QueueUrl: queues[name].url }));
    }
    sqs.destroy();
    await closeCounted();
    await close();
  });
  const faults = new CallFaults();
  const connection = faults.around(
    createCalls(
      'sqs',
      accountAt(() => endpoint),
      faults.post,
    ),
  );
  return { sqs, connection, faults, queues };
}

async function behindTally(service: 'SQS' | 'DynamoDB', url: string, tally: Tally | undefined): Promise<Emulator> {
  if (tally === undefined) return { url, close: async () => {} };
  const { server } = createCountingProxy(service, url, tally);
  return { url: await listenOnLoopback(server, 0, ''), close: () => closeServer(server) };
}

async function take(sqs: SQSClient, QueueUrl: string): Promise<{ body: string; groupId: string | undefined }[]> {
  const taken: { body: string; groupId: string | undefined }[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        VisibilityTimeout: 3_600,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return taken;
    taken.push(...Messages.map(({ Body = '', Attributes }) => ({ body: Body, groupId: Attributes?.MessageGroupId })));
  }
}

export const KEY_ARN = 'arn:aws:kms:us-east-1:000000000000:key/test';

/** Starts the runner's KMS for a test file. */
export function useKms(): AwsCall {
  let endpoint = '';
  const keys = { [KEY_ARN]: Buffer.alloc(32, 1).toString('base64') };
  const server = createControlServer({
    awsCalls: createAwsCalls({ version: 1, keys, secrets: {} }),
    clockOffsetMs: () => 0,
    advanceClock: async () => {},
  });
  beforeAll(async () => {
    endpoint = await listenOnLoopback(server, 0, '');
  });
  afterAll(async () => {
    await closeServer(server);
  });
  return createCalls(
    'kms',
    accountAt(() => endpoint),
  );
}

function accountAt(endpoint: () => string): Account {
  return { ...CREDENTIALS, endpoint };
}

/** Asked for at each call: the clients are made before the emulators listen. */
async function endpointOf(text: string) {
  const { protocol, hostname, port, pathname } = new URL(text);
  return { protocol, hostname, port: Number(port), path: pathname };
}
