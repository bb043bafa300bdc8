import * as z from 'zod';
import { Moment } from '../../core/event/moment.ts';
import { REJECTION_CODES, type RejectedEvent, RejectionReason } from '../../core/event/rejected-event.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import { correctBody, type RepublishPorts, republish } from '../../core/event/republish.ts';
import { TenantId } from '../../core/ids.ts';
import type { Jobs } from '../../core/jobs/jobs.ts';
import { invalidField, notFound, Refusal } from '../../core/refusal.ts';
import { Text } from '../../core/text-fields.ts';
import { listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { JOB_STARTED, jobStarted } from '../schemas/job.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Rejected events', 'company');

export const RejectedEventView = z
  .object({
    id: z.string(),
    tenantId: z.string().nullable(),
    rejectedAt: Timestamp,
    reason: RejectionReason,
    body: z.string().meta({ description: 'The message as it came.' }),
    bodyTruncated: z.boolean(),
    republishedAt: Timestamp.nullable(),
  })
  .meta({ id: 'RejectedEvent' });

const rejectedEventView = viewOf(RejectedEventView);

export const RepublicationInput = z
  .strictObject({
    from: Moment.meta({ description: 'Those that were rejected from then on.' }),
    to: Moment.optional().meta({ description: 'Until now, if absent.' }),
    code: z.enum(REJECTION_CODES).nullable().default(null).meta({ description: 'Only those with this reason.' }),
    maxPerSecond: z.int().min(1).max(1_000).nullable().default(null),
    dryRun: z.boolean().default(false).meta({ description: 'The job counts what it would do, and does nothing.' }),
  })
  .meta({ id: 'RepublicationInput' });

/** What the queue takes in a message, in bytes, with room for the attributes. */
const MAX_BODY = 1_000_000;

const Correction = z
  .strictObject({
    body: Text.refine((body) => Buffer.byteLength(body) <= MAX_BODY, `must be at most ${MAX_BODY} bytes`)
      .optional()
      .meta({ description: 'The message with what was wrong corrected. Absent: as it came.' }),
  })
  .meta({ id: 'Correction' });

export interface RejectedEventRouteDeps {
  store: RejectedEventStore;
  jobs: Jobs;
  publish: RepublishPorts['publish'];
  now: () => number;
}

export const createRejectedEventRoutes = ({ store, jobs, publish, now }: RejectedEventRouteDeps) => [
  route('GET', '/v1/rejected-events', {
    id: 'listRejectedEvents',
    summary: 'List messages that were not events, newest first',
    query: { ...pageQuery, ...rangeQuery, tenantId: TenantId.optional(), code: z.enum(REJECTION_CODES).optional() },
    responses: { 200: { description: 'A page of rejected events.', schema: listOf(RejectedEventView) } },
    run: async ({ query }) => {
      const { tenantId, code } = query;
      const matches = (one: RejectedEvent) =>
        (tenantId === undefined || one.tenantId === tenantId) && (code === undefined || one.reason.code === code);
      const isFiltered = tenantId !== undefined || code !== undefined;
      return pageAnswer(
        await store.listRejectedEvents(listOptions(query), isFiltered ? matches : null),
        rejectedEventView,
      );
    },
  }),
  route('POST', '/v1/rejected-events/{rejectedEventId}/republish', {
    id: 'republishRejectedEvent',
    summary: 'Publish a rejected event again, corrected, or as it came once what was wrong is mended',
    body: Correction,
    bodyOptional: true,
    responses: {
      202: { description: 'Queued. It is rejected again if nothing was mended.', schema: RejectedEventView },
    },
    run: async ({ params, body }) => {
      const rejected = await store.getRejectedEvent(params.rejectedEventId);
      if (rejected === null) return notFound('rejected event');
      const corrected = body.body === undefined ? rejected : correctBody(rejected, body.body, now());
      if (corrected instanceof Refusal) return corrected;
      if (corrected.bodyTruncated)
        return new Refusal('conflict', 'Its body was too long to be kept whole. Publish the event anew.');
      await republish({ rejectedEvents: store, publish, now }, [corrected]);
      const { tenantId } = rejected;
      return { status: 202, body: rejectedEventView({ ...rejected, republishedAt: now() }), tenantId };
    },
  }),
  route('POST', '/v1/republications', {
    id: 'republishRejectedEvents',
    summary: 'Publish a range of rejected events again',
    body: RepublicationInput,
    responses: JOB_STARTED,
    run: async ({ body, principal }) => {
      const { maxPerSecond, to = now(), ...filter } = body;
      if (filter.from > to) return invalidField('/to', 'must not be before from');
      const task = { kind: 'republish', tenantId: null, subscriptionId: null, filter: { ...filter, to } } as const;
      return jobStarted(await jobs.start({ task, maxPerSecond, createdBy: principal.id }));
    },
  }),
];
