import * as z from 'zod';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import { Environment } from '../../core/event/environment.ts';
import type { Event } from '../../core/event/event.ts';
import { prepareData } from '../../core/event/event-data.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { PublishedEvent } from '../../core/event/published-event.ts';
import { type FieldError, fieldErrors } from '../../core/field-error.ts';
import { EventId, newId, type Random } from '../../core/ids.ts';
import { splitJsonArray } from '../../core/json/json-text.ts';
import type { SubscriptionStore } from '../../core/subscription/subscription-store.ts';
import { decodeCursor } from '../http/cursor.ts';
import { JsonText } from '../http/json.ts';
import { invalid, notFound } from '../http/problem.ts';
import { listOptions, pageQuery, rangeQuery, route } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { listBody, listOf } from '../schemas/list.ts';
import { tenantParams } from '../schemas/params.ts';
import { Json, Timestamp, time } from '../schemas/values.ts';

const EventView = z
  .object({
    id: z.string(),
    tenantId: z.string(),
    type: z.string(),
    environment: Environment,
    occurredAt: Timestamp,
    acceptedAt: Timestamp,
    data: Json,
  })
  .meta({ id: 'Event' });

function eventView({ id, tenantId, type, environment, occurredAt, acceptedAt, data }: Event) {
  return {
    id,
    tenantId,
    type,
    environment,
    occurredAt: time(occurredAt),
    acceptedAt: time(acceptedAt),
    data: data === null ? null : new JsonText(data),
  };
}

const params = { ...tenantParams, eventId: EventId };
const MAX_EVENTS = 100;

const Batch = z.strictObject({ events: z.array(z.unknown()).min(1).max(MAX_EVENTS) });

export interface EventRouteDeps {
  events: Pick<EventStore, 'expungeEvent' | 'getEvent' | 'listEvents'>;
  deliveries: Pick<DeliveryStore, 'getDeliveries'>;
  subscriptions: Pick<SubscriptionStore, 'pageSubscriptions'>;
  /** Takes messages as publishers write them. */
  publish: (messages: readonly { tenantId: string; body: string }[]) => Promise<void>;
  now: () => number;
  random: Random;
}

