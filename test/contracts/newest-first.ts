import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListOptions, Matches, Page } from '../../functions/core/page.ts';
import { HOUR, NOW } from '../support/domain.ts';
import { RETENTION_MS, readPages, type Subject, WHOLE } from './subject.ts';

/** A list of its own for each test. */
export interface ListSubject<T> {
  /** Adds things with these ids at these moments (epoch milliseconds). */
  add: (entries: readonly { id: string; at: number }[]) => Promise<void>;
  /** Takes a thing out of the list; null for a list that only grows. */
  remove: ((thing: T) => Promise<void>) | null;
  list: (options: ListOptions, matches: Matches<T>) => Promise<Page<T>>;
  idOf: (thing: T) => string;
  setNow: Subject<unknown>['setNow'];
}

const MOMENTS = 7;
const entries = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `e${index}`, at: NOW - (index % MOMENTS) * HOUR }));
/** By time, then by id, both descending. */
const newestFirst = (list: readonly { id: string; at: number }[]): string[] =>
  list.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);

/** What every list by time promises (core/page.ts). */
export function describeNewestFirst<T>(fresh: () => ListSubject<T> | Promise<ListSubject<T>>): void {
  describe('the list', () => {
    it('is newest first, or oldest first, whole and without repetition, whatever the size of its pages', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(fc.nat(20), fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/)), {
            maxLength: 30,
            selector: ([, id]) => id,
          }),
          fc.integer({ min: 1, max: 12 }),
          fc.boolean(),
          async (generated, limit, oldestFirst) => {
            const { add, list, idOf } = await fresh();
            const added = generated.map(([hours, id]) => ({ id, at: NOW - hours * HOUR }));
            await add(added);
            const listed = await readPages((after) => list({ ...WHOLE, limit, after, oldestFirst }, null));
            const expected = newestFirst(added);
            expect(listed.map(idOf)).toEqual(oldestFirst ? expected.toReversed() : expected);
          },
        ),
        { numRuns: 10 },
      );
    });

    it('fills its pages, and has no page after its last thing', async () => {
      const { add, list } = await fresh();
      await add(entries(20));
      const first = await list({ ...WHOLE, limit: 10 }, null);
      expect(first.values).toHaveLength(10);
      const second = await list({ ...WHOLE, limit: 10, after: first.next }, null);
      expect(second).toMatchObject({ values: { length: 10 }, next: null });
    });

    it('that is empty has one page', async () => {
      const { list } = await fresh();
      expect(await list(WHOLE, null)).toEqual({ values: [], next: null });
    });

    it('shows each thing once, although newer ones come between its pages', async () => {
      const { add, list, idOf } = await fresh();
      await add(entries(22));
      let round = 0;
      const listed = await readPages(
        (after) => list({ ...WHOLE, limit: 4, after }, null),
        async () => {
          round += 1;
          await add([{ id: `new${round}`, at: NOW + round }]);
        },
      );
      expect(listed.map(idOf)).toEqual(newestFirst(entries(22)));
    });

    it('goes on at its cursor, although the thing there has left the list', async () => {
      const { add, list, remove, idOf } = await fresh();
      if (remove === null) return;
      await add(entries(9));
      const first = await list({ ...WHOLE, limit: 4 }, null);
      const [last] = first.values.slice(-1);
      if (last === undefined) throw new Error('the first page is empty');
      await remove(last);
      const second = await list({ ...WHOLE, after: first.next }, null);
      expect([...first.values, ...second.values].map(idOf)).toEqual(newestFirst(entries(9)));
      const again = await list(WHOLE, null);
      expect(again.values.map(idOf)).toEqual(newestFirst(entries(9)).filter((id) => id !== idOf(last)));
    });

    it('of a range of time holds both ends', async () => {
      const { add, list, idOf } = await fresh();
      const added = entries(21);
      await add(added);
      const between = async (from: number | null, to: number | null) =>
        (await list({ ...WHOLE, limit: 100, from, to }, null)).values.map(idOf);
      const inside = (from: number, to: number) => newestFirst(added.filter(({ at }) => at >= from && at <= to));
      expect(await between(NOW - 3 * HOUR, NOW - HOUR)).toEqual(inside(NOW - 3 * HOUR, NOW - HOUR));
      expect(await between(NOW - 3 * HOUR + 1, NOW - HOUR - 1)).toEqual(inside(NOW - 2 * HOUR, NOW - 2 * HOUR));
      expect(await between(null, NOW - 5 * HOUR)).toEqual(inside(0, NOW - 5 * HOUR));
      expect(await between(NOW - HOUR, null)).toEqual(inside(NOW - HOUR, NOW));
    });

    it('of a range that ends before it begins is empty', async () => {
      const { add, list } = await fresh();
      await add(entries(3));
      expect(await list({ ...WHOLE, from: NOW, to: NOW - HOUR }, null)).toEqual({ values: [], next: null });
    });

    it('that is oldest first goes on within its range', async () => {
      const { add, list, idOf } = await fresh();
      const added = entries(21);
      await add(added);
      const range = { from: NOW - 4 * HOUR, to: NOW - 2 * HOUR, oldestFirst: true };
      const listed = await readPages((after) => list({ ...WHOLE, limit: 2, after, ...range }, null));
      const inside = added.filter(({ at }) => at >= range.from && at <= range.to);
      expect(listed.map(idOf)).toEqual(newestFirst(inside).toReversed());
    });

    it('is empty after a cursor that is older than its range', async () => {
      const { add, list } = await fresh();
      await add(entries(14));
      const { next } = await list({ ...WHOLE, limit: 13 }, null);
      expect(next).not.toBeNull();
      expect(await list({ ...WHOLE, from: NOW - HOUR, after: next }, null)).toEqual({ values: [], next: null });
    });

    it('with a filter finds what matches, and no page is endless', async () => {
      const { add, list, idOf } = await fresh();
      await add(entries(40));
      const wanted = new Set(['e0', 'e13', 'e39']);
      const matches = (thing: T) => wanted.has(idOf(thing));
      for (const limit of [1, 2, 25]) {
        const found = await readPages((after) => list({ ...WHOLE, limit, after }, matches));
        expect(found.map(idOf)).toEqual(newestFirst(entries(40).filter(({ id }) => wanted.has(id))));
      }
      expect(await readPages((after) => list({ ...WHOLE, after }, () => false))).toEqual([]);
    });

    it('leaves out what has expired, and only that', async () => {
      const { add, list, idOf, setNow } = await fresh();
      await add(entries(3));
      setNow(NOW + 1_000);
      await add([{ id: 'later', at: NOW }]);
      setNow(NOW + RETENTION_MS - 1);
      expect((await list(WHOLE, null)).values).toHaveLength(4);
      setNow(NOW + RETENTION_MS);
      expect((await list({ ...WHOLE, limit: 2 }, null)).values.map(idOf)).toEqual(['later']);
      setNow(NOW + RETENTION_MS + 1_000);
      expect(await list(WHOLE, null)).toEqual({ values: [], next: null });
    });
  });
}
