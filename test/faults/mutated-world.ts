import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Finding } from './findings.ts';
import type { Mutation } from './mutations.ts';

/*
 * A thread in which one file of the functions is loaded with a safeguard taken out. It runs the world with one seed after
 * another until the checker finds something.
 */

export interface MutatedRun {
  mutation: Mutation;
  seeds: readonly number[];
  events: number;
}

/** `seed`: the first with which something was found; null if there was none. */
export interface MutatedVerdict {
  seed: number | null;
  findings: Finding[];
}

const { mutation, seeds, events }: MutatedRun = workerData;
const url = new URL(`../../functions/${mutation.file}`, import.meta.url).href;
let isLoaded = false;
registerHooks({
  load(loaded, context, next) {
    const result = next(loaded, context);
    if (loaded !== url) return result;
    const source = String(result.source);
    if (source.split(mutation.from).length !== 2)
      throw new Error(`functions/${mutation.file} does not have this once: ${mutation.from}`);
    isLoaded = true;
    return { ...result, source: source.replace(mutation.from, () => mutation.to) };
  },
});
// Loaded only now, so that the hook sees it.
const { runWorld } = await import('./world.ts');
const { checkCampaign } = await import('./check-campaign.ts');
if (!isLoaded) throw new Error(`functions/${mutation.file} is not used`);

const verdict: MutatedVerdict = { seed: null, findings: [] };
for (const seed of seeds) {
  const { record } = await runWorld({ seed, events });
  const { findings } = checkCampaign(record);
  if (findings.length === 0) continue;
  verdict.seed = seed;
  verdict.findings = findings;
  break;
}
parentPort?.postMessage(verdict);
