import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { AwsError } from '../../../functions/adapters/aws/calls.ts';
import { batchGet, batchPut, StoreBusyError } from '../../../functions/adapters/dynamodb/batch.ts';
import { createStores } from '../../../functions/adapters/dynamodb/stores.ts';
import { toWire } from '../../../functions/adapters/dynamodb/wire.ts';
import { newId } from '../../../functions/core/ids.ts';
import { PartialFailure } from '../../../functions/core/partial-failure.ts';
import { answered, makeDelivery, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';
import { ScriptedCalls, throttled } from '../../support/scripted-calls.ts';

const tables = useTables();
const Asked = z.object({ RequestItems: z.record(z.string(), z.array(z.unknown())) });
const item = (index: number) => ({ pk: `batch-${index}`, sk: 'x', index });
const key = (index: number) => ({ pk: `batch-${index}`, sk: 'x' });
const range = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

describe('over real tables', () => {
  it.each([true, false])('more than fits into one call is written and found (consistent: %s)', async (consistent) => {
    await batchPut(
      tables,
      tables.journalTable,
      range(130, (i) => i),
      item,
    );
    await batchPut(
      tables,
      tables.catalogTable,
      range(3, (i) => i),
      item,
    );
    const keys = { [tables.journalTable]: range(150, key), [tables.catalogTable]: range(5, key) };
    const found = await batchGet(tables, keys, consistent);
    expect(found[tables.journalTable]?.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
      range(130, (i) => i),
    );
    expect(found[tables.catalogTable]).toHaveLength(3);
  });

  it('nothing is asked for nothing', async () => {
    expect(await batchGet(tables, { [tables.journalTable]: [] }, true)).toEqual({});
    await batchPut(tables, tables.journalTable, [], item);
  });
});

describe('one failure stops one', () => {
  const stored = async (pk: string) => {
    const keys = range(80, (index) => ({ pk: `${pk}-${index}`, sk: 'x' }));
    const found = await batchGet(tables, { [tables.journalTable]: keys }, true);
    return (found[tables.journalTable] ?? []).map(({ index }) => Number(index)).toSorted((a, b) => a - b);
  };

  it('a call that fails leaves only its own items unwritten, and says which', async () => {
    let number = 0;
    tables.faults.fails = (operation) => (operation === 'BatchWriteItem' && ++number === 2 ? throttled() : null);
    const failure = await batchPut(
      tables,
      tables.journalTable,
      range(80, (i) => i),
      (index) => ({ pk: `partial-${index}`, sk: 'x', index }),
    ).catch((error: unknown) => error);
    tables.faults.fails = () => null;
    if (!(failure instanceof PartialFailure)) throw failure;
    expect(failure.undone).toEqual(range(25, (index) => index + 25));
    expect(failure.cause).toMatchObject({ name: 'ThrottlingException' });
    expect(await stored('partial')).toEqual([...range(25, (index) => index), ...range(30, (index) => index + 50)]);
  });

  it('an item that DynamoDB refuses leaves the others of its call written', async () => {
    const failure = await batchPut(
      tables,
      tables.journalTable,
      range(30, (i) => i),
      (index) => ({ pk: `large-${index}`, sk: 'x', index, text: 'x'.repeat(index === 7 ? 410_000 : 10) }),
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'partial_failure', undone: [7], cause: { name: 'ValidationException' } });
    expect(await stored('large')).toEqual(range(30, (i) => i).filter((index) => index !== 7));
  });
});

describe('a call without an answer', () => {
  const lost = new AwsError('TimeoutError', 'no answer', null, null);
  afterEach(() => {
    tables.faults.fails = () => null;
  });

  it('is made for each item alone, and what is there is asked whether it is the thing', async () => {
    const place = (index: number, by: string) => ({ pk: `lost-${index}`, sk: 'x', by });
    await batchPut(tables, tables.journalTable, [1, 2], (index) => place(index, index === 1 ? 'another' : 'me'));
    tables.faults.fails = (operation) => (operation === 'BatchWriteItem' ? lost : null);
    const mine = (index: number) => place(index, 'me');
    const failure = await batchPut(tables, tables.journalTable, [0, 1, 2, 3], mine, ({ by }) => by === 'me').catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'partial_failure', undone: [1], cause: { code: 'another_item' } });
    const keys = range(4, (index) => ({ pk: `lost-${index}`, sk: 'x' }));
    const found = await batchGet(tables, { [tables.journalTable]: keys }, true);
    const by = new Map(found[tables.journalTable]?.map((one) => [one.pk, one.by]));
    expect(keys.map(({ pk }) => by.get(pk))).toEqual(['me', 'another', 'me', 'me']);
  });

  it('leaves unwritten what cannot be written alone either', async () => {
    tables.faults.fails = (operation) => (operation === 'BatchWriteItem' ? lost : throttled());
    await expect(batchPut(tables, tables.journalTable, [0, 1], item)).rejects.toMatchObject({ undone: [0, 1] });
  });
});

