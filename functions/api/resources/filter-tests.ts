import * as z from 'zod';
import { Environment } from '../../core/event/environment.ts';
import { EventTypeName, TEST_EVENT_TYPE } from '../../core/event/event-type.ts';
import { Refusal } from '../../core/refusal.ts';
import { Filter, type FilteredEvent, matchFilter } from '../../core/subscription/filter/filter.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { type RouteResult, routesOf } from '../http/route.ts';
import { FilterMismatchView } from '../schemas/filter-mismatch.ts';

const route = routesOf('Subscriptions', 'tenant');

const example = { type: EventTypeName.optional(), data: z.unknown() };

export const TestFilterInput = z
  .strictObject({ filter: Filter.nullable(), environment: Environment.default('production'), ...example })
  .meta({ id: 'TestFilterInput' });
export const FilterTestView = z
  .object({
    matches: z.boolean(),
    reason: z.string().nullable().meta({ description: 'What does not fit, in English.' }),
    mismatch: FilterMismatchView.nullable(),
  })
  .meta({ id: 'FilterTest' });

const NONE = { reason: null, mismatch: null };

/** Without a filter, every event matches. */
function verdict(filter: Filter | null, event: FilteredEvent): RouteResult {
  const match = filter === null ? { matches: true as const } : matchFilter(filter, event);
  const { reason, mismatch } = match.matches ? NONE : match;
  const body: z.infer<typeof FilterTestView> = { matches: match.matches, reason, mismatch };
  return { status: 200, body };
}

export const createFilterTestRoutes = ({ subscriptions }: { subscriptions: Subscriptions }) => [
  route('POST', '/v1/tenants/{tenantId}/test-filter', {
    id: 'testFilter',
    summary: 'Whether a filter lets an event through, and why not; nothing is saved',
    isChange: false,
    body: TestFilterInput,
    responses: { 200: { description: 'The verdict.', schema: FilterTestView } },
    run: async ({ body: { filter, type = TEST_EVENT_TYPE, environment, data } }) =>
      verdict(filter, { type, environment, data }),
  }),
  route('POST', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/filter/test', {
    id: 'testSubscriptionFilter',
    summary: 'Whether its filter lets an event through, and why not',
    isChange: false,
    body: z.strictObject(example).meta({ id: 'FilterTestInput' }),
    responses: { 200: { description: 'The verdict.', schema: FilterTestView } },
    run: async ({ params, body: { type, data } }) => {
      const found = await subscriptions.read(params);
      if (found instanceof Refusal) return found;
      const { filter, environment, eventTypes } = found;
      const ownType = eventTypes.find((pattern) => !pattern.endsWith('*'));
      return verdict(filter, { type: type ?? ownType ?? TEST_EVENT_TYPE, environment, data });
    },
  }),
];
