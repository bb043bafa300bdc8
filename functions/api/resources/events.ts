import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Delivery } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import { Environment } from '../../core/event/environment.ts';
import type { Event } from '../../core/event/event.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { PublishRequest, publishMessage, readPublishRequest } from '../../core/event/publish-request.ts';
import type { PublishedBody } from '../../core/event/republish.ts';
import { deriveId, newId, type Random } from '../../core/ids.ts';
import { fitPage } from '../../core/page.ts';
import { Refusal } from '../../core/refusal.ts';
import { explainMismatch, type MatchMismatch, MISMATCH_CODES } from '../../core/subscription/explain-match.ts';
import { FilteredContent } from '../../core/subscription/match.ts';
import { type Subscription, SubscriptionStatus } from '../../core/subscription/subscription.ts';
import type { SubscriptionStore } from '../../core/subscription/subscription-store.ts';
import { refuseReservedTenant } from '../../core/system-event/reserved-tenant.ts';
import { decodeCursor } from '../http/cursor.ts';
import type { KeyedRun } from '../http/idempotency.ts';
import { existing } from '../http/problem.ts';
import { listOptions, type PageQuery, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { FilterMismatchView } from '../schemas/filter-mismatch.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { JsonAsWritten, Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Events', 'tenant');

export const EventView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    type: z.string(),
    environment: Environment,
    occurredAt: Timestamp,
    acceptedAt: Timestamp,
    data: JsonAsWritten,
  })
  .meta({ id: 'Event' });

const eventView = viewOf(EventView);

export const EventSummaryView = EventView.omit({ data: true }).meta({ id: 'EventSummary' });

const eventSummaryView = viewOf(EventSummaryView);

const NOT_ON_RECORD = {
  code: 'not_on_record',
  message:
    'The subscription would get it as it is now, but no delivery is on record: the event is on its way, or the subscription has changed since. A replay of what is missing sends it.',
} as const;

export const RecipientView = z
  .object({
    subscriptionId: z.string(),
    name: z.string().nullable(),
    url: z.string(),
    status: SubscriptionStatus,
    delivery: DeliveryView.nullable(),
    reason: z
      .object({
        code: z.enum([...MISMATCH_CODES, NOT_ON_RECORD.code]),
        message: z.string(),
        mismatch: FilterMismatchView.nullable(),
      })
      .nullable()
      .meta({ description: 'Why there is no delivery, by the subscription as it is now.' }),
    changedSince: z.boolean().meta({
      description: 'Whether the subscription was changed after the event: then the reason may be a younger one.',
    }),
  })
  .meta({ id: 'EventRecipient' });

function recipientView(
  event: Event,
  { id, name, url, status, updatedAt }: Subscription,
  delivery: Delivery | null,
  reason: MatchMismatch | typeof NOT_ON_RECORD | null,
) {
  return {
    subscriptionId: id,
    name,
    url,
    status,
    delivery: delivery === null ? null : deliveryView(delivery),
    reason: reason === null ? null : { mismatch: null, ...reason },
    changedSince: updatedAt > event.acceptedAt,
  };
}

export interface EventRouteDeps {
  events: Pick<EventStore, 'expungeEvent' | 'getEvent' | 'listEvents'>;
  deliveries: Pick<DeliveryStore, 'getDeliveries'>;
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions'>;
  /** Takes messages as publishers write them. */
  publish: (messages: readonly PublishedBody[]) => Promise<void>;
  now: () => number;
  random: Random;
}

/** With an Idempotency-Key it is the same each time: the queue may have some of the events from a run that failed. */
function makeId(
  { now, random }: Pick<EventRouteDeps, 'now' | 'random'>,
  keyed: KeyedRun | null,
  index: number,
): string {
  return keyed === null
    ? newId('evt', now(), random)
    : deriveId('evt', keyed.begunAt, createHash('sha256').update(`${keyed.seed} ${index}`).digest());
}

/** A page of the tenant's subscriptions, newest first, each with its delivery of an event. */
async function pageRecipients(
  { deliveries, subscriptions }: Pick<EventRouteDeps, 'deliveries' | 'subscriptions'>,
  { tenantId, id: eventId, acceptedAt: eventAt }: Event,
  { limit, cursor }: PageQuery,
) {
  const page = await subscriptions.pageSubscriptions(tenantId, limit, decodeCursor(cursor), null);
  const found = await deliveries.getDeliveries(
    page.values.map(({ id: subscriptionId }) => ({ subscriptionId, eventId, eventAt })),
  );
  const values = page.values.map((subscription, index) => ({ subscription, delivery: found[index] ?? null }));
  return fitPage({ values, next: page.next }, ({ subscription }) => subscription.id);
}

