import { z } from 'zod';
import { StartError } from '../errors.ts';
import type { ResourceType } from '../template/resource-type.ts';
import type { Stack } from '../template/stack.ts';
import { functionNamed } from './functions/function.ts';
import type { FunctionSpec } from './functions/handler-protocol.ts';
import type { Invoke } from './functions/handlers.ts';

export const RULE = {
  type: 'AWS::Events::Rule',
  schema: z.strictObject({
    ScheduleExpression: z.string(),
    State: z.literal('ENABLED'),
    // Nothing that is invoked here gets lost on the way.
    Targets: z.array(z.strictObject({ Id: z.string(), Arn: z.string(), RetryPolicy: z.unknown().optional() })),
  }),
} satisfies ResourceType;

export interface Schedule {
  /** `rate(1 minute)` and the like, in milliseconds. */
  everyMs: number;
  functionName: string;
}

/** A schedule for each target of the rules. */
export function readSchedules(stack: Stack, functions: readonly FunctionSpec[]): Schedule[] {
  return stack.all(RULE).flatMap(({ properties }) =>
    properties.Targets.map((target) => ({
      everyMs: rateMs(properties.ScheduleExpression),
      functionName: functionNamed(target.Arn, functions),
    })),
  );
}

function rateMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (!unit) throw new StartError(`The schedule ${expression} is not emulated: write it as rate(…).`);
  return Number(count) * (unit === 'minute' ? 60_000 : unit === 'hour' ? 3_600_000 : 86_400_000);
}

export interface Schedules {
  /** Runs what has come due; called by itself every second, and at once when the test clock has moved. */
  tick(): void;
  /** Starts no more, and waits for the invocations that run. */
  stop(): Promise<void>;
}

const TICK_MS = 1_000;
/** The functions read nothing of it. */
const SCHEDULED_EVENT = { source: 'aws.events', 'detail-type': 'Scheduled Event' };

/** EventBridge rules with a rate. However many periods have passed, a rule that is due runs once. */
export function startSchedules(schedules: Schedule[], invoke: Invoke): Schedules {
  const due = new Map(schedules.map((schedule) => [schedule, Date.now() + schedule.everyMs]));

  const running = new Set<Promise<unknown>>();
  let stopping = false;

  function tick(): void {
    if (stopping) return;
    const now = Date.now();
    for (const [schedule, at] of due) {
      if (at > now) continue;
      due.set(schedule, now + schedule.everyMs);
      // That a function failed has been said where it ran.
      const work: Promise<unknown> = invoke(schedule.functionName, SCHEDULED_EVENT)
        .catch(() => {})
        .finally(() => running.delete(work));
      running.add(work);
    }
  }

  const timer = setInterval(tick, TICK_MS);
  return {
    tick,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
