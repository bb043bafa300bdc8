import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../template/resource-names.ts';
import type { Schedule } from '../template/template.ts';
import type { Invoke } from './functions/handlers.ts';

export interface Schedules {
  /** Runs what has come due; called by itself every second, and at once when the test clock has moved. */
  tick(): void;
  stop(): void;
}

const TICK_MS = 1_000;

/** EventBridge rules with a rate. However many periods have passed, a rule that is due runs once. */
export function startSchedules(schedules: Schedule[], invoke: Invoke): Schedules {
  const due = new Map(schedules.map((schedule) => [schedule, Date.now() + schedule.everyMs]));

  function tick(): void {
    const now = Date.now();
    for (const [schedule, at] of due) {
      if (at > now) continue;
      due.set(schedule, now + schedule.everyMs);
      // That a function failed has been said where it ran.
      invoke(schedule.functionName, eventOf(schedule, now)).catch(() => {});
    }
  }

  const timer = setInterval(tick, TICK_MS);
  return { tick, stop: () => clearInterval(timer) };
}

function eventOf(schedule: Schedule, now: number): unknown {
  if (schedule.input !== undefined) return JSON.parse(schedule.input);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT_ID,
    time: new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: REGION,
    resources: [schedule.arn],
    detail: {},
  };
}
