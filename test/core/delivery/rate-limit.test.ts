import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BURST_MS,
  fits,
  NEAR_MS,
  NO_RESERVATIONS,
  planReservation,
  type RateState,
  reservationOf,
  reserve,
  type SlotRequest,
} from '../../../functions/core/delivery/rate-limit.ts';
import { NOW } from '../../support/domain.ts';

/** Four a second. */
const EVERY = 250;
const ask = (rest: Partial<SlotRequest>): SlotRequest => ({
  ready: 0,
  fresh: 0,
  intervalMs: EVERY,
  lineIntervalMs: EVERY,
  now: NOW,
  ...rest,
});
const FREE = NO_RESERVATIONS;
/** Slots up to 1 s from now, a line up to 20 s from now. */
const BUSY: RateState = { nextSlotAt: NOW + 1_000, lineEndsAt: NOW + 20_000, lineIntervalMs: EVERY };
/** From 500 ms ago to 2 s from now, both included. */
const ROOM = 11;

describe('a reservation', () => {
  it.each<[string, RateState, Partial<SlotRequest>, object]>([
    ['one alone, at once', FREE, { fresh: 1 }, { slots: 1, firstSlotAt: NOW - BURST_MS }],
    ['all that is near', FREE, { fresh: ROOM }, { slots: ROOM }],
    ['the rest in a new line', FREE, { fresh: 15 }, { slots: ROOM, firstTurnAt: NOW - BURST_MS + ROOM * EVERY }],
    ['new ones, at the end of the line', BUSY, { fresh: 2 }, { slots: 0, firstTurnAt: NOW + 20_000 }],
    ['those that have waited, before it', BUSY, { ready: 2 }, { slots: 2, firstSlotAt: NOW + 1_000 }],
    [
      'each as it comes',
      BUSY,
      { ready: 6, fresh: 1 },
      { slots: 5, firstSlotAt: NOW + 1_000, firstTurnAt: NOW + 20_000 },
    ],
    ['a line that is over', { ...BUSY, lineEndsAt: NOW }, { fresh: 1 }, { slots: 1, firstSlotAt: NOW + 1_000 }],
    [
      'a line whose slots nobody has taken for ten seconds',
      { ...BUSY, nextSlotAt: NOW - 10_001 },
      { fresh: 15 },
      { slots: ROOM, firstTurnAt: NOW - BURST_MS + ROOM * EVERY },
    ],
    [
      'a line that may be waiting still',
      { ...BUSY, nextSlotAt: NOW - 10_000 },
      { fresh: 1 },
      { slots: 0, firstTurnAt: NOW + 20_000 },
    ],
    [
      'a line of a lower limit',
      { ...BUSY, lineIntervalMs: EVERY + 1 },
      { fresh: 6 },
      { slots: 5, firstTurnAt: NOW + 1_000 + 5 * EVERY },
    ],
    [
      'a line of a higher limit',
      { ...BUSY, lineIntervalMs: EVERY - 1 },
      { fresh: 1 },
      { slots: 0, firstTurnAt: NOW + 20_000 },
    ],
    ['no slot near', { ...BUSY, nextSlotAt: NOW + 2_001 }, { ready: 1 }, { slots: 0, firstTurnAt: NOW + 20_000 }],
    [
      'at most one request in ten seconds',
      FREE,
      { fresh: 2, intervalMs: 10_000, lineIntervalMs: 10_000 },
      { slots: 1, firstTurnAt: NOW + 9_500 },
    ],
    [
      'turns that are closer than slots, while the rate rises',
      FREE,
      { fresh: 3, intervalMs: 5_000 },
      { slots: 1, firstTurnAt: NOW + 4_500 },
    ],
  ])('%s', (_, seen, request, expected) => {
    const plan = planReservation(seen, ask(request));
    expect(fits(plan, seen)).toBe(true);
    expect(reservationOf(plan, reserve(plan, seen))).toMatchObject(expected);
  });

  it('leaves nothing of a line that nobody waits in, also if it gives no turn', () => {
    const left = { ...BUSY, nextSlotAt: NOW - 60_000 };
    const used = reserve(planReservation(left, ask({ fresh: 1 })), left);
    const next = planReservation(used, ask({ fresh: 1 }));
    expect(reservationOf(next, reserve(next, used))).toMatchObject({ slots: 1, firstSlotAt: NOW - BURST_MS + EVERY });
  });

  it.each<[string, RateState, boolean]>([
    ['more slots were taken, and those of the plan are near still', { ...BUSY, nextSlotAt: NOW + 1_500 }, true],
    ['those of the plan would be too far away', { ...BUSY, nextSlotAt: NOW + 1_501 }, false],
    ['none is reserved any more', { ...BUSY, nextSlotAt: NOW - BURST_MS - 1 }, false],
    ['the line became longer', { ...BUSY, lineEndsAt: NOW + 90_000 }, true],
    ['the line is over', { ...BUSY, lineEndsAt: NOW }, false],
    ['the limit was lower', { ...BUSY, lineIntervalMs: EVERY + 1 }, false],
  ])('made on what is out of date: %s', (_, now, still) => {
    expect(fits(planReservation(BUSY, ask({ ready: 3, fresh: 2 })), now)).toBe(still);
  });
});

