import * as z from 'zod';
import { JsonText } from '../../api/http/json.ts';
import { notFound } from '../../api/http/problem.ts';
import { time } from '../../api/schemas/values.ts';
import { endedAttempts } from '../../core/delivery/claim.ts';
import type { Delivery } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import { renderRequest } from '../../core/delivery/render-request.ts';
import type { EventStore } from '../../core/event/event-store.ts';
import { EventId } from '../../core/ids.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscription } from '../../core/subscription/subscription.ts';
import { readQuery, vendorRoute } from '../vendor-route.ts';
import type { VendorSubscriptions } from '../vendor-subscriptions.ts';
import { fromGuid, toGuid, WebhookId } from './guid.ts';

const PATH = '/employers/{tenantId}/webhooks/{subscriptionId}/payloads';
const params = { subscriptionId: WebhookId };

/** The journal is read from its newest entry on, so a later page costs as much as all before it. */
const pages = z.object({
  pageNum: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(1),
  pageSize: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(100),
});

/** Where payloads come from. */
export interface PayloadSource {
  events: Pick<EventStore, 'getEvent'>;
  deliveries: Pick<DeliveryStore, 'getDelivery' | 'listDeliveries'>;
  profiles: ProfileSource;
  userAgent: string;
}

export interface PayloadRouteDeps extends PayloadSource {
  webhooks: VendorSubscriptions;
}

export const createPayloadRoutes = (deps: PayloadRouteDeps) => [
  vendorRoute('GET', PATH, {
    params,
    run: async ({ params, query }) => {
      const { pageNum, pageSize } = readQuery(pages, query);
      const subscription = await deps.webhooks.read(params);
      if (subscription instanceof Refusal) return subscription;
      const deliveries = await readPage(deps, subscription.id, pageNum, pageSize);
      return { status: 200, body: deliveries.map((delivery) => item(subscription, delivery)) };
    },
  }),
  vendorRoute('GET', `${PATH}/{payloadId}`, {
    params: { ...params, payloadId: EventId },
    run: async ({ params }) => {
      const subscription = await deps.webhooks.read(params);
      if (subscription instanceof Refusal) return subscription;
      const delivery = await findDelivery(deps, subscription, params.payloadId);
      if (delivery === null) throw notFound('payload');
      return { status: 200, body: await payloadView(deps, subscription, delivery) };
    },
  }),
];

/** How far events are counted: there is no counter, and a webhook may have had millions. */
const MAX_COUNTED = 100;

/** How often a webhook was triggered, as far as it is on record and up to a limit; and the newest of these. */
export async function countPayloads(deps: PayloadSource, subscriptionId: string) {
  const options = { limit: MAX_COUNTED, after: null, from: null, to: null };
  const { values } = await deps.deliveries.listDeliveries(subscriptionId, options, null);
  return { eventCount: values.length, last: values[0] };
}

async function readPage(
  deps: PayloadSource,
  subscriptionId: string,
  pageNum: number,
  limit: number,
): Promise<Delivery[]> {
  let after: string | null = null;
  for (let page = 1; ; page += 1) {
    const found: Awaited<ReturnType<typeof deps.deliveries.listDeliveries>> = await deps.deliveries.listDeliveries(
      subscriptionId,
      { limit, after, from: null, to: null },
      null,
    );
    if (page === pageNum) return found.values;
    if (found.next === null) return [];
    after = found.next;
  }
}

/** A webhook has one delivery of an event, so the event's id names it. */
async function findDelivery(
  deps: PayloadSource,
  { tenantId, id }: Subscription,
  payloadId: string,
): Promise<Delivery | null> {
  // A publisher's own id may be a GUID, too.
  for (const eventId of [payloadId, fromGuid('evt', payloadId)]) {
    const event = eventId === null ? null : await deps.events.getEvent(tenantId, eventId);
    if (event === null) continue;
    const ref = { subscriptionId: id, eventId: event.id, eventAt: event.acceptedAt };
    const delivery = await deps.deliveries.getDelivery(ref);
    if (delivery !== null) return delivery;
  }
  return null;
}

function item({ tenantId, id }: Subscription, { eventId, eventType }: Delivery) {
  const payloadId = toGuid(eventId);
  const url = `/employers/${tenantId}/webhooks/${toGuid(id)}/payloads/${payloadId}`;
  return { id: payloadId, name: eventType, metadata: null, url };
}

/** The longest text that the vendor's API has for names and messages. */
const MAX_TEXT = 150;

export async function payloadView(deps: PayloadSource, subscription: Subscription, delivery: Delivery) {
  const last = endedAttempts(delivery).at(-1);
  const message = last?.error?.message ?? delivery.statusReason?.message ?? null;
  return {
    id: toGuid(delivery.eventId),
    name: delivery.eventType,
    url: last?.request.url ?? subscription.url,
    created: time(delivery.eventAt),
    payload: await payloadOf(deps, subscription, delivery),
    attempts: last?.number ?? 0,
    // 0 if there was no answer: the vendor's API has no null here.
    statusCode: last?.response?.status ?? 0,
    statusMessage: message === null ? null : message.slice(0, MAX_TEXT).toWellFormed(),
    taskStatus: taskStatus(delivery),
  };
}

/** What is sent. Null if the event's data was expunged. */
async function payloadOf(
  deps: PayloadSource,
  subscription: Subscription,
  delivery: Delivery,
): Promise<JsonText | null> {
  const [event, profile] = await Promise.all([
    deps.events.getEvent(delivery.tenantId, delivery.eventId),
    deps.profiles.get(delivery.profile, delivery.profileVersion),
  ]);
  if (event === null || event.data === null || profile === null) return null;
  const last = endedAttempts(delivery).at(-1);
  const at = { ref: delivery, attempt: last?.number ?? 1, at: last?.startedAt ?? delivery.eventAt };
  const keys = { subscription: [], tenant: null };
  const parts = { event: { ...event, data: event.data }, subscription, ...at, keys, userAgent: deps.userAgent };
  return new JsonText(renderRequest(profile, parts).body);
}

function taskStatus({ status, attempts }: Delivery): 'Queued' | 'Processing' | 'Sent' | 'Failed' {
  switch (status) {
    case 'pending':
      return attempts.length === 0 ? 'Queued' : 'Processing';
    case 'parked':
      return 'Queued';
    case 'succeeded':
      return 'Sent';
    case 'failed':
    case 'cancelled':
      return 'Failed';
    default:
      return status satisfies never;
  }
}
