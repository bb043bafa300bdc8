import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

/** A turn of the event loop that took less had nothing to do for anybody else. */
const IDLE_MS = 0.05;
/** So long costly work waits for others before it gets on, while there are any. */
const GIVE_WAY_MS = 2;
/** After so much work it rests as long, if others are about. A timer is not exact to less. */
const LOOK_AFTER_MS = 0.5;
/** Others that were busy for so long between two looks are about, and for so long after. */
const NOTICED_MS = 0.1;
const ABOUT_MS = 100;

/** The event loop, as far as it matters here. Milliseconds. */
export interface EventLoop {
  now: () => number;
  /** For how long it has been busy in all, whoever kept it so. */
  busy: () => number;
  /** Resolves once all else that is ready has had its turn. */
  turn: () => Promise<unknown>;
  rest: (ms: number) => Promise<unknown>;
}

const EVENT_LOOP: EventLoop = {
  now: () => performance.now(),
  busy: () => performance.eventLoopUtilization().active,
  turn: () => setImmediate(),
  rest: (ms) => sleep(ms),
};

/** Waits for a turn in which there is nothing to do. False if none came within `mostMs`. */
async function idleTurn(mostMs: number, { now, turn }: Pick<EventLoop, 'now' | 'turn'>): Promise<boolean> {
  const since = now();
  for (let before = since; before - since < mostMs; ) {
    await turn();
    const after = now();
    if (after - before < IDLE_MS) return true;
    before = after;
  }
  return false;
}

/** So long a busy process gets to look at all that has come. */
const CATCH_UP_MS = 250;

/**
 * Whether this process has looked at all answers that have come; false if it is too busy to say so within a quarter of a second. A
 * timer goes off before the answers are read that came while the process did something else.
 */
export const hasCaughtUp = (loop: Pick<EventLoop, 'now' | 'turn'> = EVENT_LOOP): Promise<boolean> =>
  idleTurn(CATCH_UP_MS, loop);

/**
 * Lets other work of this process go first; to be called before each piece of costly work, which is what follows in the same turn of the
 * event loop. Ends the caller's turn, and waits for as many more as others use, but no longer than `mostMs`; and rests for as long
 * as the pieces before took, while others are about. The caller gets on in the end, whatever the others do. Callers get on one after the other, not all in one turn.
 */
export function createGiveWay(mostMs = GIVE_WAY_MS, loop: EventLoop = EVENT_LOOP): () => Promise<void> {
  const { now, busy, turn } = loop;
  const waiting: (() => void)[] = [];
  let isRunning = false;
  /** Since the last look. */
  let worked = 0;
  let busyAtLook = busy();
  let othersUntil = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    isRunning = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await idleTurn(mostMs, loop);
      const since = now();
      next();
      // What it does now is no other's work.
      await turn();
      worked += now() - since;
      if (worked >= LOOK_AFTER_MS) await restFrom(worked);
    }
    isRunning = false;
  }

  /** Between two stretches there may be nothing to do for others, who wait for a processor or for an answer all the same. */
  async function restFrom(ms: number): Promise<void> {
    if (busy() - busyAtLook - ms > NOTICED_MS) othersUntil = now() + ABOUT_MS;
    worked = 0;
    busyAtLook = busy();
    if (now() < othersUntil) await loop.rest(ms);
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (!isRunning) void run();
    });
}