export const createEventRoutes = ({ events, deliveries, subscriptions, publish, now, random }: EventRouteDeps) => [
  route('POST', '/v1/tenants/{tenantId}/events', {
    id: 'publishEvents',
    summary: 'Publish one event, or up to 100',
    isChange: false,
    needs: 'publish',
    body: z.unknown(),
    bodyDocumented: PublishRequest,
    responses: {
      202: {
        description: 'Durably queued; not yet matched, checked against its event type, or sent.',
        schema: z.object({ data: z.array(z.object({ id: z.string(), status: z.literal('accepted') })) }),
      },
    },
    run: async ({ params: { tenantId }, body, bodyText, traceparent, keyed }) => {
      const reserved = refuseReservedTenant(tenantId, 'Nothing can be published');
      if (reserved !== null) return reserved;
      const read = readPublishRequest(body, bodyText);
      if (read instanceof Refusal) return read;
      const idMade = keyed?.isRepeated === true ? ('again' as const) : ('first' as const);
      const messages = read.map((one, index) => {
        const id = one.event.id ?? makeId({ now, random }, keyed, index);
        return {
          id,
          tenantId,
          body: publishMessage(tenantId, id, one),
          ...(one.event.id === undefined && { idMade }),
          ...(traceparent !== null && { traceparent }),
        };
      });
      await publish(messages);
      return { status: 202, body: { data: messages.map(({ id }) => ({ id, status: 'accepted' })) } };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/events', {
    id: 'listEvents',
    summary: 'List events, newest first',
    query: {
      ...pageQuery,
      ...rangeQuery,
      type: EventTypeName.optional(),
      environment: Environment.optional(),
      omit: z.literal('data').optional().meta({ description: 'Leaves out the data, which can be long.' }),
    },
    responses: {
      200: {
        description: 'A page of events. With a filter it may be short, or empty, before the last.',
        schema: listOf(z.union([EventView, EventSummaryView])),
      },
    },
    run: async ({ params, query }) => {
      const { type, environment } = query;
      const matches = (event: Event) =>
        (type === undefined || event.type === type) && (environment === undefined || event.environment === environment);
      const isFiltered = type !== undefined || environment !== undefined;
      const page = await events.listEvents(params.tenantId, listOptions(query), isFiltered ? matches : null);
      return pageAnswer<Event>(page, query.omit === 'data' ? eventSummaryView : eventView);
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/events/{eventId}', {
    id: 'getEvent',
    summary: 'Read an event',
    responses: { 200: { description: 'The event.', schema: EventView } },
    run: async ({ params }) => ({
      status: 200,
      body: eventView(existing('event', await events.getEvent(params.tenantId, params.eventId))),
    }),
  }),
  route('GET', '/v1/tenants/{tenantId}/events/{eventId}/deliveries', {
    id: 'listEventDeliveries',
    summary: 'List the deliveries of an event, newest subscription first',
    query: pageQuery,
    responses: {
      200: {
        description: 'A page of deliveries. It may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query }) => {
      const event = existing('event', await events.getEvent(params.tenantId, params.eventId));
      const { values, next } = await pageRecipients({ deliveries, subscriptions }, event, query);
      const made = values.map(({ delivery }) => delivery).filter((delivery) => delivery !== null);
      return pageAnswer({ values: made, next }, deliveryView);
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/events/{eventId}/recipients', {
    id: 'listEventRecipients',
    summary:
      'List the tenant’s subscriptions, newest first, with what became of an event for each: its delivery, or why there is none',
    query: pageQuery,
    responses: { 200: { description: 'A page of subscriptions.', schema: listOf(RecipientView) } },
    run: async ({ params, query }) => {
      const event = existing('event', await events.getEvent(params.tenantId, params.eventId));
      const content = new FilteredContent(() => JSON.parse(event.data ?? 'null'));
      const page = await pageRecipients({ deliveries, subscriptions }, event, query);
      return pageAnswer(page, ({ subscription, delivery }) => {
        const reason = delivery === null ? (explainMismatch(subscription, event, content) ?? NOT_ON_RECORD) : null;
        return recipientView(event, subscription, delivery, reason);
      });
    },
  }),
  route('DELETE', '/v1/tenants/{tenantId}/events/{eventId}/data', {
    id: 'expungeEventData',
    summary: 'Expunge the data of an event; its record and its deliveries stay',
    responses: {
      204: {
        description: 'Gone. Deliveries that are still to come are cancelled when their time comes.',
        schema: null,
      },
    },
    run: async ({ params }) => {
      await events.expungeEvent(existing('event', await events.getEvent(params.tenantId, params.eventId)));
      return { status: 204 };
    },
  }),
];
