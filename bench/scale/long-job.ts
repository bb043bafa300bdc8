import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Place } from './place.ts';

const Job = z.object({ id: z.string(), status: z.string(), progress: z.object({ done: z.int(), failed: z.int() }) });

export interface LongJob {
  items: number;
  seconds: number;
  /** Of the functions' process: the most while its first tenth was worked on, and while its last was. */
  firstMb: number;
  lastMb: number;
}

/** A job over all deliveries of the log, a page after the other. It counts them, so that it is about the job alone. */
export async function runLongJob(place: Place, deliveries: number): Promise<LongJob> {
  const began = performance.now();
  const body = { from: new Date(Date.now() - 48 * 3_600_000).toISOString(), status: 'all', dryRun: true };
  const { id } = Job.parse(await place.post(`${place.log}/replays`, body));
  const most = { first: 0, last: 0 };
  for (;;) {
    const { status, progress } = Job.parse(await place.get(`/tenants/${place.tenant}/jobs/${id}`));
    const memoryMb = place.memoryMb();
    if (progress.done < deliveries / 10) most.first = Math.max(most.first, memoryMb);
    if (progress.done > (deliveries * 9) / 10) most.last = Math.max(most.last, memoryMb);
    if (status !== 'running') {
      if (status !== 'done' || progress.failed > 0) throw new Error(`the job over the whole log is ${status}`);
      const seconds = (performance.now() - began) / 1_000;
      return { items: progress.done, seconds, firstMb: most.first, lastMb: most.last };
    }
    await sleep(500);
  }
}