const requests = fc.array(
  fc.record({
    ready: fc.nat(10),
    fresh: fc.nat(10),
    /** Since the request before. */
    afterMs: fc.oneof(fc.nat(50), fc.nat(3_000), fc.nat(60_000)),
    /** How many requests old the state is that the plan is made on. */
    age: fc.nat(3),
  }),
  { minLength: 1, maxLength: 60 },
);

/** What workers get one after the other; each plans by a state that may be out of date, and again if it does not fit. */
function reserveAll(intervalMs: number, asked: typeof requests extends fc.Arbitrary<infer T> ? T : never) {
  const states = [FREE];
  const slots: number[] = [];
  const lines: number[][] = [[]];
  let now = NOW;
  for (const { ready, fresh, afterMs, age } of asked) {
    now += afterMs;
    const current = states.at(-1) ?? FREE;
    const request = { ready, fresh, intervalMs, lineIntervalMs: intervalMs, now };
    const early = planReservation(states.at(-1 - age) ?? FREE, request);
    const plan = fits(early, current) ? early : planReservation(current, request);
    expect(fits(plan, current)).toBe(true);
    const left = reserve(plan, current);
    if (plan.lineBegins) lines.push([]);
    const { slots: count, firstSlotAt, firstTurnAt } = reservationOf(plan, left);
    for (let index = 0; index < ready + fresh; index += 1) {
      if (index < count) {
        const at = firstSlotAt + index * intervalMs;
        expect(at).toBeLessThanOrEqual(now + NEAR_MS + 0.01);
        slots.push(Math.max(at, now));
      } else lines.at(-1)?.push(firstTurnAt + (index - count) * intervalMs);
    }
    states.push(left);
  }
  return { slots, lines };
}

describe('whatever is asked for, and however old what a worker has seen', () => {
  const intervals = fc.constantFrom(1, 20, 333.334, 1_000, 10_000);

  it('no window has more slots than the rate and the burst allow', () => {
    fc.assert(
      fc.property(intervals, requests, (intervalMs, asked) => {
        const { slots } = reserveAll(intervalMs, asked);
        const sorted = slots.toSorted((a, b) => a - b);
        for (const [first, from] of sorted.entries()) {
          for (let last = first; last < sorted.length; last += 1) {
            const windowMs = (sorted[last] ?? 0) - from;
            expect(last - first + 1).toBeLessThanOrEqual((windowMs + BURST_MS) / intervalMs + 1.01);
          }
        }
      }),
    );
  });

  it('no two get the same turn in a line', () => {
    fc.assert(
      fc.property(intervals, requests, (intervalMs, asked) => {
        for (const line of reserveAll(intervalMs, asked).lines) {
          const sorted = line.toSorted((a, b) => a - b);
          for (const [index, at] of sorted.slice(1).entries()) {
            expect(at - (sorted[index] ?? 0)).toBeGreaterThanOrEqual(intervalMs - 0.01);
          }
        }
      }),
    );
  });
});
