import {
  FIRST_PLACE,
  type SettleParkedPorts,
  WaitingPlace,
  type WakeWaitingPorts,
  wakeWaiting,
} from '../delivery/settle-parked.ts';
import { type Job, type JobPage, POSTHORN } from './job.ts';
import type { TaskOf } from './job-task.ts';
import type { Jobs } from './jobs.ts';

export interface SettleParkedJobPorts {
  waiting: WakeWaitingPorts['store'];
  retries: WakeWaitingPorts['retries'];
  now: () => number;
}

/** Goes on with what waits for a subscription, as a job. */
export function settleAsJob({ start }: Pick<Jobs, 'start'>): SettleParkedPorts['goOn'] {
  return ({ tenantId, subscriptionId }, from, woken) =>
    start({
      task: { kind: 'settle_parked', tenantId, subscriptionId, filter: {} },
      maxPerSecond: null,
      createdBy: POSTHORN,
      begun: { cursor: JSON.stringify(from), done: woken },
    });
}

/** A page of what waits for a subscription is woken. Woken twice, a delivery gets one attempt. */
export async function settleParkedPage(
  { waiting: store, retries, now }: SettleParkedJobPorts,
  { cursor }: Job,
  task: TaskOf<'settle_parked'>,
): Promise<JobPage> {
  const place = cursor === null ? FIRST_PLACE : WaitingPlace.parse(JSON.parse(cursor));
  const { woken, next } = await wakeWaiting({ store, retries, now }, task, place);
  return { done: woken, failed: 0, cursor: next === null ? null : JSON.stringify(next) };
}
