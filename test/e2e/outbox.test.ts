import { readFileSync } from 'node:fs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { PGlite } from '@electric-sql/pglite';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutboxHandler } from '../../examples/outbox/dynamodb-streams.ts';
import { type Connection, relayOutbox } from '../../examples/outbox/postgres.ts';
import { createSqsClient } from '../../testing/queues.ts';
import { startWatch } from './scheduled.ts';
import { arrived, idsOf, subscribed } from './steps.ts';
import { useSystem } from './use-system.ts';

const system = useSystem();
let sqs: SQSClient;
const queueUrl = () => system().endpoints.eventsQueueUrl;
beforeAll(() => {
  sqs = createSqsClient(system().endpoints.sqsEndpoint);
});
afterAll(() => sqs.destroy());

/** Everything that was published before has been handled, and made no more deliveries than these. */
async function expectNoMore(path: string, count: number): Promise<void> {
  const client = system();
  await (await startWatch(client)).settle();
  await client.advance(400);
  expect((await client.received(path)).total).toBe(count);
}

describe('the outbox in Postgres', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create();
    await db.exec('CREATE TABLE employees (name text);');
    await db.exec(readFileSync(new URL('../../examples/outbox/postgres.sql', import.meta.url), 'utf8'));
  });
  afterAll(() => db.close());

  const hire = (tenant: string, id: string, data: string) =>
    db.transaction(async (transaction) => {
      await transaction.query('INSERT INTO employees VALUES ($1)', [id]);
      await transaction.query(
        `INSERT INTO outbox (id, tenant_id, type, data) VALUES ($1, $2, 'employee.created', $3)`,
        [id, tenant, data],
      );
    });
  const left = async () => (await db.query('SELECT 1 FROM outbox')).rows.length;

  test('brings each row to the receiver, as it was written', async () => {
    const { tenant, path } = await subscribed(system(), 'postgres');
    const ids = Array.from({ length: 25 }, (_, index) => `row-${index}`);
    for (const id of ids) await hire(tenant, id, `{"id":9007199254740993,"one":1.0,"of":"${id}"}`);
    expect(await relayOutbox(db, sqs, queueUrl())).toBe(25);
    expect(await left()).toBe(0);
    const { requests } = await arrived(system(), path, 25);
    expect(idsOf(requests)).toEqual(ids.toSorted());
    for (const { body } of requests) expect(body).toContain('"id":9007199254740993,"one":1.0');
  });

  test('sends nothing of what was rolled back', async () => {
    const { tenant } = await subscribed(system(), 'rolled-back');
    await expect(
      db.transaction(async (transaction) => {
        await transaction.query(`INSERT INTO outbox (tenant_id, type, data) VALUES ($1, 'a.b', '1')`, [tenant]);
        throw new Error('the business failed');
      }),
    ).rejects.toThrow('the business failed');
    expect(await relayOutbox(db, sqs, queueUrl())).toBe(0);
  });

  test('that crashes after sending sends again, which makes one delivery', async () => {
    const { tenant, path } = await subscribed(system(), 'crash');
    await hire(tenant, 'once', '{"salary":1}');
    const crashing: Connection = {
      query: (text, values) => {
        if (text.startsWith('DELETE')) throw new Error('crashed');
        return db.query(text, values);
      },
    };
    await expect(relayOutbox(crashing, sqs, queueUrl())).rejects.toThrow('crashed');
    expect(await left()).toBe(1);
    await arrived(system(), path, 1);
    expect(await relayOutbox(db, sqs, queueUrl())).toBe(1);
    expect(await left()).toBe(0);
    await expectNoMore(path, 1);
    expect(await system().rejectedOf(tenant)).toEqual([]);
  });

  test('keeps what SQS did not take', async () => {
    const { tenant, path } = await subscribed(system(), 'refused');
    await hire(tenant, 'taken', '1');
    await hire(tenant, 'refused', '2');
    const refusing = refuse('refused');
    expect(await relayOutbox(db, refusing, queueUrl())).toBe(1);
    expect((await db.query('SELECT id FROM outbox')).rows).toEqual([{ id: 'refused' }]);
    expect(await relayOutbox(db, sqs, queueUrl())).toBe(1);
    expect(idsOf((await arrived(system(), path, 2)).requests)).toEqual(['refused', 'taken']);
  });

  test('refuses to store what Posthorn would not take', async () => {
    await expect(hire('a tenant', 'x', '1')).rejects.toThrow('violates check constraint');
    await expect(hire('acme', 'an id', '1')).rejects.toThrow('violates check constraint');
    await expect(hire('acme', 'x', JSON.stringify('x'.repeat(262_144)))).rejects.toThrow('violates check constraint');
  });

  test('sends rows that are together larger than one call may be', async () => {
    const { tenant, path } = await subscribed(system(), 'large');
    for (let count = 0; count < 6; count += 1)
      await hire(tenant, `large-${count}`, JSON.stringify('x'.repeat(250_000)));
    expect(await relayOutbox(db, sqs, queueUrl())).toBe(6);
    await arrived(system(), path, 6);
  });
});

