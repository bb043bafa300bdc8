import { createServer } from 'node:http';
import { BatchGetItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { createCountingProxy } from '../../testing/counting-proxy.ts';
import { indexWrites, itemBytes, storageBytes } from '../../testing/item-size.ts';
import { callsOf, difference } from '../../testing/tally.ts';

const client = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of undo.splice(0).reverse()) await end();
});

/** A proxy in front of something that gives the same answer to whatever it is asked. */
async function proxyTo(service: 'SQS' | 'DynamoDB', answer: object) {
  const asked: string[] = [];
  const upstream = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(body);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer));
  });
  const { server, tally } = createCountingProxy(service, await listenOnLoopback(upstream, 0, ''));
  const endpoint = await listenOnLoopback(server, 0, '');
  undo.push(
    () => closeServer(upstream),
    () => closeServer(server),
  );
  return { endpoint, tally, asked };
}

function sqsAt(endpoint: string): SQSClient {
  const sqs = new SQSClient({ ...client, endpoint, md5: false });
  undo.push(() => sqs.destroy());
  return sqs;
}

describe('calls of SQS', () => {
  const QueueUrl = 'http://127.0.0.1/000000000000/Posthorn-QueuesDeliveries1A2B';
  const send = (size: number) =>
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: '0', MessageBody: '"'.repeat(size) },
        { Id: '1', MessageBody: 'x'.repeat(size) },
      ],
    });

  test.each([
    [100, 1],
    // Quotes are escaped on the wire; what is billed is the text.
    [32_768, 1],
    [32_769, 2],
    [100_000, 4],
  ])('two messages of %d bytes are billed as %d requests', async (size, requests) => {
    const { endpoint, tally } = await proxyTo('SQS', { Successful: [], Failed: [] });
    await sqsAt(endpoint).send(send(size));
    expect(tally).toMatchObject({ calls: { 'SQS SendMessageBatch deliveries': 1 }, sqsRequests: requests });
  });

  test('receives that bring nothing are apart', async () => {
    const { endpoint, tally } = await proxyTo('SQS', {});
    await sqsAt(endpoint).send(new ReceiveMessageCommand({ QueueUrl }));
    expect(tally).toMatchObject({ calls: {}, sqsRequests: 0, emptyReceives: 1 });
  });

  test('receives are billed by what they bring', async () => {
    const { endpoint, tally } = await proxyTo('SQS', { Messages: [{ MessageId: 'm', Body: 'x'.repeat(70_000) }] });
    const { Messages } = await sqsAt(endpoint).send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages?.[0]?.Body).toHaveLength(70_000);
    expect(tally).toMatchObject({ calls: { 'SQS ReceiveMessage deliveries': 1 }, sqsRequests: 2, emptyReceives: 0 });
  });
});

describe('calls of DynamoDB', () => {
  test('consumed capacity is asked for and summed', async () => {
    const { endpoint, tally, asked } = await proxyTo('DynamoDB', {
      Responses: {},
      ConsumedCapacity: [
        { TableName: 'A', CapacityUnits: 10 },
        { TableName: 'B', CapacityUnits: 0.5 },
      ],
    });
    const dynamodb = new DynamoDBClient({ ...client, endpoint });
    undo.push(() => dynamodb.destroy());
    await dynamodb.send(new BatchGetItemCommand({ RequestItems: { A: { Keys: [{ pk: { S: 'x' } }] } } }));
    expect(JSON.parse(asked[0] ?? '')).toMatchObject({ ReturnConsumedCapacity: 'INDEXES' });
    expect(tally).toMatchObject({ calls: { 'DynamoDB BatchGetItem': 1 }, readUnits: 10.5, writeUnits: 0 });
  });

  test('a put is billed for the indexes that the item is in, and for its storage', async () => {
    const { endpoint, tally } = await proxyTo('DynamoDB', { ConsumedCapacity: { TableName: 'A', CapacityUnits: 1 } });
    const dynamodb = new DynamoDBClient({ ...client, endpoint });
    undo.push(() => dynamodb.destroy());
    const Item = { pk: { S: 'p' }, sk: { S: 's' }, listPk: { S: 'l' }, listSk: { S: 't' } };
    await dynamodb.send(new PutItemCommand({ TableName: 'A', Item }));
    expect(tally).toMatchObject({ calls: { 'DynamoDB PutItem': 1 }, writeUnits: 2, storedBytes: storageBytes(Item) });
  });
});

describe('the size of an item', () => {
  test('follows the rules of DynamoDB', () => {
    expect(itemBytes({ é: { S: 'ü' } })).toBe(4);
    expect(itemBytes({ n: { N: '-12.345' } })).toBe(1 + 4);
    expect(itemBytes({ b: { B: Buffer.from('abc').toString('base64') } })).toBe(1 + 3);
    expect(itemBytes({ t: { BOOL: true }, n: { NULL: true } })).toBe(4);
    expect(itemBytes({ l: { L: [{ S: 'ab' }, { BOOL: false }] } })).toBe(1 + 3 + (1 + 2) + (1 + 1));
    expect(itemBytes({ m: { M: { key: { S: 'v' } } } })).toBe(1 + 3 + 1 + 3 + 1);
  });

  test('counts an entry for each index that it has both keys of', () => {
    const item = { pk: { S: 'p' }, sk: { S: 's' } };
    const listed = { ...item, listPk: { S: 'l' }, listSk: { S: 't' } };
    expect(indexWrites(item)).toBe(0);
    expect(indexWrites({ ...item, listPk: { S: 'l' } })).toBe(0);
    expect(indexWrites(listed)).toBe(1);
    expect(indexWrites({ ...listed, duePk: { S: 'd' }, dueAt: { N: '1' } })).toBe(2);
    expect(storageBytes(item)).toBe(6 + 100);
    expect(storageBytes(listed)).toBe(2 * (6 + 7 + 7 + 100));
  });
});

test('the difference of two tallies is what happened between them', () => {
  const sums = { emptyReceives: 1, sqsRequests: 2, writeUnits: 3, readUnits: 4, storedBytes: 5 };
  const before = { ...sums, calls: { 'SQS SendMessage events': 2, 'DynamoDB Query': 1 } };
  const after = { ...sums, writeUnits: 10, calls: { 'SQS SendMessage events': 5, 'DynamoDB Query': 1, 'SQS X y': 1 } };
  const between = difference(after, before);
  expect(between).toMatchObject({ writeUnits: 7, readUnits: 0, calls: { 'SQS SendMessage events': 3, 'SQS X y': 1 } });
  expect(callsOf(between, 'SQS')).toBe(4);
  expect(callsOf(between, 'DynamoDB')).toBe(0);
});
