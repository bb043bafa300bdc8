import * as z from 'zod';
import { ResponseStatus } from '../../core/delivery/response-status.ts';
import { DATA_EXPUNGED } from '../../core/event/event.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import { EventTypePattern } from '../../core/event/event-type.ts';
import { Moment } from '../../core/event/moment.ts';
import { SubscriptionId } from '../../core/ids.ts';
import { CANCELLATION_STATUSES, REPLAY_STATUSES } from '../../core/jobs/job-task.ts';
import type { Jobs } from '../../core/jobs/jobs.ts';
import { invalidField, notFound, Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { refuseInactive } from '../../core/subscription/subscription.ts';
import { routesOf } from '../http/route.ts';
import { JOB_STARTED, jobStarted } from '../schemas/job.ts';

const route = routesOf('Replays', 'tenant');

/** Which deliveries, by when Posthorn accepted their events. */
const RANGE = {
  to: Moment.optional().meta({ description: 'Until now, if absent.' }),
  eventTypes: z
    .array(EventTypePattern)
    .max(100)
    .default([])
    .meta({ description: 'Names, prefixes as in employee.*; empty: every type.' }),
  maxPerSecond: z
    .int()
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .meta({ description: 'How many of them a second at most.' }),
  dryRun: z.boolean().default(false).meta({ description: 'The job counts what it would do, and does nothing.' }),
};

export const ReplayInput = z
  .strictObject({
    from: Moment.meta({ description: 'Events that Posthorn accepted from then on.' }),
    status: z.enum(REPLAY_STATUSES).default('failed').meta({
      description:
        'Deliveries that failed, or are parked; all that are on record and not pending; or events that it would get today and never got.',
    }),
    responseStatus: ResponseStatus.optional(),
    ...RANGE,
  })
  .meta({ id: 'ReplayInput' });

export interface ReplayRouteDeps {
  jobs: Jobs;
  subscriptions: Pick<Subscriptions, 'read'>;
  events: Pick<EventStore, 'getEvent'>;
  now: () => number;
}

export const createReplayRoutes = ({ jobs, subscriptions, events, now }: ReplayRouteDeps) => [
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/replays', {
    id: 'replaySubscription',
    summary: 'Deliver a range of its events again',
    body: ReplayInput,
    responses: JOB_STARTED,
    run: async ({ params, body, principal }) => {
      const subscription = await subscriptions.read(params);
      if (subscription instanceof Refusal) return subscription;
      const { maxPerSecond, to = now(), ...filter } = body;
      if (filter.from > to) return invalidField('/to', 'must not be before from');
      if (filter.status === 'missing' && filter.responseStatus !== undefined)
        return invalidField('/responseStatus', 'must be left out: what was never sent was never answered');
      const inactive = filter.dryRun ? null : refuseInactive(subscription, now());
      if (inactive !== null) return inactive;
      const task = { kind: 'replay', ...params, filter: { ...filter, to } } as const;
      return jobStarted(await jobs.start({ task, maxPerSecond, createdBy: principal.id }));
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/events/{eventId}/replay', {
    id: 'replayEvent',
    summary: 'Deliver an event again, to one or to all of its active subscriptions',
    body: z.strictObject({ subscriptionId: SubscriptionId.optional() }).meta({ id: 'EventReplayInput' }),
    bodyOptional: true,
    responses: JOB_STARTED,
    run: async ({ params: { tenantId, eventId }, body, principal }) => {
      const event = await events.getEvent(tenantId, eventId);
      if (event === null) return notFound('event');
      if (event.data === null) return DATA_EXPUNGED;
      const { subscriptionId = null } = body;
      if (subscriptionId !== null) {
        const subscription = await subscriptions.read({ tenantId, subscriptionId });
        if (subscription instanceof Refusal) return invalidField('/subscriptionId', 'does not exist');
        const inactive = refuseInactive(subscription, now());
        if (inactive !== null) return inactive;
      }
      const task = { kind: 'replay_event', tenantId, subscriptionId, filter: { eventId } } as const;
      return jobStarted(await jobs.start({ task, maxPerSecond: null, createdBy: principal.id }));
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/cancellations', {
    id: 'cancelSubscriptionDeliveries',
    summary: 'Give up a range of its deliveries that wait',
    body: z
      .strictObject({
        from: Moment.optional().meta({ description: 'Events that Posthorn accepted from then on; absent: all.' }),
        status: z.enum(CANCELLATION_STATUSES).default('all').meta({
          description: 'Deliveries that wait for an attempt, those that are parked, or both.',
        }),
        ...RANGE,
      })
      .meta({ id: 'CancellationInput' }),
    responses: JOB_STARTED,
    run: async ({ params, body, principal }) => {
      const subscription = await subscriptions.read(params);
      if (subscription instanceof Refusal) return subscription;
      const { maxPerSecond, from = 0, to = now(), ...filter } = body;
      if (from > to) return invalidField('/to', 'must not be before from');
      const task = { kind: 'cancel', ...params, filter: { ...filter, from, to } } as const;
      return jobStarted(await jobs.start({ task, maxPerSecond, createdBy: principal.id }));
    },
  }),
];
