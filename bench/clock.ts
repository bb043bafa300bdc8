import { hrtime } from 'node:process';

/**
 * Milliseconds, with fractions, of the clock that all processes of the machine share and nobody sets. Epoch times of two processes differ by
 * what the system's clock was moved between their starts: milliseconds, where latencies are a few.
 */
export function sharedClockMs(): number {
  return Number(hrtime.bigint()) / 1e6;
}
