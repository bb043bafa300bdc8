import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveries } from '../../../functions/adapters/dynamodb/deliveries.ts';
import { createEventTypes } from '../../../functions/adapters/dynamodb/event-types.ts';
import { createEvents, type JournalOptions } from '../../../functions/adapters/dynamodb/events.ts';
import { createInFlight } from '../../../functions/adapters/dynamodb/in-flight.ts';
import { createKnownTypes } from '../../../functions/adapters/dynamodb/known-types.ts';
import { createMatchableSubscriptions } from '../../../functions/adapters/dynamodb/matchable-subscriptions.ts';
import { createProfiles } from '../../../functions/adapters/dynamodb/profile-source.ts';
import { createProfileStore } from '../../../functions/adapters/dynamodb/profiles.ts';
import { createRateLimits } from '../../../functions/adapters/dynamodb/rate-limits.ts';
import { createRejectedEvents } from '../../../functions/adapters/dynamodb/rejected-events.ts';
import { createStats } from '../../../functions/adapters/dynamodb/stats.ts';
import { createSubscriptions } from '../../../functions/adapters/dynamodb/subscriptions.ts';
import { createSystemEventCounts } from '../../../functions/adapters/dynamodb/system-event-counts.ts';
import { createTenants } from '../../../functions/adapters/dynamodb/tenants.ts';
import { createHttpSender } from '../../../functions/adapters/http/http-sender.ts';
import { createVault } from '../../../functions/adapters/kms/vault.ts';
import { createPublish, createWorkQueue } from '../../../functions/adapters/sqs/work-queue.ts';
import { compileDataCheck } from '../../../functions/core/event/validate-data.ts';
import { foldStats } from '../../../functions/core/stats/fold-stats.ts';
import type { Limits } from '../../../functions/core/subscription/limits.ts';
import { createAddressPolicy } from '../../../functions/core/target/address-policy.ts';
import { createDeliverHandler, type DeliverHandlerDeps } from '../../../functions/deliver/handler.ts';
import { createIngestHandler } from '../../../functions/ingest/handler.ts';
import { emptyTally } from '../../../testing/tally.ts';
import { DISABLE_AFTER_MS, WAITS } from '../../support/deliver-setup.ts';
import { makeEvent, makeMessage, makeSubscription, subscriptionId } from '../../support/domain.ts';
import { KEY_ARN, useCountedQueues, useKms, useTables } from '../../support/emulators.ts';
import { context, recordTelemetry, sqsEvent } from '../../support/lambda.ts';
import { makeProfile } from '../../support/profiles.ts';

/*
 * What a delivery costs is decided by how many calls and capacity units a batch of ten takes.
 */

const tally = emptyTally();
const tables = useTables(tally);
const { connection: wire, queues } = useCountedQueues(tally, 'deliveries', 'retries', 'events');
const kms = useKms();
const journalOf = (options: JournalOptions) => ({
  ...createEvents(options),
  ...createDeliveries(options),
  ...createRejectedEvents(options),
});
const now = (): number => Date.now();
const journal = journalOf({ tables, retentionDays: 30, now });
const catalog = {
  ...createTenants(tables),
  ...createSubscriptions(tables, now),
  ...createMatchableSubscriptions(tables, now),
  ...createEventTypes(tables),
};
const vault = createVault(tables, kms, KEY_ARN);
const sender = createHttpSender({
  addressPolicy: createAddressPolicy({ allowedPrivateRanges: ['127.0.0.0/8'] }),
  allowedPorts: [],
  allowHttp: true,
});
const telemetry = recordTelemetry();

let receiver: Server;
let url = '';
let status = 200;
const received: { path: string; signature: string }[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      received.push({ path: request.url ?? '', signature: String(request.headers['webhook-signature']) });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await sender.close();
  receiver.close();
});
beforeEach(() => {
  status = 200;
  received.length = 0;
});

