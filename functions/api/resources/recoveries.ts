import * as z from 'zod';
import { Moment } from '../../core/event/moment.ts';
import type { Jobs } from '../../core/jobs/jobs.ts';
import { invalidField } from '../../core/refusal.ts';
import { routesOf } from '../http/route.ts';
import { JOB_STARTED, jobStarted } from '../schemas/job.ts';

const route = routesOf('Operations', 'company');

export const createRecoveryRoutes = ({ jobs, now }: { jobs: Jobs; now: () => number }) => [
  route('POST', '/v1/recoveries', {
    id: 'recoverEvents',
    summary: 'Deliver the events whose messages were lost',
    body: z
      .strictObject({
        from: Moment.meta({ description: 'Events that Posthorn accepted from then on.' }),
        to: Moment.optional().meta({
          description: 'Until now, if absent. What is younger than 15 minutes is left out: it may be on its way.',
        }),
        dryRun: z.boolean().default(false).meta({ description: 'The job counts what it would do, and does nothing.' }),
      })
      .meta({ id: 'RecoveryInput' }),
    responses: JOB_STARTED,
    run: async ({ body: { from, to = now(), dryRun }, principal }) => {
      if (from > to) return invalidField('/to', 'must not be before from');
      const task = { kind: 'recover', tenantId: null, subscriptionId: null, filter: { from, to, dryRun } } as const;
      return jobStarted(await jobs.start({ task, maxPerSecond: null, createdBy: principal.id }));
    },
  }),
];
