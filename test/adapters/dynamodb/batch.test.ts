import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { batchGet, batchPut, StoreBusyError } from '../../../functions/adapters/dynamodb/batch.ts';
import { toWire } from '../../../functions/adapters/dynamodb/wire.ts';
import { PartialFailure } from '../../../functions/core/partial-failure.ts';
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
    await batchPut(scripted, table, [0, 1, 2], item);
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
      expect(batchPut(scripted, table, [0, 1], item)).rejects.toMatchObject({
        undone: [0],
        cause: expect.any(StoreBusyError),
      }),
      expect(batchGet(scripted, { [table]: [key(0)] }, false)).rejects.toThrow(StoreBusyError),
    ]);
    expect(scripted.inputs('BatchWriteItem')).toHaveLength(8);
    expect(scripted.inputs('BatchGetItem')).toHaveLength(8);
  });
});