const deliver = (changes: Partial<DeliverHandlerDeps> = {}) =>
  createDeliverHandler({
    store: { ...journal, ...catalog },
    stats: createStats({ tables, retentionDays: 90, now }),
    retries: createWorkQueue(wire, queues.retries.url),
    goOn: () => Promise.reject(new Error('nothing waits here on more than two pages')),
    systemEvents: {
      events: journal,
      publish: createPublish(wire, queues.events.url),
      counts: createSystemEventCounts(tables, now),
      later: createWorkQueue(wire, queues.retries.url),
      now,
    },
    sqs: wire,
    deliveriesQueueUrl: queues.deliveries.url,
    retriesQueueUrl: queues.retries.url,
    retriesQueueArn: 'arn:aws:sqs:us-east-1:000000000000:retries',
    sender,
    opener: vault,
    profiles: createProfiles(createProfileStore(tables)),
    waits: WAITS,
    attemptTimeoutMs: 15_000,
    disableAfterMs: DISABLE_AFTER_MS,
    userAgent: 'Posthorn/0.0.0',
    now,
    hasCaughtUp: async () => true,
    rates: createRateLimits(tables),
    inFlight: createInFlight(tables),
    sleep: (ms) => sleep(ms),
    patience: () => new Promise<void>(() => {}),
    newAttemptId: () => randomBytes(6).toString('base64url'),
    random: () => 0.5,
    ...telemetry,
    ...changes,
  });

const findType = createKnownTypes(catalog, now, false);
const ingest = () =>
  createIngestHandler({
    store: { ...journal, ...catalog, findType },
    putOnBus: null,
    systemEventCounts: createSystemEventCounts(tables, now),
    deliveries: createWorkQueue(wire, queues.deliveries.url),
    retries: createWorkQueue(wire, queues.retries.url),
    goOn: () => Promise.reject(new Error('no fan-out here is too long')),
    eventTypes: 'open',
    checkOf: compileDataCheck,
    now,
    ...telemetry,
  });

