import { describe, expect, it } from 'vitest';
import { BURST_MS, NEAR_MS, type RateLimitStore, type SlotRequest } from '../../functions/core/delivery/rate-limit.ts';
import { HOUR, NOW, SECOND } from '../support/domain.ts';
import { freshSubscription, type Subject } from './subject.ts';

/** 50 a second. */
const EVERY = 20;
const ask = (rest: Partial<SlotRequest> = {}): SlotRequest => ({
  ready: 0,
  fresh: 0,
  intervalMs: EVERY,
  lineIntervalMs: EVERY,
  now: NOW,
  ...rest,
});

export function describeRateLimitStore(name: string, { store, losing }: Subject<RateLimitStore>): void {
  describe(`the reservations of a rate-limited subscription in ${name}`, () => {
    it('begin with those slots of the last moments that were not used', async () => {
      const first = await store.reserveSlots(freshSubscription(), ask({ fresh: 10 }));
      expect(first).toMatchObject({ slots: 10, firstSlotAt: NOW - BURST_MS });
    });

    it('follow each other without a gap, and never share a slot', async () => {
      const id = freshSubscription();
      const starts: number[] = [];
      for (let batch = 0; batch < 5; batch += 1) {
        const { slots, firstSlotAt } = await store.reserveSlots(id, ask({ fresh: 10, now: NOW + batch }));
        expect(slots).toBe(10);
        starts.push(firstSlotAt);
      }
      expect(starts).toEqual([0, 1, 2, 3, 4].map((batch) => NOW - BURST_MS + batch * 10 * EVERY));
    });

    it('are those of one subscription alone', async () => {
      await store.reserveSlots(freshSubscription(), ask({ fresh: 10 }));
      expect(await store.reserveSlots(freshSubscription(), ask({ fresh: 1 }))).toMatchObject({
        firstSlotAt: NOW - BURST_MS,
      });
    });

    it('are near; what is over gets turns after the last near slot', async () => {
      const id = freshSubscription();
      const near = Math.floor((BURST_MS + NEAR_MS) / EVERY) + 1;
      const { slots, firstTurnAt } = await store.reserveSlots(id, ask({ fresh: near + 5 }));
      expect(slots).toBe(near);
      expect(firstTurnAt).toBe(NOW - BURST_MS + near * EVERY);
      const next = await store.reserveSlots(id, ask({ ready: 3 }));
      expect(next).toMatchObject({ slots: 0, firstTurnAt: firstTurnAt + 5 * EVERY });
    });

    it('let those whose turn has come go before all that come new', async () => {
      const id = freshSubscription();
      const flood = await store.reserveSlots(id, ask({ fresh: 500 }));
      const now = NOW + 3 * SECOND;
      const lineEndsAt = flood.firstTurnAt + (500 - flood.slots) * EVERY;
      expect(await store.reserveSlots(id, ask({ fresh: 4, now }))).toMatchObject({ slots: 0, firstTurnAt: lineEndsAt });
      expect(await store.reserveSlots(id, ask({ ready: 4, fresh: 2, now }))).toEqual({
        slots: 4,
        firstSlotAt: Math.max(flood.firstTurnAt, now - BURST_MS),
        firstTurnAt: lineEndsAt + 4 * EVERY,
      });
    });

    it('begin anew after a pause, with no more than a moment made up for', async () => {
      const id = freshSubscription();
      await store.reserveSlots(id, ask({ fresh: 1_000 }));
      const now = NOW + HOUR;
      expect(await store.reserveSlots(id, ask({ fresh: 2, now }))).toMatchObject({
        slots: 2,
        firstSlotAt: now - BURST_MS,
      });
    });

    it('forget a line whose turns nobody uses', async () => {
      const id = freshSubscription();
      await store.reserveSlots(id, ask({ fresh: 1_000 }));
      const now = NOW + 15 * SECOND;
      const slots = { slots: 1, firstSlotAt: now - BURST_MS };
      expect(await store.reserveSlots(id, ask({ fresh: 1, now }))).toMatchObject(slots);
      const next = { slots: 2, firstSlotAt: now - BURST_MS + EVERY };
      expect(await store.reserveSlots(id, ask({ fresh: 2, now }))).toMatchObject(next);
    });

    it('begin a line anew once the limit is raised', async () => {
      const id = freshSubscription();
      const slow = { intervalMs: 10 * SECOND, lineIntervalMs: 10 * SECOND };
      await store.reserveSlots(id, ask({ fresh: 100, ...slow }));
      const now = NOW + 9 * SECOND;
      const raised = await store.reserveSlots(id, ask({ ready: 100, fresh: 50, now }));
      // The second slot of the lower limit comes first.
      expect(raised).toEqual({ slots: 76, firstSlotAt: NOW + 9_500, firstTurnAt: NOW + 9_500 + 76 * EVERY });
      const end = raised.firstTurnAt + 74 * EVERY;
      expect(await store.reserveSlots(id, ask({ fresh: 1, now }))).toMatchObject({ slots: 0, firstTurnAt: end });
    });

    it('add up while many workers make them at the same time', async () => {
      const id = freshSubscription();
      const reserved = await Promise.all(
        Array.from({ length: 40 }, (_, worker) => store.reserveSlots(id, ask({ fresh: 7, now: NOW + worker }))),
      );
      const slots = reserved.flatMap(({ slots: count, firstSlotAt }) =>
        Array.from({ length: count }, (_, index) => Math.round(firstSlotAt + index * EVERY)),
      );
      const turns = reserved.flatMap(({ slots: count, firstTurnAt }) =>
        Array.from({ length: 7 - count }, (_, index) => Math.round(firstTurnAt + index * EVERY)),
      );
      expect(slots.length + turns.length).toBe(280);
      for (const times of [slots, turns]) {
        const sorted = times.toSorted((a, b) => a - b);
        expect(sorted.slice(1).every((at, index) => at - (sorted[index] ?? 0) === EVERY)).toBe(true);
      }
    });

    if (losing !== null) {
      it('are made once, although the answer was lost', async () => {
        const id = freshSubscription();
        const first = await losing(() => store.reserveSlots(id, ask({ fresh: 3 })));
        expect(first).toMatchObject({ slots: 3, firstSlotAt: NOW - BURST_MS });
        const second = await store.reserveSlots(id, ask({ fresh: 1 }));
        expect(second.firstSlotAt).toBe(NOW - BURST_MS + 3 * EVERY);
      });
    }
  });
}
