import { setImmediate } from 'node:timers/promises';

/** A turn of the event loop that took less had nothing to do for anybody else. */
const IDLE_MS = 0.05;
/** So long costly filters wait for others between two stretches of a tenth of a millisecond, while there are any. */
const GIVE_WAY_MS = 2;

/** The event loop, as far as it matters here. Milliseconds. */
export interface EventLoop {
  now: () => number;
  /** Resolves once all else that is ready has had its turn. */
  turn: () => Promise<unknown>;
}

const EVENT_LOOP: EventLoop = { now: () => performance.now(), turn: () => setImmediate() };

/**
 * Lets other work of this process go first: ends the caller's turn of the event loop, and as many more as others use, but
 * waits no longer than `mostMs`, so that the caller gets on whatever the others do. Callers get on one after the other, not
 * all in one turn.
 */
export function createGiveWay(mostMs = GIVE_WAY_MS, { now, turn }: EventLoop = EVENT_LOOP): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await othersDone();
      next();
      // What it does now is no other's work.
      await turn();
    }
    isRunning = false;
  }

  async function othersDone(): Promise<void> {
    const since = now();
    for (let before = since; before - since < mostMs; ) {
      await turn();
      const after = now();
      if (after - before < IDLE_MS) return;
      before = after;
    }
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (!isRunning) void run();
    });
}
