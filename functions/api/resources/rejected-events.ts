import * as z from 'zod';
import { REJECTION_CODES, type RejectedEvent } from '../../core/event/rejected-event.ts';
import { TenantId } from '../../core/ids.ts';
import { listOptions, pageQuery, rangeQuery, route } from '../http/route.ts';
import { listBody, listOf, RejectedEventView, rejectedEventView } from './views.ts';

export const rejectedEventRoutes = [
  route('GET', '/v1/rejected-events', {
    summary: 'List messages that were not events, newest first',
    tag: 'Rejected events',
    access: 'company',
    query: { ...pageQuery, ...rangeQuery, tenantId: TenantId.optional(), code: z.enum(REJECTION_CODES).optional() },
    responses: { 200: { description: 'A page of rejected events.', schema: listOf(RejectedEventView) } },
    run: async ({ query, deps }) => {
      const { tenantId, code } = query;
      const matches = (one: RejectedEvent) =>
        (tenantId === undefined || one.tenantId === tenantId) && (code === undefined || one.reason.code === code);
      const isFiltered = tenantId !== undefined || code !== undefined;
      const page = await deps.journal.listRejectedEvents(listOptions(query), isFiltered ? matches : null);
      return { status: 200, body: listBody(page, page.values.map(rejectedEventView)) };
    },
  }),
];
