import { parseArgs } from 'node:util';
import * as z from 'zod';
import { API_OPTIONS, API_USAGE, createApiClient } from './api-client.ts';

const USAGE = `Usage: npm run redrive              the dead letters of all queues
       npm run redrive -- QUEUE     those of one: events, deliveries, retries or jobs

${API_USAGE}`;

const Redriven = z.object({ queues: z.array(z.object({ name: z.string(), moved: z.int(), isEmpty: z.boolean() })) });

/** Puts dead letters back into their queues until none is left, as what they were. */
async function main(): Promise<string> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...API_OPTIONS, help: { type: 'boolean', short: 'h' } },
  });
  const [queue, ...others] = positionals;
  if (values.help) return USAGE;
  if (others.length > 0) throw new Error(USAGE);
  const call = createApiClient(values);
  const body = JSON.stringify({ queue });
  const moved = new Map<string, number>();
  let isEmpty = false;
  while (!isEmpty) {
    const { queues } = Redriven.parse(await call('POST', '/dead-letters/redrive', body));
    for (const one of queues) moved.set(one.name, (moved.get(one.name) ?? 0) + one.moved);
    isEmpty = queues.every((one) => one.isEmpty);
  }
  return [...moved].map(([name, count]) => `${name}: ${count} messages were put back`).join('\n');
}

try {
  console.log(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
