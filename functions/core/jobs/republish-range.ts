import type { RejectedEvent } from '../event/rejected-event.ts';
import type { RejectedEventStore } from '../event/rejected-event-store.ts';
import { type RepublishPorts, republish } from '../event/republish.ts';
import { type Job, type JobPage, pageLimit, spanOf } from './job.ts';
import type { TaskOf } from './job-task.ts';

export interface RepublishRangePorts extends RepublishPorts {
  rejectedEvents: RepublishPorts['rejectedEvents'] & Pick<RejectedEventStore, 'listRejectedEvents'>;
}

/** Bodies may have 300 KB each. */
const REJECTED_PAGE = 25;

/** A page of the rejected events of a range, oldest first. Those that were published again before the job are passed over. */
export async function republishPage(
  ports: RepublishRangePorts,
  job: Job,
  { filter: { from, to, code, dryRun } }: TaskOf<'republish'>,
): Promise<JobPage> {
  const isOpen = ({ reason, republishedAt }: RejectedEvent): boolean =>
    (code === null || reason.code === code) && (republishedAt === null || republishedAt >= job.createdAt);
  const options = { limit: pageLimit(job, REJECTED_PAGE), after: job.cursor, from, to, oldestFirst: true };
  const page = await ports.rejectedEvents.listRejectedEvents(options, isOpen);
  const whole = page.values.filter(({ bodyTruncated }) => !bodyTruncated);
  if (!dryRun) await republish(ports, whole);
  const span = spanOf(
    page.values.map(({ rejectedAt }) => rejectedAt),
    { to },
  );
  return { done: whole.length, failed: page.values.length - whole.length, cursor: page.next, span };
}
