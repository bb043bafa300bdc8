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
  const begin = (fingerprint = 'f') => idempotency.begin(`key-${number}`, fingerprint, null);

  /** Begins it, and returns its run. */
  async function run() {
    const begun = await begin();
    if (begun.kind !== 'new') throw new Error(`it is ${begun.kind}`);
    return begun.run;
  }
  type Run = Awaited<ReturnType<typeof run>>;
  const isNew = { kind: 'new', isRepeated: false, run: { writeId: expect.any(String) } };
  const complete = (begun: Run, answer: string | null = 'answer') =>
    idempotency.complete(`key-${number}`, begun, answer);

  it('is new once, then running, then answered', async () => {
    const begun = await run();
    expect(await begin()).toEqual({ kind: 'running' });
    await complete(begun);
    expect(await begin()).toEqual({ kind: 'answered', answer: 'answer' });
  });

  it('is new to one of those that come at once', async () => {
    const begun = await Promise.all([1, 2, 3, 4].map(() => begin()));
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual(['new', 'running', 'running', 'running']);
  });

  it('may not be another one, neither while it runs nor later', async () => {
    const begun = await run();
    expect(await begin('other')).toEqual({ kind: 'different' });
    await complete(begun);
    expect(await begin('other')).toEqual({ kind: 'different' });
  });

  const fail = (begun: Run) => idempotency.fail(`key-${number}`, begun);

  it('that has failed runs again as a repetition, and knows when it began first', async () => {
    await fail(await run());
    now += HOUR;
    const begun = await begin();
    expect(begun).toMatchObject({ kind: 'new', isRepeated: true, run: { begunAt: NOW } });
    expect(await begin()).toEqual({ kind: 'running' });
    if (begun.kind === 'new') await complete(begun.run);
    expect(await begin()).toEqual({ kind: 'answered', answer: 'answer' });
  });

  it('that has failed leaves its key to another one', async () => {
    await fail(await run());
    now += HOUR;
    expect(await begin('other')).toMatchObject({ ...isNew, run: { begunAt: NOW + HOUR } });
  });

  it('that has failed is run again by one of those that come at once', async () => {
    await fail(await run());
    const begun = await Promise.all([1, 2, 3, 4].map(() => begin()));
    expect(begun.map(({ kind }) => kind).toSorted()).toEqual(['new', 'running', 'running', 'running']);
  });

  it('that has failed is run again although the answer of the write was lost, and the call was repeated', async () => {
    await fail(await run());
    const put = tables.documents.putItem;
    vi.spyOn(tables.documents, 'putItem')
      .mockImplementationOnce(put)
      .mockImplementationOnce(async (input) => {
        await put(input);
        return put(input);
      });
    expect(await begin()).toMatchObject({ kind: 'new', isRepeated: true });
    expect(await begin()).toEqual({ kind: 'running' });
  });

  it('is not failed by another run', async () => {
    await fail({ ...(await run()), writeId: 'another' });
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
    const begun = await run();
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(throttled);
    await complete(begun);
    expect(await begin()).toEqual({ kind: 'answer_lost' });
  });

  it('whose every last write the table refuses runs on, and is done after a minute', async () => {
    const begun = await run();
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(throttled).mockImplementationOnce(throttled);
    await complete(begun);
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
    expect(await begin()).toMatchObject(isNew);
    expect(await begin()).toEqual({ kind: 'running' });
  });

  it('is free again when its first write had its effect and failed all the same', async () => {
    const put = tables.documents.putItem;
    vi.spyOn(tables.documents, 'putItem').mockImplementationOnce(async (input) => {
      await put(input);
      return throttled();
    });
    await expect(begin()).rejects.toThrow();
    expect(await begin()).toMatchObject({ kind: 'new' });
  });

  it('is remembered for 24 hours, whether DynamoDB removes it or not', async () => {
    await complete(await run());
    now += 24 * HOUR - 1_000;
    expect(await begin()).toEqual({ kind: 'answered', answer: 'answer' });
    now += 1_000;
    expect(await begin('other')).toMatchObject(isNew);
  });
});
