/*
 * One environment of a function: loads its bundle, as Lambda's runtime does, and runs what it is given, one at a time.
 * Plain JavaScript, because Node's stripping of types would be a part of the measured start.
 */
import { readFileSync } from 'node:fs';

const [entry, exportName] = process.argv.slice(2);
const bundle = await import(entry);
process.send({ type: 'loaded' });
process.on('disconnect', () => process.exit(0));

process.on('message', async ({ event, timeoutMs }) => {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const context = {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    awsRequestId: crypto.randomUUID(),
    getRemainingTimeInMillis: () => Math.max(0, Math.round(timeoutMs - (performance.now() - startedAt))),
  };
  let error = null;
  let answer = null;
  try {
    answer = (await bundle[exportName](JSON.parse(event), context)) ?? null;
  } catch (thrown) {
    error = String(thrown?.stack ?? thrown);
  }
  const { user, system } = process.cpuUsage(before);
  // The most so far. `resourceUsage` would count what the parent had before this program began.
  const rssMib = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1_024;
  const tookMs = performance.now() - startedAt;
  process.send({ type: 'answered', tookMs, cpuMs: (user + system) / 1_000, rssMib, answer, error });
});
