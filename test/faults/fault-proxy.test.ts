import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';
import { createFaultProxy, FAULTS, type Fault, type FaultRates, type OnEffect } from './fault-proxy.ts';
import { createChoices } from './random.ts';

const NONE: FaultRates = {
  throttle: 0,
  fail: 0,
  resetBefore: 0,
  resetAfter: 0,
  partial: 0,
  delay: 0,
  maxDelayMs: 30,
  double: 0,
  reorder: 0,
  expose: 0,
  stale: 0,
  outage: 0,
  outageMs: 300,
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A proxy that always commits the given fault, before a server that notes what comes and answers as it is told. */
async function behind(
  service: 'SQS' | 'DynamoDB',
  fault: Fault | null,
  answers: object[] = [{}],
  onEffect: OnEffect = async () => {},
) {
  const effects: { operation: string; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    effects.push({ operation: String(request.headers['x-amz-target']), body: JSON.parse(body) });
    response.end(JSON.stringify(answers[Math.min(effects.length, answers.length) - 1]));
  });
  const url = await listenOnLoopback(server, 0, '');
  cleanups.push(() => closeServer(server));
  const rates = fault === null ? NONE : { ...NONE, [fault]: 1 };
  const proxy = createFaultProxy(service, url, rates, createChoices(7), onEffect);
  const proxyUrl = await listenOnLoopback(proxy.server, 0, '');
  cleanups.push(() => closeServer(proxy.server));
  proxy.set(true);
  const target = service === 'SQS' ? 'AmazonSQS' : 'DynamoDB_20120810';
  const call = async (operation: string, body: object) => {
    const headers = { 'x-amz-target': `${target}.${operation}` };
    const answer = await fetch(proxyUrl, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) };
  };
  return { effects, call, proxy };
}

test('without a fault a call passes', async () => {
  const { call, effects, proxy } = await behind('DynamoDB', null, [{ Item: { a: 1 } }]);
  expect(await call('GetItem', { Key: 1 })).toEqual({ status: 200, body: { Item: { a: 1 } } });
  expect(effects).toEqual([{ operation: 'DynamoDB_20120810.GetItem', body: { Key: 1 } }]);
  expect(Object.values(proxy.counts)).toEqual(FAULTS.map(() => 0));
});

test('it passes all until it is set', async () => {
  const { call, proxy } = await behind('SQS', 'throttle');
  proxy.set(false);
  expect((await call('SendMessage', {})).status).toBe(200);
});

describe('refused and broken calls', () => {
  test.each([
    ['DynamoDB', 400, 'com.amazonaws.dynamodb.v20120810#'],
    ['SQS', 403, 'com.amazonaws.sqs#'],
  ] as const)('a throttled call of %s has no effect', async (service, status, type) => {
    const { call, effects } = await behind(service, 'throttle');
    const answer = await call('UpdateItem', {});
    expect(answer.status).toBe(status);
    expect(String(answer.body.__type)).toMatch(type);
    expect(effects).toEqual([]);
  });

  test('a call that fails at AWS has no effect', async () => {
    const { call, effects } = await behind('DynamoDB', 'fail');
    expect((await call('UpdateItem', {})).status).toBe(500);
    expect(effects).toEqual([]);
  });

  test('a connection that breaks before the effect', async () => {
    const { call, effects, proxy } = await behind('DynamoDB', 'resetBefore');
    await expect(call('UpdateItem', {})).rejects.toThrow();
    expect(effects).toEqual([]);
    expect(proxy.counts.resetBefore).toBe(1);
  });

  test('effect, then a connection that breaks', async () => {
    const { call, effects, proxy } = await behind('DynamoDB', 'resetAfter');
    await expect(call('UpdateItem', {})).rejects.toThrow();
    expect(effects).toHaveLength(1);
    expect(proxy.counts.resetAfter).toBe(1);
  });

  test.each(['throttle', 'fail', 'resetBefore', 'resetAfter'] as const)(
    '%s is noted for what is written',
    async (fault) => {
      const { call, proxy } = await behind('DynamoDB', fault);
      const Item = { pk: { S: 'S#1' }, sk: { S: 'two' } };
      await call('PutItem', { Item }).catch(() => {});
      await call('BatchWriteItem', { RequestItems: { journal: [{ PutRequest: { Item } }] } }).catch(() => {});
      await call('GetItem', { Key: Item }).catch(() => {});
      expect(proxy.refusedWrites).toMatchObject([
        { pk: 'S#1', sk: 'two' },
        { pk: 'S#1', sk: 'two' },
      ]);
    },
  );

  test('a write that passes is not noted', async () => {
    const { call, proxy } = await behind('DynamoDB', null);
    await call('PutItem', { Item: { pk: { S: 'S#1' }, sk: { S: 'two' } } });
    expect(proxy.refusedWrites).toEqual([]);
  });

  test('a delayed call passes', async () => {
    const { call, proxy } = await behind('SQS', 'delay');
    expect((await call('SendMessage', {})).status).toBe(200);
    expect(proxy.counts.delay).toBe(1);
  });
});

