import { type OwedSystemEvent, systemEventId } from '../system-event/system-event.ts';
import type { Job } from './job.ts';
import { shownFilter } from './shown-filter.ts';

/** The system event that tells of a job's end. */
export function jobEnded({ id, task, status, progress, createdAt, endedAt, error }: Job): OwedSystemEvent {
  const { kind, tenantId, subscriptionId } = task;
  const at = endedAt ?? createdAt;
  const times = { createdAt: new Date(createdAt).toISOString(), endedAt: new Date(at).toISOString() };
  const job = { id, kind, filter: shownFilter(task), status, progress, ...times, error };
  const event = { type: 'posthorn.job.ended' as const, data: { tenantId, subscriptionId, job } };
  return { id: systemEventId(`${id} ended`), at, event };
}
