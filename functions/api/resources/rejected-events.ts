import * as z from 'zod';
import { REJECTION_CODES, type RejectedEvent, RejectionReason } from '../../core/event/rejected-event.ts';
import type { RejectedEventStore } from '../../core/event/rejected-event-store.ts';
import { TenantId } from '../../core/ids.ts';
import { listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Rejected events', 'company');

const RejectedEventView = z
  .object({
    id: z.string(),
    tenantId: z.string().nullable(),
    rejectedAt: Timestamp,
    reason: RejectionReason,
    body: z.string().meta({ description: 'The message as it came.' }),
    bodyTruncated: z.boolean(),
  })
  .meta({ id: 'RejectedEvent' });

const rejectedEventView = viewOf(RejectedEventView);

export interface RejectedEventRouteDeps {
  store: Pick<RejectedEventStore, 'listRejectedEvents'>;
}

export const createRejectedEventRoutes = ({ store }: RejectedEventRouteDeps) => [
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
];
