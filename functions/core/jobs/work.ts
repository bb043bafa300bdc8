import type { Job } from './job.ts';
import { type ReplayPorts, replayPage } from './replay.ts';
import type { JobWork } from './run-page.ts';

export type WorkPorts = ReplayPorts;

/** The work of each kind of job. */
export function createWork(ports: WorkPorts): JobWork {
  return async (job: Job) => {
    const { task } = job;
    switch (task.kind) {
      case 'replay':
        return replayPage(ports, job, task);
      default:
        return task.kind satisfies never;
    }
  };
}
