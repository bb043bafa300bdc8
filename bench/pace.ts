import { setTimeout as sleep } from 'node:timers/promises';

type Work = (index: number) => Promise<unknown>;

/** Does something so many times, so many of them at once. */
export async function inParallel(count: number, atOnce: number, work: Work): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}

/** Begins it so many times a second, and waits for all. */
export async function paced(count: number, perSecond: number, work: Work): Promise<void> {
  const begun: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    const leftMs = startedAt + (index * 1_000) / perSecond - performance.now();
    if (leftMs > 0) await sleep(leftMs);
    begun.push(work(index));
  }
  await Promise.all(begun);
}
