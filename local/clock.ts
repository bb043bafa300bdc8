/**
 * The test clock: `Date` moved ahead by an offset which all threads of a process share. Timers keep real time; only what
 * reads `Date` moves, and that is what decides in the emulators, the poller, the schedules and the handlers.
 */

/** One 64-bit float: milliseconds that `Date` is ahead of the machine's clock. */
export type ClockBuffer = SharedArrayBuffer;

const RealDate = Date;
const realNow = RealDate.now;
let installed: Float64Array | undefined;

export function createClockBuffer(offsetMs: number): ClockBuffer {
  const buffer = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(buffer)[0] = offsetMs;
  return buffer;
}

export function clockOffsetMs(buffer: ClockBuffer): number {
  return new Float64Array(buffer)[0] ?? 0;
}

export function setClockOffsetMs(buffer: ClockBuffer, offsetMs: number): void {
  new Float64Array(buffer)[0] = offsetMs;
}

function now(): number {
  // Whole milliseconds: a fraction would surprise whoever stores or formats the number.
  return realNow() + Math.round(installed?.[0] ?? 0);
}

/** Replaces this thread's `Date`. Call it before any other module keeps a reference to `Date.now`. */
export function installClock(buffer: ClockBuffer): void {
  if (!installed) {
    RealDate.now = now;
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
      apply: () => new RealDate(now()).toString(),
    });
    // `new someDate.constructor()` has to give the moved time as well.
    RealDate.prototype.constructor = globalThis.Date;
  }
  installed = new Float64Array(buffer);
}

export function uninstallClock(): void {
  RealDate.now = realNow;
  RealDate.prototype.constructor = RealDate;
  globalThis.Date = RealDate;
  installed = undefined;
}
