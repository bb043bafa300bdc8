import * as z from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import type { ManualControl } from '../../core/delivery/manual-control.ts';
import { ResponseStatus, wasAnswered } from '../../core/delivery/response-status.ts';
import { readSentRequest, type SentRequestPorts } from '../../core/delivery/sent-request.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import type { Matches } from '../../core/page.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { answer, listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';

const route = routesOf('Deliveries', 'tenant');

export const SentRequestView = z
  .object({
    method: z.literal('POST'),
    url: z.string(),
    headers: z.record(z.string(), z.string()).meta({
      description:
        'As the attempt has them on record: credentials and the values of the subscription’s own are left out.',
    }),
    body: z.string(),
    proven: z.boolean().meta({
      description:
        'Bodies are made again of the event. True: the signature that was sent was made of this very body. False: it was not signed, or its key is gone, or the subscription’s name or metadata, which are in the body, have changed.',
    }),
  })
  .meta({ id: 'SentRequest' });

export interface DeliveryRouteDeps extends SentRequestPorts {
  control: ManualControl;
  store: Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus'>;
  manage: Pick<Subscriptions, 'read'>;
}

export const createDeliveryRoutes = ({ control, store, manage, ...ports }: DeliveryRouteDeps) => [
  route('GET', '/v1/tenants/{tenantId}/deliveries/{deliveryId}', {
    id: 'getDelivery',
    summary: 'Read a delivery with its attempts',
    responses: { 200: { description: 'The delivery.', schema: DeliveryView } },
    run: async ({ params }) => answer(200, await control.read(params.tenantId, params.deliveryId), deliveryView),
  }),
  route('GET', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/attempts/{attemptNumber}/request', {
    id: 'getAttemptRequest',
    summary: 'See the request of an attempt as it was sent, with its body',
    // Its event may be gone, or expunged.
    mayConflict: true,
    responses: { 200: { description: 'The request.', schema: SentRequestView } },
    run: async ({ params: { tenantId, deliveryId, attemptNumber } }) => {
      const delivery = await control.read(tenantId, deliveryId);
      if (delivery instanceof Refusal) return delivery;
      const request = await readSentRequest(ports, delivery, Number(attemptNumber));
      return answer(200, request, (sent) => SentRequestView.parse({ ...sent, method: 'POST' }));
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/retry', {
    id: 'retryDelivery',
    summary: 'Attempt it now, whatever became of it',
    responses: { 202: { description: 'The attempt is queued.', schema: DeliveryView } },
    run: async ({ params }) => answer(202, await control.retry(params.tenantId, params.deliveryId), deliveryView),
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/cancel', {
    id: 'cancelDelivery',
    summary: 'Give up a delivery that has not come to an end',
    responses: {
      200: { description: 'Cancelled. An attempt that is under way may still arrive.', schema: DeliveryView },
    },
    run: async ({ params }) => answer(200, await control.cancel(params.tenantId, params.deliveryId), deliveryView),
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/deliveries', {
    id: 'listSubscriptionDeliveries',
    summary: 'List its deliveries, newest event first',
    query: {
      ...pageQuery,
      ...rangeQuery,
      status: z.enum(DELIVERY_STATUSES).optional(),
      eventType: EventTypeName.optional(),
      responseStatus: ResponseStatus.optional(),
    },
    responses: {
      200: {
        description: 'A page of deliveries. With a filter it may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query }) => {
      const subscription = await manage.read(params);
      if (subscription instanceof Refusal) return subscription;
      const options = listOptions(query);
      const { status } = query;
      const matchesOthers = matcherOf(query);
      const matches = (one: Delivery) => one.status === 'succeeded' && (matchesOthers === null || matchesOthers(one));
      const page =
        status === undefined || status === 'succeeded'
          ? store.listDeliveries(params.subscriptionId, options, status === undefined ? matchesOthers : matches)
          : store.listDeliveriesByStatus(params.subscriptionId, status, options, matchesOthers);
      return pageAnswer(await page, deliveryView);
    },
  }),
];

function matcherOf({
  eventType,
  responseStatus,
}: {
  eventType?: string | undefined;
  responseStatus?: string | undefined;
}): Matches<Delivery> {
  if (eventType === undefined && responseStatus === undefined) return null;
  return (one) =>
    (eventType === undefined || one.eventType === eventType) &&
    (responseStatus === undefined || wasAnswered(one, responseStatus));
}
