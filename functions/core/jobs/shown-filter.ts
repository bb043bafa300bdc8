import type { JobTask } from './job-task.ts';

/** Which items a job is about, as callers see it: its numbers are times, shown in RFC 3339. */
export function shownFilter({ filter }: JobTask): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [
      name,
      typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  );
}
