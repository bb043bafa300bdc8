import { setTimeout as delay } from 'node:timers/promises';

/** Longer than this no answer waits for work that is not its own. */
const MAX_WAIT_MS = 200;

/** Work beside a request. The answer waits for it, briefly, because Lambda stops the process after an answer. */
export interface SideWork {
  /** What fails is reported and harms no request. */
  begin(work: Promise<void>): void;
  settled(): Promise<void>;
}

export function createSideWork(reportFailure: (error: unknown) => void): SideWork {
  const running = new Set<Promise<void>>();
  return {
    begin(work) {
      const done = work.catch(reportFailure).finally(() => running.delete(done));
      running.add(done);
    },
    async settled() {
      if (running.size > 0) await Promise.race([Promise.all(running), delay(MAX_WAIT_MS)]);
    },
  };
}
