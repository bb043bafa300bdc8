import { afterEach, expect, test } from 'vitest';
import { createClockBuffer, installClock, setClockOffsetMs, uninstallClock } from '../../local/clock.ts';

const RealDate = Date;
const HOUR_MS = 3_600_000;
afterEach(uninstallClock);

test('every way to ask for the present gives the moved time, every given time stays', () => {
  const buffer = createClockBuffer(0);
  const real = performance.timeOrigin + performance.now();
  installClock(buffer);
  setClockOffsetMs(buffer, HOUR_MS);
  const moved = (milliseconds: number) => Math.abs(milliseconds - real - HOUR_MS) < 60_000;
  expect(Date.now()).toSatisfy(moved);
  const present = new Date();
  expect(present.getTime()).toSatisfy(moved);
  expect(Date.parse(Date())).toSatisfy(moved);
  expect(Reflect.construct(new Date(0).constructor, []).getTime()).toSatisfy(moved);
  class Own extends Date {}
  expect(new Own().getTime()).toSatisfy(moved);
  expect(new Own()).toBeInstanceOf(Own);

  expect(new Date(5).getTime()).toBe(5);
  expect(new Date('2026-01-01T00:00:00Z').toISOString()).toBe('2026-01-01T00:00:00.000Z');
  expect(new Date(2026, 0)).toBeInstanceOf(Date);
  expect(Date.UTC(1970, 0)).toBe(0);
  expect(structuredClone(new Date(7)).getTime()).toBe(7);
});

test('is gone when it is uninstalled', () => {
  installClock(createClockBuffer(HOUR_MS));
  uninstallClock();
  expect(Date).toBe(RealDate);
  expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000);
});
