import type { RateLimitStore } from '../../core/delivery/rate-limit.ts';

/** Slots of the last second that were not used can be used at the same moment. */
const BURST_MS = 1_000;
/** What a process has reserved and not used by then is lost: another process could not have it meanwhile. */
const HOLD_MS = 250;
/** A process that found no slot does not ask again before: a flood of refused requests costs four writes a second and process. */
const PAUSE_MS = 250;

/** What a process has of a key's slots. */
interface Held {
  slots: number;
  /** When the slots were reserved; epoch milliseconds. */
  reservedAt: number;
  /** How many slots the next reservation asks for. */
  size: number;
  /** Before that no reservation is made. */
  pausedUntil: number;
  /** A reservation that is under way, for all requests of this process. */
  reserving: Promise<void> | null;
}

export interface KeyLimitPorts {
  rates: RateLimitStore;
  /** Keeps what each key has. */
  remember: (keyId: string, load: () => Held) => Held;
  now: () => number;
}

/** Whether a request of a key may be served now; a key without a limit is not looked at. */
export type KeyLimit = (keyId: string, maxPerSecond: number) => Promise<boolean>;

/**
 * Limits the requests of keys over all processes of the API. Each reserves slots (GCRA) in one item a key, by one conditional write for several
 * requests: twice as many as before when it has used them all at once, and one again when some were left over. So in every window of
 * t seconds at most `maxPerSecond × (t + 1.25) + 1` requests are served.
 */
export function createKeyLimit({ rates, remember, now }: KeyLimitPorts): KeyLimit {
  async function reserve(held: Held, keyId: string, maxPerSecond: number): Promise<void> {
    const at = now();
    const intervalMs = Math.ceil(1_000_000 / maxPerSecond) / 1_000;
    // Whoever gets no slot is refused: there is no line.
    const line = { fresh: 0, lineIntervalMs: 0 };
    const request = { ready: held.size, ...line, intervalMs, now: at, burstMs: BURST_MS, nearMs: 0 };
    const { slots } = await rates.reserveSlots(keyId, request);
    held.slots = slots;
    held.reservedAt = at;
    if (slots === 0) held.pausedUntil = at + PAUSE_MS;
  }

  return async (keyId, maxPerSecond) => {
    const held = remember(keyId, () => ({ slots: 0, reservedAt: 0, size: 1, pausedUntil: 0, reserving: null }));
    const mostAtOnce = Math.max(1, Math.ceil((maxPerSecond * HOLD_MS) / 1_000));
    for (;;) {
      if (held.reserving !== null) {
        await held.reserving;
        continue;
      }
      const isLate = now() - held.reservedAt > HOLD_MS;
      if (held.slots > 0 && !isLate) {
        held.slots -= 1;
        return true;
      }
      if (now() < held.pausedUntil) return false;
      held.size = isLate ? 1 : Math.min(held.size * 2, mostAtOnce);
      held.reserving = reserve(held, keyId, maxPerSecond).finally(() => {
        held.reserving = null;
      });
    }
  };
}