describe('partial answers: what is left out is said, and what is not has its effect', () => {
  const sorted = (values: readonly unknown[]) => values.map((one) => JSON.stringify(one)).sort();

  test.each(['SendMessageBatch', 'ChangeMessageVisibilityBatch', 'DeleteMessageBatch'])('%s', async (operation) => {
    const { call, effects } = await behind('SQS', 'partial', [{ Successful: [] }]);
    const entries = Array.from({ length: 10 }, (_, index) => ({ Id: `${index}` }));
    const { body } = await call(operation, { QueueUrl: 'q', Entries: entries });
    const Call = z.object({ QueueUrl: z.literal('q'), Entries: z.array(z.object({ Id: z.string() })) });
    const done = Call.parse(effects[0]?.body).Entries.map(({ Id }) => Id);
    const failed = z.array(z.object({ Id: z.string(), SenderFault: z.literal(false) })).parse(body.Failed);
    expect(failed.length).toBeGreaterThan(0);
    expect([...done, ...failed.map(({ Id }) => Id)].sort()).toEqual(entries.map(({ Id }) => Id));
  });

  test('BatchWriteItem', async () => {
    const { call, effects } = await behind('DynamoDB', 'partial', [{ UnprocessedItems: {} }]);
    const writes = Array.from({ length: 10 }, (_, index) => ({ PutRequest: { Item: { pk: { S: `${index}` } } } }));
    const { body } = await call('BatchWriteItem', { RequestItems: { journal: writes } });
    const Tables = z.object({ journal: z.array(z.unknown()) });
    const done = z.object({ RequestItems: Tables }).parse(effects[0]?.body).RequestItems.journal;
    const left = Tables.parse(body.UnprocessedItems).journal;
    expect(left.length).toBeGreaterThan(0);
    expect(sorted([...done, ...left])).toEqual(sorted(writes));
  });

  test('BatchGetItem', async () => {
    const { call, effects } = await behind('DynamoDB', 'partial', [
      { Responses: { journal: [] }, UnprocessedKeys: {} },
    ]);
    const Keys = Array.from({ length: 10 }, (_, index) => ({ pk: { S: `${index}` } }));
    const { body } = await call('BatchGetItem', { RequestItems: { journal: { Keys, ConsistentRead: true } } });
    const Tables = z.object({ journal: z.object({ Keys: z.array(z.unknown()), ConsistentRead: z.literal(true) }) });
    const done = z.object({ RequestItems: Tables }).parse(effects[0]?.body).RequestItems.journal.Keys;
    const left = Tables.parse(body.UnprocessedKeys).journal.Keys;
    expect(left.length).toBeGreaterThan(0);
    expect(sorted([...done, ...left])).toEqual(sorted(Keys));
  });

  test('a call for one thing is done whole', async () => {
    const { call, effects } = await behind('DynamoDB', 'partial');
    expect(await call('UpdateItem', { Key: 1 })).toEqual({ status: 200, body: {} });
    expect(effects).toHaveLength(1);
  });
});

