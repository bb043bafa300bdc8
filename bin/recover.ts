import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { API_OPTIONS, API_USAGE, createApiClient } from './api-client.ts';

const USAGE = `Usage: npm run recover -- --from TIME [--to TIME] [--dry-run]

Delivers the events of a range whose messages were lost: those that are on record, to the subscriptions that existed when
they came and have no delivery of them. See docs/recovery.md.

  --from TIME   by when Posthorn accepted the events, as in 2026-11-26T08:00:00Z
  --to TIME     until then (default: 15 minutes ago)
  --dry-run     only count
${API_USAGE}`;

const Job = z.object({
  id: z.string(),
  status: z.string(),
  progress: z.object({ done: z.int(), failed: z.int() }),
  error: z.object({ message: z.string() }).nullable(),
});

/** Starts the job, and waits for its end. */
async function main(): Promise<string> {
  const { values } = parseArgs({
    options: {
      ...API_OPTIONS,
      from: { type: 'string' },
      to: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { from, to, 'dry-run': dryRun } = values;
  if (values.help) return USAGE;
  if (from === undefined) throw new Error(USAGE);
  const call = createApiClient(values);
  let job = Job.parse(await call('POST', '/recoveries', JSON.stringify({ from, to, dryRun })));
  while (job.status === 'running') {
    await sleep(1_000);
    job = Job.parse(await call('GET', `/jobs/${job.id}`).catch((error: Error) => goesOn(job.id, error)));
  }
  const { id, status, progress, error } = job;
  if (status !== 'done') throw new Error(`${id} is ${status}. ${error?.message ?? ''}`);
  const unasked = progress.failed === 0 ? '' : `; for ${progress.failed} a filter would take too many steps`;
  return `${id}: ${progress.done} deliveries ${dryRun ? 'are missing' : 'were missing and are on their way'}${unasked}`;
}

/** What cannot be watched any more is not over. */
function goesOn(id: string, error: Error): never {
  throw new Error(`${error.message}\n${id} goes on: GET /v1/jobs/${id} tells how far it is.`);
}

try {
  console.log(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
