import type { Context } from 'aws-lambda';
import type { Telemetry } from '../adapters/lambda/telemetry.ts';
import { type SweepDeps, sweepDue } from '../core/delivery/sweep.ts';
import { METRICS } from '../names.ts';

export interface SweepHandlerDeps extends Omit<SweepDeps, 'hasTime'>, Telemetry {}

/** Time kept back for the page that is under way. */
const RESERVE_MS = 10_000;

/** Runs every minute. What it does not get to, the next run does. */
export function createSweepHandler(deps: SweepHandlerDeps) {
  return async (_event: unknown, context: Context): Promise<void> => {
    const woken = await sweepDue({ ...deps, hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS });
    if (woken === 0) return;
    deps.logger.info('woke deliveries that were due', { woken });
    deps.counter.count(METRICS.deliveriesSwept, woken);
    deps.counter.publish();
  };
}