describe('messages', () => {
  const message = (id: number) => ({
    MessageId: `${id}`,
    Body: `body ${id}`,
    Attributes: { ApproximateReceiveCount: '1' },
  });
  const receive = { QueueUrl: 'q', MaxNumberOfMessages: 10 };

  test('one that was handed out is handed out again, but none more than was asked for', async () => {
    const { call, proxy } = await behind('SQS', 'double', [{ Messages: [message(1)] }, {}]);
    await call('ReceiveMessage', receive);
    expect(proxy.doubled).toEqual([]);
    const { body } = await call('ReceiveMessage', receive);
    expect(body.Messages).toMatchObject([{ MessageId: '1', Body: 'body 1' }]);
    expect(proxy.doubled).toEqual(['body 1']);
    expect((await call('ReceiveMessage', { ...receive, MaxNumberOfMessages: 0 })).body).toEqual({});
    expect((await call('ReceiveMessage', { ...receive, QueueUrl: 'other' })).body).toEqual({});
  });

  test('they change places', async () => {
    const Messages = Array.from({ length: 10 }, (_, index) => message(index));
    const { call } = await behind('SQS', 'reorder', [{ Messages }]);
    const { body } = await call('ReceiveMessage', receive);
    expect(body.Messages).not.toEqual(Messages);
    expect(body.Messages).toHaveLength(10);
    expect(body.Messages).toEqual(expect.arrayContaining(Messages));
  });
});

test('a seed gives the same choices again, and its forks do not disturb each other', () => {
  const first = createChoices(42);
  const second = createChoices(42);
  const [one, other] = [first.fork('a'), second.fork('a')];
  second.next();
  second.next();
  const draw = (choices: { next(): number }) => Array.from({ length: 20 }, () => choices.next());
  expect(draw(one)).toEqual(draw(other));
  expect(draw(createChoices(42).fork('b'))).not.toEqual(draw(createChoices(42).fork('a')));
});

test('an outage refuses each write of a kind for a while, and no other call', async () => {
  const { call, effects } = await behind('SQS', 'outage');
  expect((await call('SendMessageBatch', {})).status).toBe(403);
  expect((await call('SendMessageBatch', {})).status).toBe(403);
  expect((await call('DeleteMessage', {})).status).toBe(200);
  expect(effects).toHaveLength(1);
});

test('a message that is handed out is made visible again, and counts as doubled', async () => {
  const message = { Body: 'one', ReceiptHandle: 'handle' };
  const { call, effects, proxy } = await behind('SQS', 'expose', [{ Messages: [message] }]);
  await call('ReceiveMessage', { QueueUrl: 'q' });
  await expect
    .poll(() => effects.at(-1))
    .toEqual({
      operation: 'AmazonSQS.ChangeMessageVisibility',
      body: { QueueUrl: 'q', ReceiptHandle: 'handle', VisibilityTimeout: 0 },
    });
  expect(proxy.doubled).toEqual(['one']);
  expect(proxy.handedOut).toEqual([{ body: 'one', at: expect.any(Number) }]);
});

describe('a stale read', () => {
  const item = (version: number) => ({ pk: { S: 'a' }, sk: { S: 'b' }, version: { N: String(version) } });
  const read = (more = {}) => ({ RequestItems: { Journal: { Keys: [{ pk: { S: 'a' }, sk: { S: 'b' } }], ...more } } });
  const answers = [{}, {}, { Responses: { Journal: [item(2)] } }];

  test('gives what was there before the last write', async () => {
    const { call } = await behind('DynamoDB', 'stale', answers);
    await call('PutItem', { Item: item(1) });
    await call('PutItem', { Item: item(2) });
    expect((await call('BatchGetItem', read())).body).toEqual({ Responses: { Journal: [item(1)] } });
  });

  test('does not see what is new', async () => {
    const { call } = await behind('DynamoDB', 'stale', [{}, { Responses: { Journal: [item(2)] } }]);
    await call('PutItem', { Item: item(2) });
    expect((await call('BatchGetItem', read())).body).toEqual({ Responses: { Journal: [] } });
  });

  test('is not what a consistent read gets', async () => {
    const { call } = await behind('DynamoDB', 'stale', answers);
    await call('PutItem', { Item: item(1) });
    await call('PutItem', { Item: item(2) });
    const { body } = await call('BatchGetItem', read({ ConsistentRead: true }));
    expect(body).toEqual({ Responses: { Journal: [item(2)] } });
  });
});

test('the point after an effect has a name, and the answer waits for what is done there', async () => {
  const points: string[] = [];
  const { call } = await behind('SQS', null, [{}], async (point) => {
    points.push(point);
  });
  await call('SendMessageBatch', { QueueUrl: 'http://127.0.0.1/PosthornQueuesRetriesQueue' });
  expect(points).toEqual(['SendMessageBatch Retries']);
});