export const createEventRoutes = ({ events, deliveries, subscriptions, publish, now, random }: EventRouteDeps) => [
  route('POST', '/v1/tenants/{tenantId}/events', {
    id: 'publishEvents',
    summary: 'Publish one event, or up to 100',
    tag: 'Events',
    access: 'tenant',
    params: tenantParams,
    // Checked event by event below, so that each mistake is named with its place.
    body: z.unknown(),
    bodyDocumented: z.union([
      PublishedEvent,
      z.strictObject({ events: z.array(PublishedEvent).min(1).max(MAX_EVENTS) }),
    ]),
    responses: {
      202: {
        description: 'Durably queued; not yet matched, checked against its event type, or sent.',
        schema: z.object({ data: z.array(z.object({ id: z.string(), status: z.literal('accepted') })) }),
      },
    },
    run: async ({ params: { tenantId }, body, bodyText }) => {
      const messages = readEvents(body, bodyText).map(({ text, event }) => {
        const id = event.id ?? newId('evt', now(), random);
        return { id, tenantId, body: messageText(tenantId, id, event, text) };
      });
      await publish(messages);
      return { status: 202, body: { data: messages.map(({ id }) => ({ id, status: 'accepted' })) } };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/events', {
    id: 'listEvents',
    summary: 'List events, newest first',
    tag: 'Events',
    access: 'tenant',
    params: tenantParams,
    query: { ...pageQuery, ...rangeQuery, type: EventTypeName.optional(), environment: Environment.optional() },
    responses: {
      200: {
        description: 'A page of events. With a filter it may be short, or empty, before the last.',
        schema: listOf(EventView),
      },
    },
    run: async ({ params, query }) => {
      const { type, environment } = query;
      const matches = (event: Event) =>
        (type === undefined || event.type === type) && (environment === undefined || event.environment === environment);
      const isFiltered = type !== undefined || environment !== undefined;
      const page = await events.listEvents(params.tenantId, listOptions(query), isFiltered ? matches : null);
      return { status: 200, body: listBody(page, page.values.map(eventView)) };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/events/{eventId}', {
    id: 'getEvent',
    summary: 'Read an event',
    tag: 'Events',
    access: 'tenant',
    params,
    responses: { 200: { description: 'The event.', schema: EventView } },
    run: async ({ params }) => ({ status: 200, body: eventView(await read(events, params)) }),
  }),
  route('GET', '/v1/tenants/{tenantId}/events/{eventId}/deliveries', {
    id: 'listEventDeliveries',
    summary: 'List the deliveries of an event, newest subscription first',
    tag: 'Events',
    access: 'tenant',
    params,
    query: pageQuery,
    responses: {
      200: {
        description: 'A page of deliveries. It may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query }) => {
      const event = await read(events, params);
      const page = await subscriptions.pageSubscriptions(
        params.tenantId,
        query.limit,
        decodeCursor(query.cursor),
        null,
      );
      const found = await deliveries.getDeliveries(
        page.values.map(({ id }) => ({ subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt })),
      );
      return { status: 200, body: listBody(page, found.filter((one) => one !== null).map(deliveryView)) };
    },
  }),
  route('DELETE', '/v1/tenants/{tenantId}/events/{eventId}/data', {
    id: 'expungeEventData',
    summary: 'Expunge the data of an event; its record and its deliveries stay',
    tag: 'Events',
    access: 'tenant',
    params,
    responses: { 204: { description: 'Gone. Deliveries that are still to come are cancelled.', schema: null } },
    run: async ({ params }) => {
      await events.expungeEvent(await read(events, params));
      return { status: 204 };
    },
  }),
];

async function read(
  events: Pick<EventStore, 'getEvent'>,
  params: { tenantId: string; eventId: string },
): Promise<Event> {
  const event = await events.getEvent(params.tenantId, params.eventId);
  if (event === null) throw notFound('event');
  return event;
}

interface Readable {
  event: z.infer<typeof PublishedEvent>;
  /** `data` as JSON text. */
  text: string;
}

/** All events of a request, or a problem that lists every mistake in them: nothing is published by halves. */
function readEvents(body: unknown, bodyText: string): Readable[] {
  const isBatch = typeof body === 'object' && body !== null && 'events' in body;
  if (!isBatch) return [readEvent(body, bodyText, '')].map(orThrow);
  const batch = Batch.safeParse(body);
  if (!batch.success) throw invalid(fieldErrors(batch.error, body));
  const texts = splitJsonArray(bodyText, 'events');
  const read = batch.data.events.map((event, index) => readEvent(event, texts[index] ?? 'null', `/events/${index}`));
  const errors = read.flatMap((one) => ('errors' in one ? one.errors : []));
  if (errors.length > 0) throw invalid(errors);
  return read.map(orThrow);
}

function readEvent(json: unknown, text: string, path: string): Readable | { errors: FieldError[] } {
  const parsed = PublishedEvent.safeParse(json);
  if (!parsed.success)
    return { errors: fieldErrors(parsed.error, json).map((error) => ({ ...error, path: path + error.path })) };
  const prepared = prepareData(text, json);
  if (!prepared.ok) return { errors: [{ path: `${path}/data`, message: prepared.message }] };
  return { event: parsed.data, text: prepared.data };
}

function orThrow(read: Readable | { errors: FieldError[] }): Readable {
  if ('errors' in read) throw invalid(read.errors);
  return read;
}

/** The SQS message, with `data` as it was sent. */
function messageText(
  tenantId: string,
  id: string,
  { type, environment, occurredAt }: Readable['event'],
  data: string,
): string {
  const happened = occurredAt === undefined ? undefined : time(occurredAt);
  const text = `${JSON.stringify({ tenantId, id, type, environment, occurredAt: happened }).slice(0, -1)},"data":${data}}`;
  // SQS refuses these two characters in a message; in JSON they can only stand in strings, where an escape means the same.
  return text.replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