describe('the outbox in DynamoDB', () => {
  let sequence = 100_000_000_000;
  /** As a stream with NEW_IMAGE hands it to a function. */
  function inserted(tenant: string, id: string, image: Record<string, string> = {}): DynamoDBRecord {
    sequence += 1;
    const texts = { tenantId: tenant, type: 'employee.created', occurredAt: '2026-11-22T10:00:00.000Z', ...image };
    return {
      eventID: 'c4ca4238a0b923820dcc509a6f75849b',
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      eventSourceARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/hr/stream/2026-11-22T10:00:00.000',
      dynamodb: {
        ApproximateCreationDateTime: 1_795_341_600,
        Keys: { pk: { S: `OUTBOX#${id}` } },
        NewImage: {
          pk: { S: `OUTBOX#${id}` },
          ...Object.fromEntries(Object.entries({ data: '{"n":1.0}', ...texts }).map(([name, S]) => [name, { S }])),
        },
        SequenceNumber: String(sequence),
        SizeBytes: 200,
        StreamViewType: 'NEW_IMAGE',
      },
    };
  }

  test('brings inserted items to the receiver, each once, though the stream hands them out again', async () => {
    const { tenant, path } = await subscribed(system(), 'stream');
    const handler = createOutboxHandler(sqs, queueUrl());
    const ids = Array.from({ length: 12 }, (_, index) => `item-${index}`);
    const removed: DynamoDBRecord = { ...inserted(tenant, 'removed'), eventName: 'REMOVE' };
    const employee = inserted(tenant, 'x');
    if (employee.dynamodb?.Keys !== undefined) employee.dynamodb.Keys.pk = { S: 'EMPLOYEE#1' };
    const Records = [...ids.map((id) => inserted(tenant, id)), removed, employee];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    const { requests, last } = await arrived(system(), path, 12);
    expect(idsOf(requests)).toEqual(ids.toSorted());
    expect(last.body).toContain('"n":1.0');
    // The function crashed before Lambda knew that it had done its work.
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    await expectNoMore(path, 12);
    expect(await system().rejectedOf(tenant)).toEqual([]);
  });

  test('names the first that SQS did not take', async () => {
    const { tenant, path } = await subscribed(system(), 'stream-refused');
    const Records = ['a', 'b', 'c'].map((id) => inserted(tenant, id));
    expect(await createOutboxHandler(refuse('b'), queueUrl())({ Records })).toEqual({
      batchItemFailures: [{ itemIdentifier: Records[1]?.dynamodb?.SequenceNumber }],
    });
    expect(await createOutboxHandler(sqs, queueUrl())({ Records: Records.slice(1) })).toEqual({
      batchItemFailures: [],
    });
    expect(idsOf((await arrived(system(), path, 3)).requests)).toEqual(['a', 'b', 'c']);
  });

  test('is not held up by an item that is no event: Posthorn lists it', async () => {
    const { tenant, path } = await subscribed(system(), 'stream-broken');
    const Records = [inserted(tenant, 'broken', { type: 'no type' }), inserted(tenant, 'whole')];
    expect(await createOutboxHandler(sqs, queueUrl())({ Records })).toEqual({ batchItemFailures: [] });
    expect(idsOf((await arrived(system(), path, 1)).requests)).toEqual(['whole']);
    await expect
      .poll(() => system().rejectedOf(tenant), { timeout: 20_000 })
      .toMatchObject([{ reason: { code: 'invalid_event', errors: [{ path: '/type' }] } }]);
  });
});

/** SQS that takes all events but one. */
function refuse(id: string): SQSClient {
  return new Proxy(sqs, {
    get: (client, name) => {
      if (name !== 'send') return Reflect.get(client, name, client);
      return async (command: Parameters<SQSClient['send']>[0]) => {
        const input = command.input as { Entries: { Id: string; MessageBody: string }[] };
        input.Entries = input.Entries.filter(({ MessageBody }) => !MessageBody.includes(`"id":"${id}"`));
        return client.send(command);
      };
    },
  });
}