/** Ten events of about 1 KB, each on its way to a subscription. */
async function tenDeliveries(tenantId: string, sameSubscription: boolean, rest: Partial<Limits> = {}) {
  const data = JSON.stringify({ id: 1, name: 'Employee', note: 'n'.repeat(900) });
  const subscriptions = await Promise.all(
    Array.from({ length: sameSubscription ? 1 : 10 }, async (_, index) => {
      const id = subscriptionId(index + 1);
      const sealed = await vault.seal('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { tenantId, subscriptionId: id });
      const keys = [{ version: 'v1' as const, sealed, createdAt: 0, endsAt: null }];
      return makeSubscription({ tenantId, id, url: `${url}/${tenantId}/${index}`, keys, ...rest });
    }),
  );
  await catalog.createTenant(tenantId, now());
  for (const one of subscriptions) await catalog.saveSubscription(one, 0);
  const events = Array.from({ length: 10 }, (_, index) =>
    makeEvent({ tenantId, id: `evt_${index}`, acceptedAt: now(), data }),
  );
  await journal.putEvents(events);
  const messages = events.map((event, index) =>
    makeMessage({
      tenantId,
      eventId: event.id,
      eventAt: event.acceptedAt,
      subscriptionId: subscriptions[index % subscriptions.length]?.id ?? '',
    }),
  );
  return { messages, batch: sqsEvent(...messages.map((message) => ({ body: JSON.stringify(message) }))) };
}

const reset = () => Object.assign(tally, emptyTally());
/** Operations, each as often as it was called, in the order of their first calls. */
const calls = () =>
  Object.entries(tally.calls).flatMap(([name, count]) => Array<string>(count).fill(name.split(' ')[1] ?? ''));
const print = (what: string) =>
  console.log(`${what}: ${calls().join(', ')}; ${tally.writeUnits} WRU, ${tally.readUnits} RRU`);

describe('ten first attempts that succeed', () => {
  it.each([
    ['of one subscription', true, 21],
    ['of ten subscriptions', false, 30],
  ])(
    '%s cost one BatchGetItem, one BatchWriteItem, and one of their statistics',
    async (what, sameSubscription, keys) => {
      const tenantId = sameSubscription ? 'one' : `a-long-name-for-a-tenant-${'x'.repeat(39)}`;
      const { messages, batch } = await tenDeliveries(tenantId, sameSubscription);
      reset();
      expect(await deliver()(batch, context())).toEqual({ batchItemFailures: [] });
      print(`deliver, ten ${what}`);
      expect(received).toHaveLength(10);
      expect(received.every(({ signature }) => signature.startsWith('v1,'))).toBe(true);
      expect(calls()).toEqual(['BatchGetItem', 'BatchWriteItem', 'BatchWriteItem']);
      expect(tally.writeUnits).toBe(10 + 1);
      // Eventually consistent: half a unit for each key, found or not (nothing here is over 4 KB).
      expect(tally.readUnits).toBe(keys / 2);
      const stored = await journal.getDeliveries(messages);
      expect(stored.map((one) => one?.status)).toEqual(Array(10).fill('succeeded'));
    },
  );

  it.each<[string, Partial<Limits>, string[], number, number]>([
    ['a second cost one write more', { maxPerSecond: 1_000 }, ['UpdateItem'], 1, 0],
    [
      'at the same moment cost a read and two writes more',
      { maxConcurrent: 10 },
      ['GetItem', 'UpdateItem', 'UpdateItem'],
      2,
      1,
    ],
  ])('to a receiver that takes so many %s', async (what, limits, more, writes, reads) => {
    const { batch } = await tenDeliveries(`limited-${Object.keys(limits)}`, true, limits);
    reset();
    expect(await deliver()(batch, context())).toEqual({ batchItemFailures: [] });
    print(`deliver, ten with a limit: ${what}`);
    expect(received).toHaveLength(10);
    expect(calls().toSorted()).toEqual(['BatchGetItem', 'BatchWriteItem', 'BatchWriteItem', ...more].toSorted());
    expect(tally.writeUnits).toBe(11 + writes);
    expect(tally.readUnits).toBe(21 / 2 + reads);
  });

  it('handed out again cost one consistent read, and no attempt', async () => {
    const { batch } = await tenDeliveries('again', true);
    await deliver()(batch, context());
    received.length = 0;
    reset();
    for (const record of batch.Records) record.attributes.ApproximateReceiveCount = '2';
    expect(await deliver()(batch, context())).toEqual({ batchItemFailures: [] });
    print('deliver, ten handed out again');
    expect(received).toEqual([]);
    expect(calls()).toEqual(['BatchGetItem']);
    expect(tally.readUnits).toBe(21);
  });
});

describe('ten first attempts that fail', () => {
  it('cost a conditional write each, with two index entries, a message each, and one write of health', async () => {
    const { batch } = await tenDeliveries('failing', true);
    status = 500;
    reset();
    expect(await deliver()(batch, context())).toEqual({ batchItemFailures: [] });
    print('deliver, ten that fail');
    const count = (name: string) => calls().filter((call) => call === name).length;
    expect(count('BatchGetItem')).toBe(1);
    expect(count('PutItem')).toBe(10);
    // The health of the subscription, and the batch's statistics.
    expect([count('UpdateItem'), count('BatchWriteItem')]).toEqual([1, 1]);
    expect(calls().length).toBe(1 + 10 + 2 + count('SendMessageBatch'));
    expect(count('SendMessageBatch')).toBeLessThanOrEqual(10);
    expect(tally.writeUnits).toBe(32);
  });
});

describe('the statistics of one minute', () => {
  it('cost a write for each of its subscriptions, one for the position, and little to read', async () => {
    const store = createStats({ tables, retentionDays: 90, now });
    // Ten batches of ten subscriptions each.
    const at = now() - 10 * 60_000;
    const counters = { succeeded: 1, success: 1, '2xx': 1, ms_27: 1 };
    const counted = Array.from({ length: 10 }, (_, index) => ({
      tenantId: 'statistics',
      subscriptionId: subscriptionId(index),
      counters,
    }));
    for (let batch = 0; batch < 10; batch += 1) await store.putRecord(at, counted);
    const fold = (after: number) => foldStats({ store, maxSums: 10_000, now: () => at + after, hasTime: () => true });
    reset();
    await fold(2 * 60_000);
    print('sweep, statistics of ten batches');
    expect(tally.writeUnits).toBe(10 + 1);
    expect(tally.readUnits).toBeLessThanOrEqual(7);
    reset();
    await fold(2 * 60_000);
    print('sweep, no statistics');
    expect(tally.writeUnits).toBe(0);
    expect(tally.readUnits).toBeLessThanOrEqual(5);
  });
});

describe('ten deliveries that fail for good', () => {
  it('cost a count and a write that clears what they owe each, and one system event', async () => {
    const { batch } = await tenDeliveries('exhausted', true);
    const profiles = { get: async () => makeProfile({ retry: { gapsSeconds: [] } }) };
    status = 500;
    await queues.retries.take();
    reset();
    expect(await deliver({ profiles })(batch, context())).toEqual({ batchItemFailures: [] });
    print('deliver, ten that fail for good');
    const count = (name: string) => calls().filter((call) => call === name).length;
    expect(count('PutItem')).toBe(20);
    // The counts, and the health of the subscription; the batch's statistics are one write more.
    expect(count('UpdateItem')).toBe(10 + 1);
    // Eight each: the delivery with its entries in the list and in the due index, the count, and the delivery once more.
    expect(tally.writeUnits).toBe(10 * 8 + 2);

    const messages = await queues.retries.take();
    expect(messages).toEqual([]);
    const [window] = await dueWindows();
    reset();
    await deliver()(sqsEvent({ body: JSON.stringify(window) }), context());
    const published = await queues.events.take();
    expect(published).toHaveLength(1);
    await ingest()(sqsEvent(...published), context());
    print('a system event, from its count to its end without a subscription');
    expect(tally.writeUnits).toBe(4);
  });

  /** The queue holds its message back until the minute is over. */
  async function dueWindows() {
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: tables.journalTable }));
    return Items.filter(({ pk }) => String(pk).startsWith('COUNT#')).map(({ pk, sk }) => ({
      v: 1,
      kind: 'tell_counted',
      window: { subject: String(pk).slice('COUNT#'.length), startsAt: Date.parse(String(sk)) },
      event: {
        type: 'posthorn.event.rejected',
        data: { tenantId: 'exhausted', rejectedEventId: 'rej_1', reason: { code: 'c', message: 'm' }, count: 1 },
      },
    }));
  }
});

