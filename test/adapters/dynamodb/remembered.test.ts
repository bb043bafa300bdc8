import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdempotency } from '../../../functions/adapters/dynamodb/idempotency.ts';
import { HOUR, MINUTE, NOW } from '../../support/domain.ts';
import { useTables } from '../../support/emulators.ts';

const tables = useTables();
let now = NOW;
let number = 0;
beforeEach(() => {
  now = NOW;
  number += 1;
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a request with an Idempotency-Key', () => {
  const idempotency = createIdempotency(tables, () => now);
  const begin = (fingerprint = 'f') => idempotency.begin(`key-${number}`, fingerprint);

  /** Begins it, and returns its writeId. */
  async function run(): Promise<string> {
    const begun = await begin();
    if (begun.kind !== 'new') throw new Error(`it is ${begun.kind}`);
    return begun.writeId;
  }
  const isNew = { kind: 'new', writeId: expect.any(String) };
  const complete = (writeId: string, answer: string | null = 'answer') =>
    idempotency.complete(`key-${number}`, 'f', writeId, answer);

  it('is new once, then running, then answered', async () => {
    const writeId = await run();
    expect(await begin()).toEqual({ kind: 'running' });
    await complete(writeId);
    expect(await begin()).toEqual({ kind: 'answered', answer: 'answer' });
  });

  it('is new to one of those that come at once', async () => {
    const begun = await Promise.all([1, 2, 3, 4].map(() => begin()));
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual(['new', 'running', 'running', 'running']);
  });

  it('may not be another one, neither while it runs nor later', async () => {
    const writeId = await run();
    expect(await begin('other')).toEqual({ kind: 'different' });
    await complete(writeId);
    expect(await begin('other')).toEqual({ kind: 'different' });
  });

  it('that has failed is forgotten', async () => {
    await idempotency.forget(`key-${number}`, await run());
    expect(await begin('other')).toEqual(isNew);
  });

  it('is not forgotten by another run', async () => {
    await run();
    await idempotency.forget(`key-${number}`, 'another');
    expect(await begin()).toEqual({ kind: 'running' });
  });

  it('that never ended counts as done after a minute: its work may have been done', async () => {
    await run();
    now += MINUTE - 1;
    expect(await begin()).toEqual({ kind: 'running' });
    now += 1;
    expect(await begin()).toEqual({ kind: 'answer_lost' });
    expect(await begin('other')).toEqual({ kind: 'different' });
  });

  it.each([
    ['larger than an item', 'x'.repeat(400_000)],
    ['absent', null],
  ])('whose answer is %s is done, and its answer is lost', async (_, answer) => {
    await complete(await run(), answer);
    expect(await begin()).toEqual({ kind: 'answer_lost' });
  });

  it('keeps an answer of almost an item', async () => {
    const answer = 'x'.repeat(390_000);
    await complete(await run(), answer);
    expect(await begin()).toEqual({ kind: 'answered', answer });
  });

  const throttled = () => Promise.reject(Object.assign(new Error(), { name: 'ThrottlingException' }));

  it('whose answer the table refuses is done, and its answer is lost', async () => {
    const writeId = await run();
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(throttled);
    await complete(writeId);
    expect(await begin()).toEqual({ kind: 'answer_lost' });
  });

  it('whose every last write the table refuses runs on, and is done after a minute', async () => {
    const writeId = await run();
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(throttled).mockImplementationOnce(throttled);
    await complete(writeId);
    expect(await begin()).toEqual({ kind: 'running' });
    now += MINUTE;
    expect(await begin()).toEqual({ kind: 'answer_lost' });
  });

  it('is new although the answer of its first write was lost, and the call was repeated', async () => {
    const put = tables.documents.putItem;
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(async (input) => {
      await put(input);
      return put(input);
    });
    expect(await begin()).toEqual(isNew);
    expect(await begin()).toEqual({ kind: 'running' });
  });

  it('is free again when its first write had its effect and failed all the same', async () => {
    const put = tables.documents.putItem;
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(async (input) => {
      await put(input);
      return throttled();
    });
    await expect(begin()).rejects.toThrow();
    expect(await begin()).toEqual(isNew);
  });

  it('is remembered for 24 hours, whether DynamoDB removes it or not', async () => {
    await complete(await run());
    now += 24 * HOUR - 1_000;
    expect(await begin()).toEqual({ kind: 'answered', answer: 'answer' });
    now += 1_000;
    expect(await begin('other')).toEqual(isNew);
  });
});
