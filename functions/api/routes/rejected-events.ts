import * as z from 'zod';
import { REJECTION_CODES } from '../../core/event.ts';
import { TenantId } from '../../core/ids.ts';
import { decodeCursor } from '../cursor.ts';
import { pageQuery, rangeQuery, route } from '../route.ts';
import { listBody, listOf, RejectedEventView, rejectedEventView } from '../views.ts';

export const rejectedEventRoutes = [
  route('GET', '/v1/rejected-events', {
    summary: 'List messages that were not events, newest first',
    tag: 'Rejected events',
    access: 'company',
    query: { ...pageQuery, ...rangeQuery, tenantId: TenantId.optional(), code: z.enum(REJECTION_CODES).optional() },
    responses: { 200: { description: 'A page of rejected events.', schema: listOf(RejectedEventView) } },
    run: async ({ query, deps }) => {
      const options = {
        limit: query.limit,
        after: decodeCursor(query.cursor),
        from: query.from ?? null,
        to: query.to ?? null,
      };
      const page = await deps.journal.listRejected(
        options,
        (one) =>
          (query.tenantId === undefined || one.tenantId === query.tenantId) &&
          (query.code === undefined || one.reason.code === query.code),
      );
      return { status: 200, body: listBody(page, page.values.map(rejectedEventView)) };
    },
  }),
];
