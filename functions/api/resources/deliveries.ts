import * as z from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import type { ManualControl } from '../../core/delivery/manual-control.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { answer, listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';

const route = routesOf('Deliveries', 'tenant');

export interface DeliveryRouteDeps {
  control: ManualControl;
  store: Pick<DeliveryStore, 'listDeliveries' | 'listDeliveriesByStatus'>;
  subscriptions: Pick<Subscriptions, 'read'>;
}

export const createDeliveryRoutes = ({ control, store, subscriptions }: DeliveryRouteDeps) => [
  route('GET', '/v1/tenants/{tenantId}/deliveries/{deliveryId}', {
    id: 'getDelivery',
    summary: 'Read a delivery with its attempts',
    responses: { 200: { description: 'The delivery.', schema: DeliveryView } },
    run: async ({ params }) => answer(200, await control.read(params.tenantId, params.deliveryId), deliveryView),
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
    },
    responses: {
      200: {
        description: 'A page of deliveries. With a filter it may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query }) => {
      const subscription = await subscriptions.read(params);
      if (subscription instanceof Refusal) return subscription;
      const options = listOptions(query);
      const { status, eventType } = query;
      const matchesType = eventType === undefined ? null : (one: Delivery) => one.eventType === eventType;
      const matches = (one: Delivery) => one.status === 'succeeded' && (matchesType === null || matchesType(one));
      const page =
        status === undefined || status === 'succeeded'
          ? store.listDeliveries(params.subscriptionId, options, status === undefined ? matchesType : matches)
          : store.listDeliveriesByStatus(params.subscriptionId, status, options, matchesType);
      return pageAnswer(await page, deliveryView);
    },
  }),
];