describe('what a throttled table leaves out', () => {
  beforeEach(() => {
    // The shortest pauses that there are.
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const table = 'journal';
  const request = (index: number) => ({ PutRequest: { Item: toWire(item(index)) } });

  it('is written again, and only that', async () => {
    const scripted = new ScriptedCalls().on(
      'BatchWriteItem',
      { UnprocessedItems: { [table]: [request(1), request(2)] } },
      { UnprocessedItems: { [table]: [request(2)] } },
      { UnprocessedItems: {} },
    );
    await batchPut({ ...tables, call: scripted.call }, table, [0, 1, 2], item);
    const sizes = scripted.inputs('BatchWriteItem').map((input) => Asked.parse(input).RequestItems[table]?.length);
    expect(sizes).toEqual([3, 2, 1]);
  });

  it('is read again, and only that', async () => {
    const scripted = new ScriptedCalls().on(
      'BatchGetItem',
      {
        Responses: { [table]: [toWire(item(0))] },
        UnprocessedKeys: { [table]: { Keys: [toWire(key(1))], ConsistentRead: true } },
      },
      { Responses: { [table]: [toWire(item(1))] } },
    );
    expect(await batchGet(scripted, { [table]: range(2, key) }, true)).toEqual({ [table]: [item(0), item(1)] });
    const [, again] = scripted.inputs('BatchGetItem');
    expect(again).toEqual({ RequestItems: { [table]: { Keys: [toWire(key(1))], ConsistentRead: true } } });
  });

  it('again and again fails in the end, so that the work is repeated later', async () => {
    const scripted = new ScriptedCalls()
      .on('BatchWriteItem', { UnprocessedItems: { [table]: [request(0)] } })
      .on('BatchGetItem', { UnprocessedKeys: { [table]: { Keys: [toWire(key(0))] } } });
    await Promise.all([
      expect(batchPut({ ...tables, call: scripted.call }, table, [0, 1], item)).rejects.toMatchObject({
        undone: [0],
        cause: expect.any(StoreBusyError),
      }),
      expect(batchGet(scripted, { [table]: [key(0)] }, false)).rejects.toThrow(StoreBusyError),
    ]);
    expect(scripted.inputs('BatchWriteItem')).toHaveLength(8);
    expect(scripted.inputs('BatchGetItem')).toHaveLength(8);
  });
});

describe('of a batch whose answer was lost and which had no effect', () => {
  const stores = createStores({ tables, retentionDays: 30, statsRetentionDays: 30, now: () => NOW });
  const losingBatches = async (write: () => Promise<void>) => {
    const lost = new AwsError('TimeoutError', 'no answer', null, null);
    tables.faults.fails = (operation) => (operation === 'BatchWriteItem' ? lost : null);
    await write().finally(() => {
      tables.faults.fails = () => null;
    });
  };
  const attempt = (id: string, status: number) => ({
    id,
    number: 1,
    trigger: 'automatic' as const,
    startedAt: NOW,
    ...answered(status),
    request: { url: 'https://receiver.example/', headers: {} },
  });

  it('the success does not count as recorded where only a twin’s attempt is', async () => {
    const [twins, own] = ['twins', 'own'].map((eventId) => makeDelivery({ tenantId: 'lost', eventId }));
    if (twins === undefined || own === undefined) throw new Error('there are two');
    const failed = { ...twins, attempts: [attempt('twin', 500)] };
    await stores.deliveries.saveDelivery(failed, 0);
    const done = [twins, own].map((one) => ({
      ...one,
      status: 'succeeded' as const,
      completedAt: NOW,
      attempts: [attempt('mine', 200)],
    }));
    const write = losingBatches(() => stores.deliveries.putSucceededDeliveries(done));
    await expect(write).rejects.toMatchObject({ undone: [done[0]] });
    expect(await stores.deliveries.getDelivery(twins)).toEqual({ ...failed, revision: 1 });
    expect(await stores.deliveries.getDelivery(own)).toMatchObject({ status: 'succeeded' });
    // A second time the own one is there.
    await losingBatches(() => stores.deliveries.putSucceededDeliveries(done.slice(1)));
  });

  it('a rejection does not count as recorded where the message’s one before is', async () => {
    const rejected = (message: string) => ({
      id: newId('rej', NOW, () => 0.5),
      tenantId: null,
      rejectedAt: NOW,
      reason: { code: 'malformed_json' as const, message, errors: [] },
      body: '{',
      bodyTruncated: false,
      messageId: 'm-1',
      republishedAt: null,
    });
    await stores.rejectedEvents.putRejectedEvents([rejected('before')]);
    const write = losingBatches(() => stores.rejectedEvents.putRejectedEvents([rejected('now')]));
    await expect(write).rejects.toMatchObject({ undone: [rejected('now')] });
    await losingBatches(() => stores.rejectedEvents.putRejectedEvents([rejected('before')]));
    await stores.rejectedEvents.markRepublished(rejected('before'), NOW);
    const again = losingBatches(() => stores.rejectedEvents.putRejectedEvents([rejected('before')]));
    await expect(again).rejects.toMatchObject({ undone: [rejected('before')] });
  });
});