describe('ten new events of one tenant', () => {
  it('cost one Query, one BatchWriteItem and one SendMessageBatch', async () => {
    await catalog.createTenant('publisher', now());
    await catalog.saveSubscription(makeSubscription({ tenantId: 'publisher' }), 0);
    const body = JSON.stringify({
      tenantId: 'publisher',
      type: 'employee.created',
      data: { id: 1, note: 'n'.repeat(100) },
    });
    const batch = sqsEvent(...Array.from({ length: 10 }, () => ({ body })));
    // The list of event types is read once in half a minute, for all batches of an instance.
    await findType('employee.created');
    reset();
    expect(await ingest()(batch, context())).toEqual({ batchItemFailures: [] });
    print('ingest, ten');
    expect(calls().toSorted()).toEqual(['BatchWriteItem', 'Query', 'SendMessageBatch']);
    // An item each: ids of ours hold their time, so that the table itself lists these events.
    expect(tally.writeUnits).toBe(10);
    expect(tally.readUnits).toBe(1);
    expect(await queues.deliveries.take()).toHaveLength(10);
  });

  it("with ids of the publisher's own cost a conditional write each, with an index entry", async () => {
    const tenantId = 'publisher-of-ids';
    await catalog.createTenant(tenantId, now());
    await catalog.saveSubscription(makeSubscription({ tenantId }), 0);
    const bodies = Array.from({ length: 10 }, (_, index) => ({ tenantId, id: `own-${index}`, type: 'a', data: index }));
    await findType('employee.created');
    reset();
    const batch = sqsEvent(...bodies.map((body) => ({ body: JSON.stringify(body) })));
    expect(await ingest()(batch, context())).toEqual({ batchItemFailures: [] });
    print("ingest, ten with the publisher's ids");
    const writes = Array<string>(10).fill('PutItem');
    expect(calls().toSorted()).toEqual(['BatchGetItem', ...writes, 'Query', 'SendMessageBatch']);
    expect(tally.writeUnits).toBe(20);
    expect(await queues.deliveries.take()).toHaveLength(10);
  });
});
